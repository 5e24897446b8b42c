package io.caracal.network;

import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.DeviceSettings;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;

/** A veth pair "up", "peer" in a namespace of its own, and what its settings say. Real kernel, root. */
final class PolledDevice implements AutoCloseable {
    final NetNamespace namespace;
    private final DeviceSettings settings;

    PolledDevice() {
        namespace = NetNamespace.create("caracal-poll-" + Long.toString(ProcessHandle.current().pid(), 36));
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(new VethSpec("up", "peer"));
            }
        });
        settings = namespace.call(DeviceSettings::open);
    }

    /** Such as {@code 2 200000}. */
    String says(final String device) {
        return settings.find(device, "napi_defer_hard_irqs").orElse("none") + " "
            + settings.find(device, "gro_flush_timeout").orElse("none");
    }

    void set(final String setting, final String value) {
        settings.set("up", setting, value);
    }

    void remove() {
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.deleteLink("up");
            }
        });
    }

    @Override
    public void close() {
        settings.close();
        namespace.delete();
        namespace.close();
    }
}

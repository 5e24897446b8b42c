package io.caracal.dataplane;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.caracal.netlink.InterfaceAddress;
import io.caracal.netlink.Link;
import io.caracal.netlink.LinkMonitor;
import io.caracal.netlink.NetlinkEvent;
import io.caracal.netlink.RouteNetlink;
import io.caracal.policy.model.Prefix;

/**
 * Tells the registry which workload interfaces are there and up, from rtnetlink's link events; after lost events it
 * looks at all of them. It subscribes first and looks afterwards, so that nothing falls between. One thread of its own.
 */
final class InterfaceWatcher implements AutoCloseable {
    private static final int WAIT_MS = 1000;

    private final String prefix;
    private final WorkloadRegistry registry;
    private final PolicyControl policy;
    private final ControlLoop control;
    private final EngineLog log;
    private final LinkMonitor monitor;
    private final RouteNetlink netlink;
    /** Workload interfaces that are up. */
    private final Map<Integer, String> nameByIndex = new HashMap<>();
    private final Map<Integer, KnownInterface> interfaces = new HashMap<>();
    private Thread thread;

    /** Any interface, as policy sees it. */
    private record KnownInterface(String name, Set<Prefix> addresses) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final KnownInterface that && name.equals(that.name)
                && addresses.equals(that.addresses);
        }

        @Override
        public int hashCode() {
            return Objects.hash(name, addresses);
        }
    }

    private InterfaceWatcher(final String prefix, final WorkloadRegistry registry, final PolicyControl policy,
                             final ControlLoop control, final EngineLog log) {
        this.prefix = prefix;
        this.registry = registry;
        this.policy = policy;
        this.control = control;
        this.log = log;
        monitor = LinkMonitor.open(Set.of(LinkMonitor.Topic.LINKS, LinkMonitor.Topic.ADDRESSES));
        netlink = RouteNetlink.open();
    }

    /**
     * Tells what is there, then starts to watch, in the calling thread's network namespace.
     *
     * @param prefix of workload interfaces.
     * @param registry told of workload interfaces, on the control thread.
     * @param policy told of all interfaces and their addresses, on the control thread.
     * @param control the control thread.
     * @param log where failures go.
     * @return the watcher, to be closed before the control loop.
     */
    static InterfaceWatcher start(final String prefix, final WorkloadRegistry registry, final PolicyControl policy,
                                  final ControlLoop control, final EngineLog log) {
        final InterfaceWatcher watcher = new InterfaceWatcher(prefix, registry, policy, control, log);
        watcher.lookAtAll();
        watcher.thread = Thread.ofPlatform().name("caracal-links").daemon(true).start(watcher::watch);
        return watcher;
    }

    private void watch() {
        while (!monitor.isClosed()) {
            try {
                monitor.await(WAIT_MS).forEach(this::onEvent);
                if (registry.awaitsMac()) {
                    control.tell(registry::retryMacs);
                }
            } catch (final RuntimeException failure) {
                if (!monitor.isClosed()) {
                    log.error("watch interfaces (they are looked at again)", failure);
                    lookAgain();
                }
            }
        }
    }

    /** Keeps trying: a list that changes faster than it is read (EINTR) must not end the watch. */
    private void lookAgain() {
        while (!monitor.isClosed()) {
            try {
                lookAtAll();
                return;
            } catch (final RuntimeException failure) {
                log.error("look at all interfaces (tried again in " + WAIT_MS + " ms)", failure);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAIT_MS));
            }
        }
    }

    private void onEvent(final NetlinkEvent event) {
        switch (event) {
            case NetlinkEvent.LinkChanged(final Link link) -> {
                tellPolicy(link.index(), link.name(), addressesOf(link.index()));
                onPresent(link);
            }
            case NetlinkEvent.LinkRemoved(final Link link) -> {
                onGone(link.index());
                interfaces.remove(link.index());
                control.tell(() -> policy.onInterfaceGone(link.index()));
            }
            case NetlinkEvent.AddressChanged(final InterfaceAddress address) -> onAddress(address, true);
            case NetlinkEvent.AddressRemoved(final InterfaceAddress address) -> onAddress(address, false);
            case final NetlinkEvent.Resync resync -> lookAtAll();
            default -> { }
        }
    }

    private Set<Prefix> addressesOf(final int ifindex) {
        final KnownInterface known = interfaces.get(ifindex);
        return known == null ? Set.of() : known.addresses();
    }

    private void onAddress(final InterfaceAddress address, final boolean present) {
        final KnownInterface known = interfaces.get(address.ifindex());
        if (known != null) {
            final Set<Prefix> addresses = new LinkedHashSet<>(known.addresses());
            if (present ? addresses.add(prefix(address)) : addresses.remove(prefix(address))) {
                tellPolicy(address.ifindex(), known.name(), addresses);
            }
        }
    }

    private static Prefix prefix(final InterfaceAddress address) {
        final ByteBuffer bytes = ByteBuffer.wrap(address.address().getAddress());
        return address.address() instanceof Inet4Address
            ? new Prefix(false, (long)bytes.getInt() << Integer.SIZE, 0, Prefix.IPV4_BITS)
            : new Prefix(true, bytes.getLong(), bytes.getLong(), Prefix.IPV6_BITS);
    }

    private void tellPolicy(final int ifindex, final String name, final Set<Prefix> addresses) {
        final KnownInterface known = new KnownInterface(name, Set.copyOf(addresses));
        if (!known.equals(interfaces.put(ifindex, known))) {
            control.tell(() -> policy.onInterface(ifindex, name, List.copyOf(known.addresses())));
        }
    }

    /** An index whose name changes was renamed: gone under the old name, there under the new one. */
    private void onPresent(final Link link) {
        final String before = nameByIndex.get(link.index());
        if (before != null && !before.equals(link.name())) {
            onGone(link.index());
        }
        if (isWorkloadInterface(link)) {
            nameByIndex.put(link.index(), link.name());
            control.tell(() -> registry.onLinkPresent(link.name(), link.index()));
        } else {
            onGone(link.index());
        }
    }

    /** One that is down counts as gone: the kernel forgets its routes and neighbours, and takes no new ones. */
    private boolean isWorkloadInterface(final Link link) {
        return link.name().startsWith(prefix) && link.isUp();
    }

    private void onGone(final int ifindex) {
        final String name = nameByIndex.remove(ifindex);
        if (name != null) {
            control.tell(() -> registry.onLinkGone(name, ifindex));
        }
    }

    private void lookAtAll() {
        nameByIndex.clear();
        final Map<String, Integer> indexByName = new HashMap<>();
        final Map<Integer, Set<Prefix>> addresses = new HashMap<>();
        netlink.addresses().forEach(address ->
            addresses.computeIfAbsent(address.ifindex(), index -> new LinkedHashSet<>()).add(prefix(address)));
        final Set<Integer> gone = new HashSet<>(interfaces.keySet());
        for (final Link link : netlink.links()) {
            gone.remove(link.index());
            tellPolicy(link.index(), link.name(), addresses.getOrDefault(link.index(), Set.of()));
            if (isWorkloadInterface(link)) {
                nameByIndex.put(link.index(), link.name());
                indexByName.put(link.name(), link.index());
            }
        }
        gone.forEach(index -> {
            interfaces.remove(index);
            control.tell(() -> policy.onInterfaceGone(index));
        });
        control.tell(() -> registry.onLinks(indexByName));
    }

    @Override
    public void close() {
        monitor.close();
        try {
            thread.join();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        netlink.close();
    }
}

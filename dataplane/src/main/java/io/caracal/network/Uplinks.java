package io.caracal.network;

import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.Link;
import io.caracal.xdp.uplink.UplinkDevice;
import io.caracal.xdp.uplink.UplinkHooks;
import io.caracal.xdp.uplink.UplinkMode;
import io.caracal.xdp.uplink.UplinkPrograms;
import io.caracal.xsk.XskMode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The uplinks and overlay devices under the engine: brings programs, sockets and ports onto those that are wanted, by
 * the first mode that works, and takes them off others. A restart takes over what an earlier engine has left on the
 * hooks. The control thread's, in the network namespace of the interfaces.
 */
final class Uplinks {
    /** On these a packet comes by the interface below, whose queue is not the socket's. */
    private static final Set<String> STACKED = Set.of("bond", "team", "bridge", "openvswitch", "ipvlan", "macvlan");

    private final UplinkPrograms programs;
    private final UplinkHooks hooks;
    private final UplinkSettings settings;
    private final boolean hasCache;
    private final UplinkWorkers workers;
    private final UplinkPolling polling;
    private final NetworkLog log;
    private final Map<Integer, Uplink> attached = new TreeMap<>();
    private final Map<Integer, UplinkDevice> overlays = new TreeMap<>();
    private final Map<String, String> problems = new TreeMap<>();

    Uplinks(final UplinkPrograms programs, final UplinkHooks hooks, final NetworkConfig config,
            final UplinkWorkers workers, final UplinkPolling polling, final NetworkLog log) {
        this.programs = programs;
        this.hooks = hooks;
        settings = config.uplinks();
        hasCache = config.hasCache();
        this.workers = workers;
        this.polling = polling;
        this.log = log;
    }

    /**
     * Makes the uplinks those that are wanted. One that fails does not keep the others from working; it is told, and
     * tried again at the next call.
     *
     * @param wanted interfaces, present and up.
     */
    void reconcile(final Collection<Link> wanted) {
        final Map<Integer, Link> byIfindex = new HashMap<>();
        wanted.forEach(link -> byIfindex.put(link.index(), link));
        for (final Uplink uplink : List.copyOf(attached.values())) {
            final Link now = byIfindex.get(uplink.link().index());
            if (now == null || !uplink.isStill(now)) {
                detach(uplink);
            }
        }
        problems.keySet().removeIf(name -> wanted.stream().noneMatch(link -> link.name().equals(name)));
        wanted.stream().filter(link -> !attached.containsKey(link.index())).forEach(this::attach);
    }

    private void attach(final Link link) {
        if (link.mac() == null) {
            problem(link, "is no Ethernet interface: what leaves by it is the host's");
            return;
        }
        final List<String> failures = new ArrayList<>();
        for (final UplinkSettings.Mode mode : settings.modes()) {
            final Optional<String> obstacle = obstacle(link, mode);
            if (obstacle.isPresent()) {
                failures.add(mode.word() + ": " + obstacle.get());
                continue;
            }
            try {
                attach(link, mode);
                problems.remove(link.name());
                log.info("uplink " + link.name() + " (" + link.index() + ") is driven in mode " + mode.word()
                    + (failures.isEmpty() ? "" : "; " + String.join("; ", failures)));
                return;
            } catch (final NativeCallException failure) {
                failures.add(mode.word() + ": " + failure.getMessage());
            }
        }
        problem(link, "cannot be driven, what leaves by it is the host's: " + String.join("; ", failures));
    }

    private void problem(final Link link, final String what) {
        final String text = "uplink " + link.name() + " " + what;
        if (!text.equals(problems.put(link.name(), text))) {
            log.warn(text);
        }
    }

    /**
     * Why a mode need not be tried. Where streams take the flow cache, XDP that copies gains them nothing and costs
     * them the large packets that the device brings (docs/decisions/032-uplink-mode.md).
     */
    private Optional<String> obstacle(final Link link, final UplinkSettings.Mode mode) {
        if (mode == UplinkSettings.Mode.KERNEL) {
            return Optional.empty();
        }
        if (STACKED.contains(link.kind())) {
            return Optional.of("a " + link.kind() + " has no receive queues of its own");
        }
        if (hasCache && settings.isFirstModeThatWorks() && mode.xskMode() == XskMode.COPY
            && Uplink.bringsLargePackets(link)) {
            return Optional.of("the flow cache gains more by the large packets that it brings without XDP");
        }
        return Optional.empty();
    }

    private void attach(final Link link, final UplinkSettings.Mode mode) {
        final Uplink uplink = new Uplink(link, mode, freeQueues(Uplink.queueCount(link)));
        try {
            uplink.open(workers, programs.sockets(), settings.ringDepth(), polling.isFor(mode.uplinkMode()));
            programs.putDevice(link.index(), uplink.queueCount() == 0 ? UplinkDevice.withoutSockets(link.mac())
                : new UplinkDevice(link.mac(), 0, uplink.queueBase(), uplink.queueCount()));
            hooks.attachUplink(link.index(), List.of(mode.uplinkMode()));
        } catch (final RuntimeException failure) {
            uplink.close(workers, programs.sockets());
            programs.removeDevice(link.index());
            throw failure;
        }
        attached.put(link.index(), uplink);
        polling.begin(uplink);
    }

    /** The first gap among the sockets of all uplinks. */
    private int freeQueues(final int count) {
        final BitSet used = new BitSet();
        attached.values().forEach(uplink -> used.set(uplink.queueBase(), uplink.queueBase() + uplink.queueCount()));
        int base = 0;
        while (used.nextSetBit(base) >= 0 && used.nextSetBit(base) < base + count) {
            base = used.nextSetBit(base) + 1;
        }
        return base;
    }

    private void detach(final Uplink uplink) {
        attached.remove(uplink.link().index());
        log.info("uplink " + uplink.link().name() + " (" + uplink.link().index() + ") is the host's again");
        hooks.detach(uplink.link().index());
        programs.removeDevice(uplink.link().index());
        polling.end(uplink);
        uplink.close(workers, programs.sockets());
    }

    /**
     * Makes the overlay devices those that are there.
     *
     * @param devices the kernel's own, up.
     */
    void reconcileOverlays(final Collection<Link> devices) {
        final Map<Integer, Link> byIfindex = new HashMap<>();
        devices.stream().filter(device -> device.mac() != null).forEach(each -> byIfindex.put(each.index(), each));
        for (final int ifindex : List.copyOf(overlays.keySet())) {
            if (!byIfindex.containsKey(ifindex)) {
                overlays.remove(ifindex);
                hooks.detach(ifindex);
                programs.removeDevice(ifindex);
            }
        }
        byIfindex.forEach((ifindex, link) -> {
            final UplinkDevice device = UplinkDevice.withoutSockets(link.mac());
            try {
                if (!device.equals(overlays.put(ifindex, device))) {
                    programs.putDevice(ifindex, device);
                }
                hooks.attachOverlay(ifindex);
                problems.remove(link.name());
            } catch (final NativeCallException failure) {
                overlays.remove(ifindex);
                problem(link, "cannot be watched: " + failure.getMessage());
            }
        });
    }

    /** Forgets what an earlier engine has left and nothing wants any more. After the first {@link #reconcile}. */
    void sweepDevices() {
        programs.devices().keySet().stream()
            .filter(ifindex -> !attached.containsKey(ifindex) && !overlays.containsKey(ifindex))
            .forEach(programs::removeDevice);
    }

    /** How each uplink is driven, by ifindex. */
    Map<Integer, UplinkMode> modes() {
        final Map<Integer, UplinkMode> modes = new TreeMap<>();
        attached.forEach((ifindex, uplink) -> modes.put(ifindex, uplink.mode().uplinkMode()));
        return modes;
    }

    /** How each uplink is driven, for people. */
    Map<String, String> describe() {
        final Map<String, String> modes = new TreeMap<>();
        attached.values().forEach(uplink -> modes.put(uplink.link().name(), uplink.mode().word()));
        return modes;
    }

    Collection<String> problems() {
        return problems.values();
    }
}

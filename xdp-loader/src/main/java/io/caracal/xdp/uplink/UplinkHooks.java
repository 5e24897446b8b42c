package io.caracal.xdp.uplink;

import io.caracal.bindings.Errno;
import io.caracal.bindings.Ethtool;
import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.Link;
import io.caracal.netlink.RouteNetlink;
import io.caracal.xdp.BpfProgram;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcDirection;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.XdpAttachMode;
import io.caracal.xdp.XdpLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the uplinks' programs hang: both sides of tc of every overlay device, tc egress of every uplink, and its XDP,
 * or tc ingress where XDP does not work; with a flow cache tc ingress behind XDP, too. One control thread, in the
 * network namespace of the interfaces. Attaching takes over what an earlier engine has left, by replacing the program:
 * no packet finds the hook empty.
 *
 * <p>A device is put into {@link UplinkPrograms#putDevice} first. An interface that goes takes its programs with it;
 * {@link #detach} then only gives descriptors and pins back.
 */
public final class UplinkHooks implements AutoCloseable {
    private final UplinkPrograms programs;
    private final PinDirectory pins;
    private final List<TcHook> tcHooks;
    private final boolean hasCache;
    private final Map<Integer, Attached> attached = new TreeMap<>();

    /**
     * Attaches nothing yet.
     *
     * @param programs to be attached; must stay open while this attaches.
     * @param pins where links are kept beyond this process; null for hooks that end with the close.
     * @param tcHooks ways of tc to be tried, {@link TcLink#TCX_THEN_CLSACT} unless an operator wants otherwise.
     * @param hasCache whether there is a flow cache, so that XDP may leave packets to tc.
     */
    public UplinkHooks(final UplinkPrograms programs, final PinDirectory pins, final List<TcHook> tcHooks,
        final boolean hasCache) {
        this.programs = programs;
        this.pins = pins;
        this.tcHooks = List.copyOf(tcHooks);
        this.hasCache = hasCache;
    }

    /**
     * Attaches the programs of an uplink by the first way that works. In the mode {@link UplinkMode#GENERIC} it
     * switches GRO, LRO and hardware GRO of the interface off; {@link #detach} switches on again what was on.
     *
     * @param ifindex the uplink, which is in the map devices already.
     * @param modes to be tried, in this order: {@link UplinkMode#ALL}, or fewer.
     * @return the mode that works.
     * @throws IllegalStateException when the device is not in the map.
     * @throws NativeCallException EBUSY when a stranger's XDP program is on it, ENODEV when it has gone, or the last
     *     mode's error when none works.
     */
    public UplinkMode attachUplink(final int ifindex, final List<UplinkMode> modes) {
        requireDevice(ifindex);
        if (attached.containsKey(ifindex)) {
            throw new IllegalStateException("attach programs to uplink " + ifindex + ": they are there already, as "
                + attached.get(ifindex).mode);
        }
        final Attached device = new Attached(attachTc(programs.toNetwork(), ifindex, TcDirection.EGRESS));
        attached.put(ifindex, device);
        try {
            take(ifindex, device, modes);
        } catch (final RuntimeException e) {
            detach(ifindex);
            throw e;
        }
        return device.mode;
    }

    private void take(final int ifindex, final Attached device, final List<UplinkMode> modes) {
        NativeCallException failure = null;
        for (final UplinkMode mode : modes) {
            try {
                attach(ifindex, device, mode);
                device.mode = mode;
                break;
            } catch (final NativeCallException e) {
                device.restoreOffloads();
                if (failure != null) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        if (device.mode != null) {
            device.ingress = attachIngress(ifindex, device.mode);
            return;
        }
        throw failure == null ? new IllegalArgumentException("attach programs to uplink " + ifindex
            + ": no mode was given") : failure;
    }

    private void attach(final int ifindex, final Attached device, final UplinkMode mode) {
        switch (mode) {
            case NATIVE -> device.xdp = attachXdp(ifindex, XdpAttachMode.NATIVE);
            case GENERIC -> {
                device.offloadsOff(nameOf(ifindex));
                device.xdp = attachXdp(ifindex, XdpAttachMode.GENERIC);
            }
            case KERNEL -> removeXdpLeftover(ifindex);
        }
    }

    /** One program or the other, or none: what an earlier engine has left by clsact has the name of its program. */
    private TcLink attachIngress(final int ifindex, final UplinkMode mode) {
        final BpfProgram wanted = mode == UplinkMode.KERNEL ? programs.fromNetwork() : programs.fromUplink();
        final BpfProgram other = mode == UplinkMode.KERNEL ? programs.fromUplink() : programs.fromNetwork();
        if (mode != UplinkMode.KERNEL && !hasCache) {
            TcLink.removeLeftover(wanted.name(), ifindex, TcDirection.INGRESS, pins);
            TcLink.removeClsactLeftover(other.name(), ifindex, TcDirection.INGRESS);
            return null;
        }
        final TcLink link = attachTc(wanted, ifindex, TcDirection.INGRESS);
        TcLink.removeClsactLeftover(other.name(), ifindex, TcDirection.INGRESS);
        return link;
    }

    /** An earlier engine's program would go on taking packets into sockets that nobody has. */
    private void removeXdpLeftover(final int ifindex) {
        if (pins != null) {
            XdpLink.removePinned(ifindex, pins);
        }
    }

    /**
     * Attaches the programs of an overlay device, such as {@code vxlan.calico}.
     *
     * @param ifindex the device, which is in the map devices already.
     * @throws IllegalStateException when the device is not in the map.
     * @throws NativeCallException ENODEV when it has gone.
     */
    public void attachOverlay(final int ifindex) {
        requireDevice(ifindex);
        final Attached device = attached.computeIfAbsent(ifindex, index -> new Attached(
            attachTc(programs.toNetwork(), index, TcDirection.EGRESS)));
        device.mode = UplinkMode.KERNEL;
        if (device.ingress == null) {
            device.ingress = attachTc(programs.fromNetwork(), ifindex, TcDirection.INGRESS);
        }
    }

    private XdpLink attachXdp(final int ifindex, final XdpAttachMode mode) {
        return pins == null ? XdpLink.attach(programs.steer(), ifindex, List.of(mode))
            : XdpLink.attach(programs.steer(), ifindex, List.of(mode), pins);
    }

    private TcLink attachTc(final BpfProgram program, final int ifindex, final TcDirection direction) {
        return TcLink.attach(program, ifindex, direction, pins, tcHooks);
    }

    private void requireDevice(final int ifindex) {
        if (programs.device(ifindex).isEmpty()) {
            throw new IllegalStateException("attach programs to ifindex " + ifindex
                + ": put it into the map devices first");
        }
    }

    private static String nameOf(final int ifindex) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            final Link link = netlink.link(ifindex);
            return link.name();
        }
    }

    /**
     * Takes the programs off a device; also when it is gone already.
     *
     * @param ifindex the uplink or overlay device.
     * @return whether they were attached.
     */
    public boolean detach(final int ifindex) {
        final Attached device = attached.remove(ifindex);
        if (device == null) {
            return false;
        }
        device.links().forEach(TcLink::detach);
        if (device.xdp != null) {
            device.xdp.detach();
        }
        device.restoreOffloads();
        return true;
    }

    /**
     * Removes what an engine has left by clsact on an uplink or overlay device; tcx and XDP go with their pins.
     *
     * @param ifindex the device.
     * @return whether there was anything.
     */
    public static boolean removeLeftovers(final int ifindex) {
        return TcLink.removeClsactLeftover("to_network", ifindex, TcDirection.EGRESS)
            | TcLink.removeClsactLeftover("from_network", ifindex, TcDirection.INGRESS)
            | TcLink.removeClsactLeftover("from_uplink", ifindex, TcDirection.INGRESS);
    }

    /**
     * How each device has its programs; an overlay device counts as {@link UplinkMode#KERNEL}.
     *
     * @return by ifindex.
     */
    public Map<Integer, UplinkMode> modes() {
        final Map<Integer, UplinkMode> modes = new TreeMap<>();
        attached.forEach((ifindex, device) -> modes.put(ifindex, device.mode));
        return modes;
    }

    /** Takes all programs off, pinned or not: the end of Caracal on this node, not of one engine. */
    public void detachAll() {
        for (final int ifindex : List.copyOf(attached.keySet())) {
            detach(ifindex);
        }
    }

    /** Closes the links. With pins the programs stay on their hooks, for the next engine; without, they go. */
    @Override
    public void close() {
        for (final Attached device : attached.values()) {
            device.links().forEach(TcLink::close);
            if (device.xdp != null) {
                device.xdp.close();
            }
            if (pins == null) {
                device.restoreOffloads();
            }
        }
        attached.clear();
    }

    /** What hangs on one device. */
    private static final class Attached {
        private final TcLink egress;
        private final List<String> offloadsOff = new ArrayList<>();
        private String name;
        private TcLink ingress;
        private XdpLink xdp;
        private UplinkMode mode;

        Attached(final TcLink egress) {
            this.egress = egress;
        }

        List<TcLink> links() {
            return ingress == null ? List.of(egress) : List.of(egress, ingress);
        }

        void offloadsOff(final String interfaceName) {
            name = interfaceName;
            final Map<String, Boolean> features = Ethtool.features(name);
            for (final String feature : List.of("rx-gro", Ethtool.LRO, Ethtool.GRO_HW)) {
                if (features.getOrDefault(feature, false)) {
                    Ethtool.setFeature(name, feature, false);
                    offloadsOff.add(feature);
                }
            }
        }

        /** ENODEV: an interface that has gone has nothing to be restored. */
        void restoreOffloads() {
            for (final String feature : offloadsOff) {
                try {
                    Ethtool.setFeature(name, feature, true);
                } catch (final NativeCallException e) {
                    if (e.errno() != Errno.ENODEV) {
                        throw e;
                    }
                }
            }
            offloadsOff.clear();
        }
    }
}

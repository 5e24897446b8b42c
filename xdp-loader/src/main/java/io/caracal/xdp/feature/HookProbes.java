package io.caracal.xdp.feature;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.Fd;
import io.caracal.netlink.DeviceSettings;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.function.IntConsumer;

/** Probes that want an interface: a veth pair, made for each and removed, in the namespace of the calling thread. */
final class HookProbes {
    private static final String NAME = "caracal-probe0";
    private static final String PEER_NAME = "caracal-probe1";

    private HookProbes() {
    }

    /** Gives a body the index of one end of a veth pair that is up. */
    static void onVeth(final IntConsumer body) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            netlink.createVeth(new VethSpec(NAME, PEER_NAME));
            final int ifindex = netlink.link(NAME).index();
            try {
                netlink.setUp(ifindex);
                body.accept(ifindex);
            } finally {
                netlink.deleteLink(ifindex);
            }
        }
    }

    static void attachNativeXdp() {
        onVeth(ifindex -> attachXdp(ifindex, BpfHooks.XDP_FLAGS_DRV_MODE));
    }

    static void attachGenericXdp() {
        onVeth(ifindex -> attachXdp(ifindex, BpfHooks.XDP_FLAGS_SKB_MODE));
    }

    private static void attachXdp(final int ifindex, final int mode) {
        try (Fd program = BpfProbes.loadXdp("probe_xdp", 0)) {
            BpfLinks.create(program.number(), ifindex, BpfLinks.BPF_XDP, mode).close();
        }
    }

    static void attachTcx() {
        onVeth(ifindex -> {
            try (Fd program = BpfProbes.loadTcPass("probe_tcx")) {
                BpfLinks.create(program.number(), ifindex, BpfLinks.BPF_TCX_INGRESS, BpfLinks.BPF_F_BEFORE).close();
            }
        });
    }

    static void attachClsact() {
        onVeth(ifindex -> {
            try (Fd program = BpfProbes.loadTcPass("probe_clsact")) {
                BpfHooks.tcHookCreate(ifindex);
                final BpfHooks.TcFilter filter = new BpfHooks.TcFilter(ifindex, BpfHooks.TC_INGRESS, 1, 1);
                BpfHooks.tcAttach(filter, program.number(), false);
            }
        });
    }

    /** On the interface of {@link #onVeth}, which is removed afterwards. */
    static void deferInterrupts() {
        try (DeviceSettings settings = DeviceSettings.open()) {
            settings.set(NAME, "napi_defer_hard_irqs", "2");
            settings.set(NAME, "gro_flush_timeout", "200000");
        }
    }

    static void manageNeighbour() {
        onVeth(ifindex -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.manageNeighbour(ifindex, InetAddress.getByAddress(new byte[] {(byte)192, 0, 2, 1}));
            } catch (final UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}

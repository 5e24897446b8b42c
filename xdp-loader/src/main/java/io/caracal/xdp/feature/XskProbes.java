package io.caracal.xdp.feature;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Probes of AF_XDP sockets and of the memory behind them. */
final class XskProbes {
    private static final int FRAME_SIZE = 4096;
    private static final int FRAME_COUNT = 64;
    private static final int RING_DEPTH = 64;
    /** The least that the option takes: TX_BATCH_SIZE of net/xdp/xsk.c. */
    private static final int TX_BUDGET = 32;
    /** More than the default of 8, which needs CAP_NET_ADMIN. */
    private static final int BUSY_POLL_BUDGET = 64;
    private static final long HUGE_PAGE_SIZE = 2 << 20;

    private XskProbes() {
    }

    static void bindCopy() {
        bind(AfXdp.XDP_COPY);
    }

    static void bindNeedWakeup() {
        bind(AfXdp.XDP_COPY | AfXdp.XDP_USE_NEED_WAKEUP);
    }

    static void bindMultiBuffer() {
        bind(AfXdp.XDP_COPY | AfXdp.XDP_USE_SG);
    }

    private static void bind(final int flags) {
        HookProbes.onVeth(ifindex -> withSocket(socket -> {
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_UMEM_FILL_RING, RING_DEPTH);
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_UMEM_COMPLETION_RING, RING_DEPTH);
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_RX_RING, RING_DEPTH);
            try (Arena arena = Arena.ofConfined()) {
                final CallState state = new CallState();
                final MemorySegment address = AfXdp.sockaddr(arena, ifindex, 0, flags, 0);
                if (LibC.bind(state, socket.number(), address, (int)address.byteSize()) < 0) {
                    throw state.failure("bind AF_XDP socket to", "a veth of the probe");
                }
            }
        }, 0, 0));
    }

    static void setTransmitBudget() {
        withSocket(socket -> {
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_TX_RING, RING_DEPTH);
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_MAX_TX_SKB_BUDGET, TX_BUDGET);
        }, 0, 0);
    }

    /** NB: whether a device's driver tells which NAPI serves a queue is the device's matter, not the kernel's. */
    static void pollBusily() {
        withSocket(socket -> {
            socket.setOption(Posix.SOL_SOCKET, Posix.SO_PREFER_BUSY_POLL, 1);
            socket.setOption(Posix.SOL_SOCKET, Posix.SO_BUSY_POLL, 1);
            socket.setOption(Posix.SOL_SOCKET, Posix.SO_BUSY_POLL_BUDGET, BUSY_POLL_BUDGET);
        }, 0, 0);
        HookProbes.onVeth(ifindex -> HookProbes.deferInterrupts());
    }

    /** NB: kernels before 6.8 do not know the field, but do refuse the flag. */
    static void registerTransmitMetadata() {
        withSocket(_ -> { }, AfXdp.XDP_UMEM_TX_METADATA_LEN, AfXdp.TX_METADATA_LENGTH);
    }

    static void mapHugePage() {
        MappedRegion.anonymous(HUGE_PAGE_SIZE, Posix.MAP_HUGETLB).close();
    }

    /** What is tried on a socket that has a UMEM. */
    @FunctionalInterface
    private interface SocketProbe {
        void accept(Fd socket);
    }

    private static void withSocket(final SocketProbe probe, final int umemFlags, final int txMetadataLength) {
        try (MappedRegion region = MappedRegion.anonymous((long)FRAME_COUNT * FRAME_SIZE, 0);
             Fd socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
             Arena arena = Arena.ofConfined()) {
            final CallState state = new CallState();
            final MemorySegment registration =
                AfXdp.umemReg(arena, region.segment(), FRAME_SIZE, 0, umemFlags, txMetadataLength);
            if (LibC.setsockopt(state, socket.number(), Posix.SOL_XDP, AfXdp.XDP_UMEM_REG, registration,
                (int)registration.byteSize()) < 0) {
                throw state.failure("register UMEM of", "the probe");
            }
            probe.accept(socket);
        }
    }
}

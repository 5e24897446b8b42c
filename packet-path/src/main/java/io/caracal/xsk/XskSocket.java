package io.caracal.xsk;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.CallState;
import io.caracal.bindings.CycleCalls;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import io.caracal.umem.Umem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An AF_XDP socket on one queue of one interface, with all four rings of its own.
 *
 * <pre>
 *            take            reserve, submit                  XDP program
 *   FramePool ──────────────────► FILL ring ───► kernel ◄─────────────── packet
 *      ▲  ▲                                        │
 *      │  │  give (drop)         peek, release     │
 *      │  └──────── PacketBurst ◄─── RX ring ◄─────┘
 *      │ give           │ reserve, submit
 *      │                └──────────► TX ring ────► kernel ──────────────► packet
 *      └── peek, release ── COMPLETION ring ◄──────┘
 * </pre>
 *
 * <p>A frame moves between the FILL-RX pair and the TX-COMPLETION pair only through the engine. The first socket of a
 * UMEM registers it; others share it through any socket that is still bound, so a {@link UmemAnchor} should be first.
 * The worker's thread uses the rings and wakes the kernel; {@link #statistics()} is for any thread; the owner closes it
 * after its worker has let go of it.</p>
 *
 * <p>Opening needs CAP_NET_RAW, and CAP_IPC_LOCK for the UMEM; Linux 5.10. It takes no traffic by itself: packets come
 * when an XDP program on the interface redirects them to it, so attach that after the fill ring is filled. Nothing
 * remains after a crash: the kernel releases queue and rings. System calls: socket, setsockopt, getsockopt, mmap, bind;
 * then sendto and recvfrom.</p>
 */
public final class XskSocket implements RingDriver {
    /** {@code SO_SNDBUFFORCE}, asm-generic/socket.h: a send buffer beyond wmem_max; CAP_NET_ADMIN. */
    private static final int SO_SNDBUFFORCE = 32;
    /** {@code SO_INCOMING_NAPI_ID}, asm-generic/socket.h: which NAPI brings a socket's packets, 0 for unknown. */
    private static final int SO_INCOMING_NAPI_ID = 56;
    /** Packets of one call where no budget is set (TX_BATCH_SIZE, net/xdp/xsk.c). */
    private static final int TX_BATCH_MIN = 32;
    private static final RingDepths PROBE_DEPTHS = new RingDepths(32, 32, 32, 32);

    private final XskConfig config;
    private final Umem umem;
    private final Fd socket;
    private final int fd;
    private final RingMappings mappings;
    private final CallState workerState = new CallState();
    private final int txBudget;
    private final boolean zeroCopy;

    private XskSocket(final Umem umem, final XskSocket donor, final XskConfig config) {
        this.config = config;
        this.umem = umem;
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        fd = socket.number();
        RingMappings created = null;
        try {
            if (donor == null) {
                register();
            }
            created = new RingMappings(fd, config);
            mappings = created;
            final XskBinder binder = new XskBinder(fd, config);
            if (donor == null) {
                binder.bindFirst();
            } else {
                binder.bindShared(donor.fd);
            }
            txBudget = raiseLimits();
            if (config.busyPoll()) {
                BusyPoll.enable(socket);
            }
            zeroCopy = readZeroCopy();
        } catch (final RuntimeException failure) {
            socket.close();
            if (created != null) {
                created.close();
            }
            throw failure;
        }
    }

    /**
     * Opens the first socket of a UMEM, in the network namespace of the calling thread. Blocks while the queue is busy.
     *
     * @param umem registered with it; outlives it. Memory may be registered more than once: so a zero-copy uplink and
     *     copy-mode pairs use the same frames.
     * @param config where and how.
     * @return the socket, bound.
     * @throws NativeCallException EBUSY (the queue has another owner), EINVAL (no such queue), ENODEV, ENETDOWN,
     *     EOPNOTSUPP (no zero-copy), ENOBUFS (locked memory limit), ENOPROTOOPT (no busy polling), EPERM.
     */
    public static XskSocket open(final Umem umem, final XskConfig config) {
        return new XskSocket(umem, null, config);
    }

    /**
     * Opens another socket on the same UMEM, for another interface or queue, with rings of its own and the mode of the
     * UMEM's first socket. In the network namespace of the calling thread. Blocks while the queue is busy.
     *
     * @param otherConfig where; its mode is ignored.
     * @return the socket, bound.
     * @throws NativeCallException as {@link #open}, and EBADF if this socket's interface has gone.
     */
    public XskSocket share(final XskConfig otherConfig) {
        return new XskSocket(umem, this, otherConfig);
    }

    private void register() {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment registration = AfXdp.umemReg(arena, umem.segment(), Umem.FRAME_SIZE, 0, 0, 0);
            if (LibC.setsockopt(state, fd, Posix.SOL_XDP, AfXdp.XDP_UMEM_REG, registration,
                (int)registration.byteSize()) < 0) {
                final int errno = state.errno();
                throw new NativeCallException(
                    "register UMEM of " + umem.frameCount() + " frames for", config.place(), errno,
                    errno == Errno.ENOBUFS ? "locked memory limit: needs CAP_IPC_LOCK" : Errno.describe(errno));
            }
        }
    }

    /** Packets that one transmit call sends at most. */
    private int raiseLimits() {
        final int depth = config.depths().tx();
        /* In copy mode packets on their way count against the send buffer; the default allows 92 of 1500 bytes. */
        socket.setOption(Posix.SOL_SOCKET, SO_SNDBUFFORCE, depth * Umem.FRAME_SIZE);
        try {
            socket.setOption(Posix.SOL_XDP, AfXdp.XDP_MAX_TX_SKB_BUDGET, depth);
            return depth;
        } catch (final NativeCallException beforeLinux617) {
            /* Then a transmit call says EAGAIN after 32 packets, and the port calls again. */
            final int fixedBudget = 32;
            return fixedBudget;
        }
    }

    private boolean readZeroCopy() {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = arena.allocate(AfXdp.OPTIONS);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)options.byteSize());
            if (LibC.getsockopt(state, fd, Posix.SOL_XDP, AfXdp.XDP_OPTIONS, options, length) < 0) {
                throw state.failure("read mode of AF_XDP socket on", config.place());
            }
            return (options.get(ValueLayout.JAVA_INT, 0) & AfXdp.XDP_OPTIONS_ZEROCOPY) != 0;
        }
    }

    @Override
    public int wakeTransmit() {
        final int pendingCount = rings().tx().pendingCount();
        if (CycleCalls.kickTransmit(fd)) {
            return 0;
        }
        final int takenCount = pendingCount - rings().tx().pendingCount();
        /* Once more to learn why: a reason that lasts is still there. */
        if (!CycleCalls.kickTransmit(workerState, fd)) {
            return workerState.errno();
        }
        /* Gone by now: the call had taken as many as it may, or else it stopped at a packet that the device dropped. */
        return takenCount >= TX_BATCH_MIN ? Errno.EAGAIN : Errno.EBUSY;
    }

    @Override
    public void wakeFill() {
        CycleCalls.kickFill(fd);
    }

    @Override
    public boolean pollDevice() {
        return CycleCalls.kickFill(fd);
    }

    @Override
    public int pollFd() {
        return fd;
    }

    /**
     * Whether the kernel knows which NAPI brings this socket's packets, without which busy polling does nothing. Any
     * thread. Since Linux 6.14 the driver must have said so before the socket is bound (netif_queue_set_napi; veth and
     * tun do not); before, a socket in copy mode learns it with its first packet.
     *
     * @return false if polling is of no use, or not yet, or not any more.
     * @throws NativeCallException ENOPROTOOPT without CONFIG_NET_RX_BUSY_POLL.
     */
    public boolean isPollable() {
        if (socket.isClosed()) {
            return false;
        }
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment napiId = arena.allocateFrom(ValueLayout.JAVA_INT, 0);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
            if (LibC.getsockopt(
                state, socket.number(), Posix.SOL_SOCKET, SO_INCOMING_NAPI_ID, napiId, length) < 0) {
                throw state.failure("read the NAPI of AF_XDP socket on", config.place());
            }
            return napiId.get(ValueLayout.JAVA_INT, 0) != 0;
        }
    }

    /**
     * What the kernel counts about this socket. Any thread.
     *
     * @return a snapshot; counters that an old kernel lacks are 0.
     * @throws NativeCallException if the socket is closed.
     */
    public XskStatistics statistics() {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment counters = arena.allocate(AfXdp.STATISTICS).fill((byte)0);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)counters.byteSize());
            if (LibC.getsockopt(state, socket.number(), Posix.SOL_XDP, AfXdp.XDP_STATISTICS, counters, length) < 0) {
                throw state.failure("read statistics of AF_XDP socket on", config.place());
            }
            return new XskStatistics(counter(counters, "rx_dropped"), counter(counters, "rx_invalid_descs"),
                counter(counters, "tx_invalid_descs"), counter(counters, "rx_ring_full"),
                counter(counters, "rx_fill_ring_empty_descs"), counter(counters, "tx_ring_empty_descs"));
        }
    }

    private static long counter(final MemorySegment counters, final String name) {
        return counters.get(ValueLayout.JAVA_LONG, AfXdp.offset(AfXdp.STATISTICS, name));
    }

    /**
     * Its rings. The worker's thread.
     *
     * @return the same each time; not to be touched after {@link #close()}.
     */
    public XskRings rings() {
        return mappings.rings();
    }

    /**
     * Its file descriptor, to be put into an XSKMAP.
     *
     * @return the number, until {@link #close()}.
     */
    public int fd() {
        return socket.number();
    }

    /**
     * Where it is bound.
     *
     * @return as given.
     */
    public XskConfig config() {
        return config;
    }

    /**
     * Whether the device writes into the UMEM.
     *
     * @return false in copy mode.
     */
    public boolean isZeroCopy() {
        return zeroCopy;
    }

    /**
     * Packets that one transmit call sends at most, in copy mode.
     *
     * @return the transmit ring's depth since Linux 6.17, 32 before.
     */
    public int txBudget() {
        return txBudget;
    }

    /**
     * Releases queue and rings; further calls do nothing. When it returns the kernel does not write into frames any
     * more: for a zero-copy socket it waits until the device has let go of them, up to the bind timeout.
     *
     * @throws NativeCallException EBUSY if a device does not let go in time: the frames must not be used again then.
     */
    @Override
    public void close() {
        if (socket.isClosed()) {
            return;
        }
        socket.close();
        mappings.close();
        if (zeroCopy) {
            awaitRelease();
        }
    }

    /** A socket that gives the kernel no frame can be bound as soon as the one before is released, and not sooner. */
    private void awaitRelease() {
        try {
            final XskSocket probe = open(umem, config.withMode(XskMode.COPY).withDepths(PROBE_DEPTHS));
            probe.close();
        } catch (final NativeCallException failure) {
            if (failure.errno() == Errno.EBUSY) {
                throw failure;
            }
            /* Any other answer means that the queue, or the whole interface, is no longer in use. */
        }
    }

    @Override
    public String toString() {
        return "AF_XDP socket on " + config.place() + (zeroCopy ? " (zero-copy)" : " (copy)");
    }
}

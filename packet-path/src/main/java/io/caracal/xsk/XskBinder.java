package io.caracal.xsk;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Binds a socket to its queue, again and again while the kernel is still releasing the one before. */
final class XskBinder {
    /** {@code XDP_SHARED_UMEM} allows no other flag: mode and wake-ups are the first socket's. */
    private static final int NO_DONOR = 0;
    private static final long FIRST_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_WAIT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final int fd;
    private final XskConfig config;

    XskBinder(final int fd, final XskConfig config) {
        this.fd = fd;
        this.config = config;
    }

    void bindFirst() {
        final int modeFlag = switch (config.mode()) {
            /* Without a mode the kernel tries zero-copy and falls back to copy by itself. */
            case AUTO -> 0;
            case ZERO_COPY -> AfXdp.XDP_ZEROCOPY;
            case COPY -> AfXdp.XDP_COPY;
        };
        bind(modeFlag | AfXdp.XDP_USE_NEED_WAKEUP | (config.multiBuffer() ? AfXdp.XDP_USE_SG : 0), NO_DONOR);
    }

    void bindShared(final int donorFd) {
        bind(AfXdp.XDP_SHARED_UMEM, donorFd);
    }

    private void bind(final int flags, final int donorFd) {
        final CallState state = new CallState();
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(config.bindTimeoutMs());
        long waitNs = FIRST_WAIT_NS;
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment address = AfXdp.sockaddr(arena, config.ifindex(), config.queue(), flags, donorFd);
            while (LibC.bind(state, fd, address, (int)address.byteSize()) < 0) {
                final int errno = state.errno();
                if (errno != Errno.EBUSY || System.nanoTime() - deadlineNs >= 0) {
                    throw new NativeCallException("bind AF_XDP socket to", config.place(), errno, nextStep(errno));
                }
                LockSupport.parkNanos(waitNs);
                waitNs = Math.min(2 * waitNs, LONGEST_WAIT_NS);
            }
        }
    }

    private String nextStep(final int errno) {
        return switch (errno) {
            case Errno.EBUSY -> "another socket owns this queue; is another engine running?";
            case Errno.EINVAL -> "the interface has no such queue, or the UMEM's first socket cannot be shared with it";
            case Errno.ENODEV -> "no interface with index " + config.ifindex() + " in this network namespace";
            case Errno.ENETDOWN -> "the interface is down: set it up first";
            case Errno.EOPNOTSUPP -> "the driver cannot do mode " + config.mode() + "; use mode copy or auto,"
                + " and no UMEM whose first socket is zero-copy";
            case Errno.EBADF -> "the socket that shares its UMEM is bound no more: its interface has gone";
            case Errno.EPERM -> "needs CAP_NET_RAW";
            default -> Errno.describe(errno);
        };
    }
}

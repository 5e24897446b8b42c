package io.caracal.bindings;

import static io.caracal.bindings.Downcalls.INT;
import static io.caracal.bindings.Downcalls.LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/**
 * The system calls that a packet worker makes again and again, without errno: they say that they failed, not why.
 * Whoever wants to know calls the function of the same name in {@link LibC} once more.
 *
 * <p>Why beside {@link LibC}: with errno captured the JDK slices the memory for it in each call, and whether the
 * compiler gets rid of that object depends on what else the process has done (seen: 80 bytes a call for good, in an
 * engine that had mapped files before). Pointers are passed as numbers for the same reason. Any thread.</p>
 */
public final class CycleCalls {
    private static final MethodHandle SENDTO = Downcalls.libcWithoutErrno("sendto",
        FunctionDescriptor.of(LONG, INT, LONG, LONG, INT, LONG, INT));
    private static final MethodHandle RECVFROM = Downcalls.libcWithoutErrno("recvfrom",
        FunctionDescriptor.of(LONG, INT, LONG, LONG, INT, LONG, LONG));
    private static final MethodHandle POLL = Downcalls.libcWithoutErrno("poll",
        FunctionDescriptor.of(INT, LONG, LONG, INT));
    private static final MethodHandle READ = Downcalls.libcWithoutErrno("read",
        FunctionDescriptor.of(LONG, INT, LONG, LONG));

    private static final MethodHandle WRITE = Downcalls.libcWithoutErrno("write",
        FunctionDescriptor.of(LONG, INT, LONG, LONG));

    private CycleCalls() {
    }

    /**
     * {@code sendto} without data: makes the kernel look at an AF_XDP socket's transmit ring.
     *
     * @param fd socket.
     * @return true if it had nothing to say against it.
     */
    public static boolean kickTransmit(final int fd) {
        try {
            return (long)SENDTO.invokeExact(fd, 0L, 0L, Posix.MSG_DONTWAIT, 0L, 0) >= 0;
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code recvfrom} without room: makes the kernel look at an AF_XDP socket's fill ring.
     *
     * @param fd socket.
     * @return true if it had nothing to say against it.
     */
    public static boolean kickFill(final int fd) {
        try {
            return (long)RECVFROM.invokeExact(fd, 0L, 0L, Posix.MSG_DONTWAIT, 0L, 0L) >= 0;
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code poll}.
     *
     * @param fds address of the first {@code struct pollfd}; its owner keeps it alive meanwhile.
     * @param count how many.
     * @param timeoutMs milliseconds; 0 does not wait.
     * @return descriptors that are ready; 0 when the time is over; -1 on failure, also for a signal.
     */
    public static int poll(final long fds, final long count, final int timeoutMs) {
        try {
            return (int)POLL.invokeExact(fds, count, timeoutMs);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code read}.
     *
     * @param fd descriptor.
     * @param buffer address of the room; its owner keeps it alive meanwhile.
     * @param length bytes of it.
     * @return bytes read, or -1.
     */
    public static long read(final int fd, final long buffer, final long length) {
        try {
            return (long)READ.invokeExact(fd, buffer, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code write}.
     *
     * @param fd descriptor.
     * @param buffer address of the bytes; its owner keeps it alive meanwhile.
     * @param length how many.
     * @return bytes written, or -1.
     */
    public static long write(final int fd, final long buffer, final long length) {
        try {
            return (long)WRITE.invokeExact(fd, buffer, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }
}

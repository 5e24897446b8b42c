package io.caracal.bindings;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The system calls that a packet worker makes again and again, without errno: they say that they failed, not why.
 * Whoever wants to know calls the function of the same name in {@link LibC} once more; for the one that fails in the
 * midst of traffic there is {@link #kickTransmit(CallState, int)}.
 *
 * <p>Why beside {@link LibC}: with errno captured the JDK slices the memory for it in each call, and whether the
 * compiler gets rid of that object depends on what else the process has done (seen: 80 bytes a call for good, in an
 * engine that had mapped files before). Pointers are passed as numbers for the same reason. Any thread.</p>
 */
public final class CycleCalls {
    private static final MemorySegment SENDTO = Downcalls.libc("sendto");
    private static final MemorySegment RECVFROM = Downcalls.libc("recvfrom");
    private static final MemorySegment POLL = Downcalls.libc("poll");
    private static final MemorySegment READ = Downcalls.libc("read");
    private static final MemorySegment WRITE = Downcalls.libc("write");

    private CycleCalls() {
    }

    /**
     * A handle of a signature that no other call has. The code behind a signature that many call is compiled by itself,
     * and then the compiler does not see that the slice of the state goes no further.
     */
    private static final class TransmitWithErrno {
        static final MethodHandle CALL = Downcalls.capturing(SENDTO, FunctionDescriptor.of(ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
    }

    /**
     * {@code sendto} without data: makes the kernel look at an AF_XDP socket's transmit ring.
     *
     * @param fd socket.
     * @return true if it had nothing to say against it.
     */
    public static boolean kickTransmit(final int fd) {
        return Downcalls.callPlain(SENDTO, fd, 0, 0, Posix.MSG_DONTWAIT, 0, 0) >= 0;
    }

    /**
     * As {@link #kickTransmit}, to learn why: it fails often where a device is full, so it must not allocate either.
     *
     * @param state takes errno.
     * @param fd socket.
     * @return true if the kernel had nothing to say against it.
     */
    public static boolean kickTransmit(final CallState state, final int fd) {
        try {
            return (long)TransmitWithErrno.CALL.invokeExact(
                state.segment(), fd, 0L, 0L, Posix.MSG_DONTWAIT, 0L, 0) >= 0;
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code recvfrom} without room: makes the kernel look at an AF_XDP socket's fill ring, and run
     * its queue's NAPI where the socket is made for busy polling.
     *
     * @param fd socket.
     * @return true if it had nothing to say against it.
     */
    public static boolean kickFill(final int fd) {
        return Downcalls.callPlain(RECVFROM, fd, 0, 0, Posix.MSG_DONTWAIT, 0, 0) >= 0;
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
        return (int)Downcalls.callPlain(POLL, fds, count, timeoutMs, 0, 0, 0);
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
        return Downcalls.callPlain(READ, fd, buffer, length, 0, 0, 0);
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
        return Downcalls.callPlain(WRITE, fd, buffer, length, 0, 0, 0);
    }
}

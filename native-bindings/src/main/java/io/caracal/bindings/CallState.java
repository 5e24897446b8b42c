package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * Where the errno of a system call is put. Owned by one thread or agent, which makes it once and passes it to each call
 * of {@link LibC}; two threads that shared one would read each other's errors. Holds 4 bytes of native memory until it
 * is garbage; nothing to close.
 *
 * <pre>{@code
 * final CallState state = new CallState();
 * if (LibC.sendto(state, fd, MemorySegment.NULL, 0, MSG_DONTWAIT, MemorySegment.NULL, 0) < 0
 *     && state.errno() != Errno.EAGAIN) {
 *     throw state.failure("kick transmit ring of", "punt1 queue 0");
 * }
 * }</pre>
 */
public final class CallState {
    private static final StructLayout LAYOUT = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET =
        LAYOUT.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private final MemorySegment segment = Arena.ofAuto().allocate(LAYOUT);

    /** Makes one for the calling agent. */
    public CallState() {
        assert LAYOUT.byteSize() >= Integer.BYTES : LAYOUT;
    }

    /**
     * The same as the constructor, for a reader to see how long it lives.
     *
     * @return a new call state that lives until it is garbage.
     */
    public static CallState ofAuto() {
        return new CallState();
    }

    /**
     * The error number of the last call that was given this state. It means something only when that call's return
     * value says that it failed: a call that works may leave any number here.
     *
     * @return one of {@link Errno}.
     */
    public int errno() {
        return segment.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }

    /**
     * An exception for the call that just failed.
     *
     * @param act what was tried, such as {@code "bind AF_XDP socket to"}.
     * @param thing to what, such as {@code "punt1 queue 0"}.
     * @return the exception, to be thrown.
     */
    public NativeCallException failure(final String act, final String thing) {
        return new NativeCallException(act, thing, errno());
    }

    MemorySegment segment() {
        return segment;
    }
}

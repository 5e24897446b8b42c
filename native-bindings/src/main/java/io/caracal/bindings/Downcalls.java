package io.caracal.bindings;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Calls C functions whose parameters and result are integers or pointers, all but one by two handles: one that captures
 * errno with the call (a later call to read it would be too late, since the JVM itself makes system calls in between;
 * the handles that jextract generates do not capture it), and one that does not.
 *
 * <p>Why one signature for all functions: the linker makes a dozen classes for each distinct one, 3 to 5 ms while
 * nothing is compiled yet, and thirty of them were a sixth of the engine's start. Each argument is passed as the
 * register that holds it. Both calling conventions that Linux has for x86-64 and AArch64 put the first six such
 * arguments into registers whatever their width, let the callee ignore what an {@code int} leaves of a register, and
 * leave arguments beyond a function's own unread. (System V Application Binary Interface, AMD64 supplement, 3.2.3;
 * Procedure Call Standard for the Arm 64-bit Architecture, 6.8.2.) An {@code int} result is the lower half.</p>
 *
 * <p>NB: never {@code Linker.Option.critical}: it saves no time on calls of this length, and while such a call sleeps
 * no thread of the JVM gets past a safepoint.
 */
final class Downcalls {
    private static final int ARGUMENTS_MAX = 6;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final FunctionDescriptor DESCRIPTOR = descriptor();
    /** Function, segment of the call state, arguments. */
    private static final MethodHandle CAPTURING =
        LINKER.downcallHandle(DESCRIPTOR, Linker.Option.captureCallState("errno"));

    private Downcalls() {
    }

    /** Apart, so that who never makes such calls need not link them. */
    private static final class Plain {
        static final MethodHandle CALL = LINKER.downcallHandle(DESCRIPTOR);
    }

    private static FunctionDescriptor descriptor() {
        final MemoryLayout[] arguments = new MemoryLayout[ARGUMENTS_MAX];
        Arrays.fill(arguments, ValueLayout.JAVA_LONG);
        return FunctionDescriptor.of(ValueLayout.JAVA_LONG, arguments);
    }

    /** A handle for one function by its own signature, which captures errno. */
    static MethodHandle capturing(final MemorySegment function, final FunctionDescriptor signature) {
        return LINKER.downcallHandle(function, signature, Linker.Option.captureCallState("errno"));
    }

    /** Where a function of the C library is. */
    static MemorySegment libc(final String function) {
        return LINKER.defaultLookup().findOrThrow(function);
    }

    /** Where a function of another library is. */
    static MemorySegment in(final SymbolLookup library, final String function) {
        return library.findOrThrow(function);
    }

    /**
     * What a pointer parameter is given. Whoever calls keeps the segment alive until the call has returned.
     *
     * @throws IllegalArgumentException for memory of the Java heap.
     */
    static long address(final MemorySegment segment) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException("a C function cannot be given heap memory: " + segment);
        }
        return segment.address();
    }

    /** Calls a function without parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state) {
        return call(function, state, 0, 0, 0, 0, 0, 0);
    }

    /** Calls a function of one parameter; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a) {
        return call(function, state, a, 0, 0, 0, 0, 0);
    }

    /** Calls a function of two parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a, final long b) {
        return call(function, state, a, b, 0, 0, 0, 0);
    }

    /** Calls a function of three parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a, final long b, final long c) {
        return call(function, state, a, b, c, 0, 0, 0);
    }

    /** Calls a function of four parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a, final long b, final long c,
                     final long d) {
        return call(function, state, a, b, c, d, 0, 0);
    }

    /** Calls a function of five parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a, final long b, final long c,
                     final long d, final long e) {
        return call(function, state, a, b, c, d, e, 0);
    }

    /** Calls a function of six parameters; leaves errno in the state. */
    static long call(final MemorySegment function, final CallState state, final long a, final long b, final long c,
                     final long d, final long e, final long f) {
        try {
            return (long)CAPTURING.invokeExact(function, state.segment(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** What a function's pointer result points to; how much of it is there, the caller knows. */
    static MemorySegment pointer(final long result) {
        return MemorySegment.ofAddress(result).reinterpret(Long.MAX_VALUE);
    }

    /** Calls a function without parameters; errno is lost. */
    static long callPlain(final MemorySegment function) {
        return callPlain(function, 0, 0, 0, 0, 0, 0);
    }

    /** Calls a function of one parameter; errno is lost. */
    static long callPlain(final MemorySegment function, final long a) {
        return callPlain(function, a, 0, 0, 0, 0, 0);
    }

    /** Calls a function of two parameters; errno is lost. */
    static long callPlain(final MemorySegment function, final long a, final long b) {
        return callPlain(function, a, b, 0, 0, 0, 0);
    }

    /** Calls a function of three parameters; errno is lost. */
    static long callPlain(final MemorySegment function, final long a, final long b, final long c) {
        return callPlain(function, a, b, c, 0, 0, 0);
    }

    /** Calls a function of four parameters; errno is lost. */
    static long callPlain(final MemorySegment function, final long a, final long b, final long c, final long d) {
        return callPlain(function, a, b, c, d, 0, 0);
    }

    /** Calls a function of five parameters; errno is lost. */
    static long callPlain(final MemorySegment function, final long a, final long b, final long c, final long d,
                          final long e) {
        return callPlain(function, a, b, c, d, e, 0);
    }

    /** Calls a function of six parameters; errno is lost. */
    static long callPlain(final MemorySegment function, final long a, final long b, final long c, final long d,
                          final long e, final long f) {
        try {
            return (long)Plain.CALL.invokeExact(function, a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** What {@code invokeExact} declares and a downcall never throws. */
    static RuntimeException unexpected(final Throwable thrown) {
        if (thrown instanceof final RuntimeException exception) {
            return exception;
        }
        if (thrown instanceof final Error error) {
            throw error;
        }
        return new IllegalStateException(thrown);
    }
}

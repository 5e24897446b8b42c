package io.caracal.bindings;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Links C functions so that errno is captured with the call: a later call to read it would be too late, since the JVM
 * itself makes system calls in between. The handles that jextract generates do not capture it, and asking a generated
 * class for its descriptor links such a handle; so functions whose errno matters are linked here, by descriptors that
 * are shared (the linker makes code per distinct signature, 3 to 5 ms each while nothing is compiled yet) and that a
 * test compares with the generated ones.
 *
 * <p>NB: never {@code Linker.Option.critical}: it saves no time on calls of this length, and while such a call sleeps
 * no thread of the JVM gets past a safepoint.
 */
final class Downcalls {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final AddressLayout POINTER = ValueLayout.ADDRESS;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private Downcalls() {
    }

    /** Links a function of the C library; the handle's first parameter is the segment of a {@link CallState}. */
    static MethodHandle libc(final String function, final FunctionDescriptor descriptor) {
        return capturing(LINKER.defaultLookup(), function, descriptor);
    }

    /** Links a function of the C library for calls that do not ask why it failed. */
    static MethodHandle libcWithoutErrno(final String function, final FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor);
    }

    /** As {@link #libc}, for a function with {@code ...} after its first {@code fixedCount} parameters. */
    static MethodHandle libcVariadic(final String function, final FunctionDescriptor descriptor, final int fixedCount) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor, ERRNO,
            Linker.Option.firstVariadicArg(fixedCount));
    }

    /** Links a function of any library with errno captured. */
    static MethodHandle capturing(final SymbolLookup library, final String function,
        final FunctionDescriptor descriptor) {
        final MemorySegment address = library.findOrThrow(function);
        return LINKER.downcallHandle(address, descriptor, ERRNO);
    }

    /** What {@code invokeExact} declares and a downcall never throws, except for a wrong argument of the caller. */
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

package io.caracal.netlink;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** One setting of the kernel that is a file: a short text, read and written whole. Any thread. */
final class SettingFile {
    private static final int VALUE_LENGTH_MAX = 4096;

    private SettingFile() {
    }

    /**
     * Its value without the final newline.
     *
     * @throws io.caracal.bindings.NativeCallException EIO, and what the setting itself says.
     */
    static String read(final Fd file, final String thing) {
        try (Arena arena = Arena.ofConfined()) {
            final CallState state = new CallState();
            final MemorySegment buffer = arena.allocate(VALUE_LENGTH_MAX);
            final long length = LibC.read(state, file.number(), buffer, VALUE_LENGTH_MAX);
            if (length < 0) {
                throw state.failure("read setting", thing);
            }
            final byte[] bytes = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            return new String(bytes, StandardCharsets.US_ASCII).strip();
        }
    }

    /**
     * Gives it a value.
     *
     * @throws io.caracal.bindings.NativeCallException EINVAL, EPERM, and what the setting itself says.
     */
    static void write(final Fd file, final String thing, final String value) {
        try (Arena arena = Arena.ofConfined()) {
            final CallState state = new CallState();
            final byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
            final MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
            if (LibC.write(state, file.number(), buffer, bytes.length) < 0) {
                throw state.failure("set setting", thing + " to " + value);
            }
        }
    }
}

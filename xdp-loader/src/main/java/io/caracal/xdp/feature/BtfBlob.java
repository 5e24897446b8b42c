package io.caracal.xdp.feature;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Type information for a map whose value begins with a lock, byte by byte as the kernel's Documentation/bpf/btf.rst has
 * it:
 *
 * <pre>
 * 1  int
 * 2  struct bpf_spin_lock { int val; }
 * 3  struct value { struct bpf_spin_lock lock; int val; }
 * </pre>
 */
final class BtfBlob {
    private static final int BPF_MAP_CREATE = 0;
    private static final int BPF_BTF_LOAD = 18;
    private static final int ATTR_SIZE = 64;
    private static final int HEADER_LENGTH = 24;
    private static final int MAGIC_AND_VERSION = 0x1eb9f;
    private static final int KIND_INT = 1 << 24;
    private static final int KIND_STRUCT = 4 << 24;
    private static final String STRINGS = "\0int\0bpf_spin_lock\0val\0value\0lock\0";
    private static final int TYPE_INT = 1;
    private static final int TYPE_LOCK = 2;
    private static final int TYPE_VALUE = 3;
    private static final int VALUE_SIZE = 8;

    private BtfBlob() {
    }

    private static int nameOffset(final String name) {
        return STRINGS.indexOf('\0' + name + '\0') + 1;
    }

    private static byte[] bytes() {
        final ByteBuffer types = ByteBuffer.allocate(128).order(ByteOrder.nativeOrder());
        types.putInt(nameOffset("int")).putInt(KIND_INT).putInt(Integer.BYTES).putInt(1 << 24 | Integer.SIZE);
        types.putInt(nameOffset("bpf_spin_lock")).putInt(KIND_STRUCT | 1).putInt(Integer.BYTES);
        member(types, "val", TYPE_INT, 0);
        types.putInt(nameOffset("value")).putInt(KIND_STRUCT | 2).putInt(VALUE_SIZE);
        member(types, "lock", TYPE_LOCK, 0);
        member(types, "val", TYPE_INT, Integer.SIZE);
        final byte[] strings = STRINGS.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(HEADER_LENGTH + types.position() + strings.length).order(ByteOrder.nativeOrder())
            .putInt(MAGIC_AND_VERSION).putInt(HEADER_LENGTH)
            .putInt(0).putInt(types.position()).putInt(types.position()).putInt(strings.length)
            .put(types.array(), 0, types.position()).put(strings).array();
    }

    private static void member(final ByteBuffer types, final String name, final int type, final int bitOffset) {
        types.putInt(nameOffset(name)).putInt(type).putInt(bitOffset);
    }

    static Fd load() {
        try (Arena arena = Arena.ofConfined()) {
            final byte[] bytes = bytes();
            final MemorySegment attr = arena.allocate(ATTR_SIZE, Long.BYTES);
            attr.set(ValueLayout.JAVA_LONG, 0, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes).address());
            attr.set(ValueLayout.JAVA_INT, 16, bytes.length);
            return bpf(BPF_BTF_LOAD, attr, "load", "BTF");
        }
    }

    /** libbpf's bpf_map_create of the door has no place for types, hence bpf(2) itself. */
    static Fd createLockMap(final Fd btf) {
        try (Arena arena = Arena.ofConfined()) {
            final int arrayType = 2;
            final MemorySegment attr = arena.allocate(ATTR_SIZE, Long.BYTES);
            attr.set(ValueLayout.JAVA_INT, 0, arrayType);
            attr.set(ValueLayout.JAVA_INT, 4, Integer.BYTES);
            attr.set(ValueLayout.JAVA_INT, 8, VALUE_SIZE);
            attr.set(ValueLayout.JAVA_INT, 12, 1);
            attr.set(ValueLayout.JAVA_INT, 48, btf.number());
            attr.set(ValueLayout.JAVA_INT, 52, TYPE_INT);
            attr.set(ValueLayout.JAVA_INT, 56, TYPE_VALUE);
            return bpf(BPF_MAP_CREATE, attr, "create", "map with a lock");
        }
    }

    private static Fd bpf(final int command, final MemorySegment attr, final String act, final String thing) {
        final CallState state = new CallState();
        final long fd = LibC.syscall(state, Posix.SYS_bpf, command, attr.address(), attr.byteSize());
        if (fd < 0) {
            throw state.failure(act, thing);
        }
        return Fd.of((int)fd, thing);
    }
}

package io.caracal.xdp;

import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Collects entries and writes them by one call, or one by one where the kernel has no batches for the map's type. */
final class MapBatch {
    /** ENOTSUPP is the kernel's own number, which it should not but does give to user space here. */
    private static final int ENOTSUPP = 524;

    private final BpfMapHandle handle;
    private final int keySize;
    private final int valueSize;
    private final int capacity;
    private final MemorySegment keys;
    private final MemorySegment values;
    private int count;

    MapBatch(final BpfMapHandle handle, final MapCodec<?> keyCodec, final MapCodec<?> valueCodec, final int capacity,
        final Arena arena) {
        this.handle = handle;
        this.capacity = capacity;
        keySize = keyCodec.size();
        valueSize = valueCodec.size();
        keys = arena.allocate((long)keySize * capacity, Long.BYTES);
        values = arena.allocate((long)valueSize * capacity, Long.BYTES);
    }

    MemorySegment nextKey() {
        return keys.asSlice((long)count * keySize, keySize).fill((byte)0);
    }

    MemorySegment nextValue() {
        return values.asSlice((long)count * valueSize, valueSize).fill((byte)0);
    }

    /** The entry at nextKey and nextValue is complete. */
    void advance() {
        if (++count == capacity) {
            flush();
        }
    }

    void flush() {
        if (count == 0) {
            return;
        }
        try {
            BpfMaps.updateBatch(handle.fd(), keys, values, count);
        } catch (final NativeCallException e) {
            if (e.errno() != Errno.EINVAL && e.errno() != ENOTSUPP) {
                throw handle.named(e, "write " + count + " entries of");
            }
            writeOneByOne();
        }
        count = 0;
    }

    private void writeOneByOne() {
        for (int i = 0; i < count; i++) {
            handle.update(keys.asSlice((long)i * keySize, keySize), values.asSlice((long)i * valueSize, valueSize));
        }
    }
}

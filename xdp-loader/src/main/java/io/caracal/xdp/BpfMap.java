package io.caracal.xdp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * A map of a loaded object with typed keys and values. Any thread may use it, several at once too; each call allocates
 * a little native memory, so it is for the control side and not for the path. The {@link BpfObject} owns the map: after
 * its close the map must not be used.
 *
 * @param <K> keys.
 * @param <V> values.
 */
public final class BpfMap<K, V> {
    /**
     * Entries that one batch call moves: large enough that the call's cost is spread, small enough to allocate freely.
     */
    private static final int BATCH_ENTRY_COUNT = 256;

    private final BpfMapHandle handle;
    private final MapCodec<K> keyCodec;
    private final MapCodec<V> valueCodec;

    BpfMap(final BpfMapHandle handle, final MapCodec<K> keyCodec, final MapCodec<V> valueCodec) {
        handle.requireSizes(keyCodec.size(), valueCodec.size());
        this.handle = handle;
        this.keyCodec = keyCodec;
        this.valueCodec = valueCodec;
    }

    /**
     * The untyped map.
     *
     * @return name, sizes and descriptor.
     */
    public BpfMapHandle handle() {
        return handle;
    }

    /**
     * Reads a value.
     *
     * @param key of the entry.
     * @return a copy of the value, or nothing where there is no such entry.
     */
    public Optional<V> lookup(final K key) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(valueCodec.size(), Long.BYTES);
            return handle.lookup(write(arena, keyCodec, key), value)
                ? Optional.of(valueCodec.read(value)) : Optional.empty();
        }
    }

    /**
     * Writes a value, over an existing one too. A program sees the old value or the new one.
     *
     * @param key of the entry.
     * @param value to be written.
     * @throws io.caracal.bindings.NativeCallException E2BIG when the map is full, EINVAL or E2BIG for a key out of
     *     the range of an array.
     */
    public void update(final K key, final V value) {
        try (Arena arena = Arena.ofConfined()) {
            handle.update(write(arena, keyCodec, key), write(arena, valueCodec, value));
        }
    }

    /**
     * Removes an entry.
     *
     * @param key of the entry.
     * @return whether there was one.
     */
    public boolean delete(final K key) {
        try (Arena arena = Arena.ofConfined()) {
            return handle.delete(write(arena, keyCodec, key));
        }
    }

    /**
     * Writes many values: by one call for each {@value #BATCH_ENTRY_COUNT} of them where the kernel has batches (Linux
     * 5.6, per map type), else one by one. Not atomic as a whole: programs see entries come one after the other.
     *
     * @param entries to be written.
     * @throws io.caracal.bindings.NativeCallException E2BIG when the map is full; the entries before that one are
     *     written.
     */
    public void updateAll(final Map<K, V> entries) {
        try (Arena arena = Arena.ofConfined()) {
            final MapBatch batch = new MapBatch(handle, keyCodec, valueCodec, BATCH_ENTRY_COUNT, arena);
            entries.forEach((key, value) -> {
                keyCodec.write(batch.nextKey(), key);
                valueCodec.write(batch.nextValue(), value);
                batch.advance();
            });
            batch.flush();
        }
    }

    /**
     * Goes through all entries, in no order. Entries that come or go meanwhile may be seen or not.
     *
     * @param visitor gets each entry.
     */
    public void forEach(final BiConsumer<K, V> visitor) {
        handle.forEach(valueCodec.size(), (key, value) -> visitor.accept(keyCodec.read(key), valueCodec.read(value)));
    }

    static <T> MemorySegment write(final Arena arena, final MapCodec<T> codec, final T value) {
        final MemorySegment segment = arena.allocate(codec.size(), Long.BYTES);
        codec.write(segment, value);
        return segment;
    }
}

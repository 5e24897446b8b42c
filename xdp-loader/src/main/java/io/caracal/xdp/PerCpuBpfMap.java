package io.caracal.xdp;

import io.caracal.bindings.BpfMaps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;

/**
 * A map whose programs keep one value for each CPU, seen as the sum: counters that no two CPUs contend for. Any thread;
 * the {@link BpfObject} owns the map. CPUs are read one after the other while packets flow, so a sum is of values that
 * were true at slightly different times.
 *
 * @param <K> keys.
 * @param <V> values.
 */
public final class PerCpuBpfMap<K, V> {
    /** The kernel rounds each CPU's value up to this in what it copies out (bpf_percpu_hash_copy). */
    private static final int VALUE_ALIGNMENT = 8;

    private final BpfMapHandle handle;
    private final MapCodec<K> keyCodec;
    private final MapCodec<V> valueCodec;
    private final BinaryOperator<V> sum;
    private final int cpuCount;
    private final int stride;

    PerCpuBpfMap(final BpfMapHandle handle, final MapCodec<K> keyCodec, final MapCodec<V> valueCodec,
        final BinaryOperator<V> sum) {
        handle.requireSizes(keyCodec.size(), valueCodec.size());
        this.handle = handle;
        this.keyCodec = keyCodec;
        this.valueCodec = valueCodec;
        this.sum = sum;
        cpuCount = BpfMaps.numPossibleCpus();
        stride = (valueCodec.size() + VALUE_ALIGNMENT - 1) / VALUE_ALIGNMENT * VALUE_ALIGNMENT;
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
     * Reads the sum over all CPUs.
     *
     * @param key of the entry.
     * @return the sum, or nothing where there is no such entry.
     */
    public Optional<V> lookup(final K key) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment values = arena.allocate((long)stride * cpuCount, Long.BYTES);
            return handle.lookup(BpfMap.write(arena, keyCodec, key), values) ? Optional.of(sum(values))
                : Optional.empty();
        }
    }

    /**
     * Writes the same value for every CPU.
     *
     * @param key of the entry.
     * @param value each CPU's new value.
     * @throws io.caracal.bindings.NativeCallException E2BIG when the map is full.
     */
    public void update(final K key, final V value) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment values = arena.allocate((long)stride * cpuCount, Long.BYTES);
            for (int cpu = 0; cpu < cpuCount; cpu++) {
                valueCodec.write(values.asSlice((long)cpu * stride, valueCodec.size()), value);
            }
            handle.update(BpfMap.write(arena, keyCodec, key), values);
        }
    }

    /**
     * Removes an entry with all CPUs' values.
     *
     * @param key of the entry.
     * @return whether there was one.
     */
    public boolean delete(final K key) {
        try (Arena arena = Arena.ofConfined()) {
            return handle.delete(BpfMap.write(arena, keyCodec, key));
        }
    }

    /**
     * Goes through the sums of all entries, in no order. Entries that come or go meanwhile may be seen or not.
     *
     * @param visitor gets each key and its sum.
     */
    public void forEach(final BiConsumer<K, V> visitor) {
        handle.forEach(stride * cpuCount, (key, values) -> visitor.accept(keyCodec.read(key), sum(values)));
    }

    private V sum(final MemorySegment values) {
        V total = valueCodec.read(values);
        for (int cpu = 1; cpu < cpuCount; cpu++) {
            total = sum.apply(total, valueCodec.read(values.asSlice((long)cpu * stride, valueCodec.size())));
        }
        return total;
    }
}

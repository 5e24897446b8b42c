package io.caracal.xdp;

import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import java.util.function.BinaryOperator;

/**
 * A map in this kernel, without types: what it is, and its descriptor. Any thread. It belongs to the {@link BpfObject}
 * that loaded it and lives as long as that.
 */
public final class BpfMapHandle {
    private final int fd;
    private final String name;
    private final BpfMaps.MapInfo info;

    private BpfMapHandle(final int fd, final String name, final BpfMaps.MapInfo info) {
        this.fd = fd;
        this.name = name;
        this.info = info;
    }

    /** Of an open descriptor, which the caller goes on owning. */
    static BpfMapHandle of(final int fd, final String name) {
        return new BpfMapHandle(fd, name, BpfMaps.info(fd));
    }

    /**
     * The name in the C source.
     *
     * @return also where the kernel keeps 15 characters of it only.
     */
    public String name() {
        return name;
    }

    /**
     * The kind of map.
     *
     * @return {@link MapType#OTHER} for one that Caracal does not make.
     */
    public MapType type() {
        return MapType.of(info.type());
    }

    /**
     * The descriptor, for calls that want one.
     *
     * @return owned by the object: not to be closed.
     */
    public int fd() {
        return fd;
    }

    /**
     * The kernel's id: two handles with the same id are the same map.
     *
     * @return above 0.
     */
    public int id() {
        return info.id();
    }

    /**
     * How many entries it may have.
     *
     * @return as it was made.
     */
    public int entryCountMax() {
        return info.maxEntries();
    }

    /**
     * The map with types.
     *
     * @param keyCodec of keys.
     * @param valueCodec of values.
     * @param <K> keys.
     * @param <V> values.
     * @return a view; it owns nothing.
     * @throws IllegalArgumentException when a size differs from the map's, or the map keeps a value for each CPU.
     */
    public <K, V> BpfMap<K, V> typed(final MapCodec<K> keyCodec, final MapCodec<V> valueCodec) {
        if (type().isPerCpu() || type() == MapType.XSKMAP) {
            throw new IllegalArgumentException("map " + name + " is of type " + type() + ", not one of plain values");
        }
        return new BpfMap<>(this, keyCodec, valueCodec);
    }

    /**
     * The map with types and the way to add up its CPUs.
     *
     * @param keyCodec of keys.
     * @param valueCodec of one CPU's value.
     * @param sum adds two CPUs' values.
     * @param <K> keys.
     * @param <V> values.
     * @return a view; it owns nothing.
     * @throws IllegalArgumentException when a size differs from the map's, or the map has one value for all CPUs.
     */
    public <K, V> PerCpuBpfMap<K, V> perCpu(final MapCodec<K> keyCodec, final MapCodec<V> valueCodec,
        final BinaryOperator<V> sum) {
        if (!type().isPerCpu()) {
            throw new IllegalArgumentException("map " + name + " is of type " + type() + ", not one per CPU");
        }
        return new PerCpuBpfMap<>(this, keyCodec, valueCodec, sum);
    }

    void requireSizes(final int codecKeySize, final int codecValueSize) {
        if (info.keySize() != codecKeySize || info.valueSize() != codecValueSize) {
            throw new IllegalArgumentException("map " + name + " has keys of " + info.keySize() + " and values of "
                + info.valueSize() + " bytes, the codecs " + codecKeySize + " and " + codecValueSize
                + " (the C struct and its Java record differ)");
        }
    }

    int keySize() {
        return info.keySize();
    }

    int valueSize() {
        return info.valueSize();
    }

    boolean lookup(final MemorySegment key, final MemorySegment value) {
        return BpfMaps.lookupElem(fd, key, value);
    }

    void update(final MemorySegment key, final MemorySegment value) {
        try {
            BpfMaps.updateElem(fd, key, value, BpfMaps.ANY);
        } catch (final NativeCallException e) {
            throw named(e, "write entry of");
        }
    }

    boolean delete(final MemorySegment key) {
        return BpfMaps.deleteElem(fd, key);
    }

    /**
     * Goes through the keys as the kernel lists them. When an entry is removed meanwhile, the kernel may start over, so
     * the walk ends after as many steps as the map can have entries.
     */
    void forEach(final int valuesSize, final BiConsumer<MemorySegment, MemorySegment> visitor) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment key = arena.allocate(info.keySize(), Long.BYTES);
            final MemorySegment nextKey = arena.allocate(info.keySize(), Long.BYTES);
            final MemorySegment values = arena.allocate(valuesSize, Long.BYTES);
            boolean isThere = BpfMaps.nextKey(fd, MemorySegment.NULL, nextKey);
            for (int step = 0; isThere && step < info.maxEntries(); step++) {
                key.copyFrom(nextKey);
                if (lookup(key, values)) {
                    visitor.accept(key, values);
                }
                isThere = BpfMaps.nextKey(fd, key, nextKey);
            }
        }
    }

    /** The same failure with the map's name and room, which the door does not know. */
    NativeCallException named(final NativeCallException failure, final String act) {
        final String thing = "map " + name;
        final NativeCallException named = failure.errno() == Errno.E2BIG
            ? new NativeCallException(act, thing, failure.errno(), "it has room for " + info.maxEntries() + " entries")
            : new NativeCallException(act, thing, failure.errno());
        named.initCause(failure);
        return named;
    }

    @Override
    public String toString() {
        return "map " + name + " (id " + id() + ", " + type() + ')';
    }
}

package io.caracal.xdp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * How a key or a value of a map lies in memory, as the C struct of the program has it. Stateless, so any thread may use
 * one; native byte order unless the C field's name ends in {@code _be}.
 *
 * @param <T> what Java sees.
 */
public interface MapCodec<T> {
    /** A {@code __u32}, shown as the {@code int} with the same bits. */
    MapCodec<Integer> U32 = new MapCodec<>() {
        @Override
        public int size() {
            return Integer.BYTES;
        }

        @Override
        public void write(final MemorySegment target, final Integer value) {
            target.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
        }

        @Override
        public Integer read(final MemorySegment source) {
            return source.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
        }
    };

    /** A {@code __u64}, shown as the {@code long} with the same bits. */
    MapCodec<Long> U64 = new MapCodec<>() {
        @Override
        public int size() {
            return Long.BYTES;
        }

        @Override
        public void write(final MemorySegment target, final Long value) {
            target.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
        }

        @Override
        public Long read(final MemorySegment source) {
            return source.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }
    };

    /**
     * The size of the C type, padding included; must equal the map's own, which {@link BpfObject} checks.
     *
     * @return bytes.
     */
    int size();

    /**
     * Writes a value; what it does not write stays zero, which the kernel asks of padding in keys.
     *
     * @param target {@link #size()} zeroed bytes.
     * @param value to be written.
     */
    void write(MemorySegment target, T value);

    /**
     * Reads a value.
     *
     * @param source {@link #size()} bytes.
     * @return a value of its own: it does not refer to the source.
     */
    T read(MemorySegment source);
}

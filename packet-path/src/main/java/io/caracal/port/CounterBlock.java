package io.caracal.port;

import java.nio.ByteBuffer;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.concurrent.AtomicBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Counters in one piece of memory: one thread adds, any thread reads, and the memory may be a mapped file.
 *
 * <p>An addition is a plain read and an opaque store (no lock prefix: there is one writer), so a reader sees each
 * counter whole and soon, and two counters perhaps of different moments.</p>
 */
public final class CounterBlock {
    private final AtomicBuffer buffer;

    /**
     * Counters over given memory.
     *
     * @param buffer 8 bytes a counter, 8-byte aligned; outlives the block.
     */
    public CounterBlock(final AtomicBuffer buffer) {
        this.buffer = buffer;
    }

    /**
     * Counters in memory of their own, all zero.
     *
     * @param count how many.
     * @return the block.
     */
    public static CounterBlock allocate(final int count) {
        final int size = BitUtil.align(count * Long.BYTES, BitUtil.CACHE_LINE_LENGTH);
        final ByteBuffer memory = BufferUtil.allocateDirectAligned(size, BitUtil.CACHE_LINE_LENGTH);
        return new CounterBlock(new UnsafeBuffer(memory));
    }

    /**
     * Adds to a counter. The owning thread only.
     *
     * @param index of the counter.
     * @param amount to add.
     */
    public void add(final int index, final long amount) {
        final int offset = index << 3;
        buffer.putLongOpaque(offset, buffer.getLong(offset) + amount);
    }

    /**
     * Sets a counter that is a level, not a sum. The owning thread only.
     *
     * @param index of the counter.
     * @param value its new value.
     */
    public void set(final int index, final long value) {
        buffer.putLongOpaque(index << 3, value);
    }

    /**
     * Reads a counter. Any thread.
     *
     * @param index of the counter.
     * @return its value.
     */
    public long get(final int index) {
        return buffer.getLongOpaque(index << 3);
    }
}

package io.caracal.conntrack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Lists the flows of a shard from outside, from another thread or another process, while its worker goes on: without a
 * lock, and without the worker's noticing. Each flow is copied whole (the sequence of its record is the same before and
 * after the copy, and even); flows that come and go meanwhile are seen or not.
 *
 * <p>One thread; maps the file read-only and needs read permission on it. The caller closes it.</p>
 *
 * <pre>{@code
 * try (FlowReader reader = FlowReader.open(file)) {
 *     final FlowSnapshot flow = new FlowSnapshot();
 *     for (int slot = 0; slot < reader.slotCount(); slot++) {
 *         if (reader.read(slot, flow)) { print(flow); }
 *     }
 * }
 * }</pre>
 */
public final class FlowReader implements AutoCloseable {
    /** A write takes some ten nanoseconds; only a writer that died or sleeps in the middle of one takes longer. */
    private static final int TRIES_MAX = 1000;

    private final Arena arena = Arena.ofShared();
    private final FlowImageSpec spec;
    private final BootIdentity boot;
    private final long base;
    /** Where a record and its account are copied to. */
    private final MemorySegment copy;
    private long unreadableCount;

    private FlowReader(final FileChannel channel, final FlowImageSpec spec, final BootIdentity boot)
        throws IOException {
        this.spec = spec;
        this.boot = boot;
        base = channel.map(FileChannel.MapMode.READ_ONLY, 0, spec.fileSize(), arena).address();
        copy = arena.allocate(FlowRecord.IPV6_SIZE + FlowAccount.SIZE, OffHeap.CACHE_LINE);
    }

    /**
     * Opens a shard's file.
     *
     * @param file where it is.
     * @return the reader; the caller closes it.
     * @throws FlowImageException when it is no image of this version, or damaged.
     * @throws UncheckedIOException when it cannot be read.
     */
    public static FlowReader open(final Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            final ByteBuffer header = FlowImageHeader.read(channel);
            if (!FlowImageHeader.isWhole(header)) {
                throw new FlowImageException(file, "its header is damaged or not ours", "is it the right file?");
            }
            if (FlowImageHeader.version(header) != FlowImage.VERSION) {
                throw new FlowImageException(file, "it is of version " + FlowImageHeader.version(header) + ", not "
                    + FlowImage.VERSION, "read it with the program that writes it");
            }
            final FlowImageSpec spec = FlowImageHeader.spec(header);
            if (channel.size() < spec.fileSize()) {
                throw new FlowImageException(file, "it is shorter than its header says", "its worker must start anew");
            }
            return new FlowReader(channel, spec, FlowImageHeader.boot(header));
        } catch (final IOException e) {
            throw new UncheckedIOException("open conntrack image " + file + " to read", e);
        }
    }

    /**
     * What the file holds.
     *
     * @return the blueprint that it was made with.
     */
    public FlowImageSpec spec() {
        return spec;
    }

    /**
     * When the flows were: those of an earlier boot are nobody's any more.
     *
     * @return the boot that the file is of.
     */
    public BootIdentity boot() {
        return boot;
    }

    /**
     * Slots that may hold a flow now.
     *
     * @return slots 0 .. this - 1 are worth reading.
     */
    public int slotCount() {
        final int highWater = OffHeap.getIntAcquire(base + FlowImageHeader.HIGH_WATER_OFFSET);
        return highWater < 0 || highWater > spec.capacity() ? spec.capacity() : highWater;
    }

    /**
     * Slots that could not be read because their writer did not finish.
     *
     * @return how many since this was opened.
     */
    public long unreadableCount() {
        return unreadableCount;
    }

    /**
     * Copies a flow.
     *
     * @param slot 0 .. {@link #slotCount()} - 1.
     * @param flow filled with it.
     * @return false when the slot is free, or its writer did not finish.
     */
    public boolean read(final int slot, final FlowSnapshot flow) {
        final int recordSize = spec.recordSize();
        final long record = base + FlowImage.HEADER_SIZE + (long)slot * recordSize;
        final long account = base + FlowImage.HEADER_SIZE + (long)spec.capacity() * recordSize
            + (long)slot * FlowAccount.SIZE;
        final long recordCopy = copy.address();
        final long accountCopy = recordCopy + recordSize;
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            final int sequence = OffHeap.getIntAcquire(record);
            if ((sequence & 1) == 0) {
                if (FlowRecord.state(record) != FlowState.FREE) {
                    OffHeap.copy(record, recordCopy, recordSize);
                    OffHeap.copy(account, accountCopy, FlowAccount.SIZE);
                }
                final boolean free = FlowRecord.state(record) == FlowState.FREE;
                /* The copy is complete before the sequence is read again. */
                VarHandle.acquireFence();
                if (OffHeap.getInt(record) == sequence) {
                    if (!free) {
                        flow.take(recordCopy, accountCopy, spec.ipVersion());
                    }
                    return !free;
                }
            }
            Thread.onSpinWait();
        }
        unreadableCount++;
        return false;
    }

    /** Removes the mapping. */
    @Override
    public void close() {
        arena.close();
    }
}

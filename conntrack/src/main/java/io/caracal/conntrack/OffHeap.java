package io.caracal.conntrack;

import io.caracal.bindings.HugePages;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import org.agrona.UnsafeApi;

/**
 * Memory by absolute address: what the flow table stands on. One table of ten million flows is larger than the 2 GiB
 * that an Agrona index reaches, so addresses are {@code long}s.
 *
 * <p>NB: nothing checks these accesses but the caller. Every address here is a base that this package mapped or
 * allocated plus a slot number that is asserted to be below the capacity. A per-region segment would check each access
 * against its bounds and its arena's liveness; measured, that costs a fifth of a lookup in a table larger than the
 * cache. The owner of a region must have stopped all its users before it closes the arena.</p>
 */
final class OffHeap {
    /** Bytes of a cache line on the processors that Caracal runs on. */
    static final int CACHE_LINE = 64;

    private OffHeap() {
    }

    /** Zeroed memory, each page of which comes when it is first touched; or before, by {@link #populate}. */
    static MappedRegion reserve(final long size) {
        return MappedRegion.anonymous(size, 0);
    }

    /**
     * Puts pages under all of it, huge ones where the kernel gives them. What is there stays, and others may use it
     * meanwhile: in pieces, so that nobody's page waits for more than one of them.
     */
    static void populate(final MappedRegion region) {
        region.advise(Posix.MADV_HUGEPAGE);
        long offset = 0;
        while (offset < region.size()) {
            final long untilHugePage = HugePages.SIZE - (region.address() + offset & HugePages.SIZE - 1);
            final long length = Math.min(untilHugePage, region.size() - offset);
            region.advise(Posix.MADV_POPULATE_WRITE, offset, length);
            offset += length;
        }
        /* What was touched before has small pages. Linux 6.1; where it is refused they stay. */
        region.advise(Posix.MADV_COLLAPSE);
    }

    static byte getByte(final long address) {
        return UnsafeApi.getByte(address);
    }

    static void putByte(final long address, final byte value) {
        UnsafeApi.putByte(address, value);
    }

    static short getShort(final long address) {
        return UnsafeApi.getShort(address);
    }

    static void putShort(final long address, final short value) {
        UnsafeApi.putShort(address, value);
    }

    static int getInt(final long address) {
        return UnsafeApi.getInt(address);
    }

    static void putInt(final long address, final int value) {
        UnsafeApi.putInt(address, value);
    }

    static long getLong(final long address) {
        return UnsafeApi.getLong(address);
    }

    static void putLong(final long address, final long value) {
        UnsafeApi.putLong(address, value);
    }

    /** An int that another thread or process released; what it wrote before is seen after. The address is aligned. */
    static int getIntAcquire(final long address) {
        return UnsafeApi.getIntAcquire(null, address);
    }

    /** Publishes an int after everything this thread wrote before it. The address is aligned. */
    static void putIntRelease(final long address, final int value) {
        UnsafeApi.putIntRelease(null, address, value);
    }

    /**
     * Reads a word at each address and does nothing else, so that as many reads as possible are under way at once.
     *
     * @return a number without meaning, that keeps the reads from being optimised away.
     */
    static long touch(final long[] addresses, final int count) {
        long sink = 0;
        for (int i = 0; i < count; i++) {
            sink ^= UnsafeApi.getLong(addresses[i]);
        }
        return sink;
    }

    /** Copies whole words; both addresses and the length are multiples of eight. */
    static void copy(final long from, final long to, final int length) {
        for (int offset = 0; offset < length; offset += Long.BYTES) {
            putLong(to + offset, getLong(from + offset));
        }
    }

    /** Clears whole words, as {@link #copy}: a slice to fill would be an object wherever it is not compiled. */
    static void clear(final long address, final int length) {
        for (int offset = 0; offset < length; offset += Long.BYTES) {
            putLong(address + offset, 0);
        }
    }
}

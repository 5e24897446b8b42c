package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Memory mapped into the process, and its owner. Any thread may use it; the owner closes it when nobody does any more.
 * Access through {@link #segment()} after that throws {@link IllegalStateException}; access through
 * {@link #address()} (an Agrona buffer) crashes the JVM.
 */
public final class MappedRegion implements AutoCloseable {
    private static final long MAP_FAILED = -1;
    private static final long PAGE_SIZE = 4096;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private MappedRegion(final long address, final long size) {
        segment = MemorySegment.ofAddress(address).reinterpret(size, arena, MappedRegion::unmap);
    }

    /**
     * Maps a file, so that others who map it see what is written.
     *
     * @param fd what to map; may be closed afterwards.
     * @param offset where in it, a multiple of the page size; or one of AF_XDP's ring offsets.
     * @param size bytes.
     * @param protection such as {@code PROT_READ | PROT_WRITE} of {@link Posix}.
     * @param flags further flags such as {@link Posix#MAP_POPULATE}; MAP_SHARED is implied.
     * @return the region.
     * @throws NativeCallException ENOMEM, EINVAL (offset or size), EACCES (protection), EAGAIN (locked memory limit).
     */
    public static MappedRegion shared(final int fd, final long offset, final long size, final int protection,
        final int flags) {
        return new MappedRegion(map(0, fd, offset, size, protection, flags | Posix.MAP_SHARED), size);
    }

    /**
     * As {@link #shared(int, long, long, int, int)} without further flags.
     *
     * @param fd what to map; may be closed afterwards.
     * @param offset where in it, a multiple of the page size; or one of AF_XDP's ring offsets.
     * @param size bytes.
     * @param protection such as {@code PROT_READ | PROT_WRITE} of {@link Posix}.
     * @return the region.
     * @throws NativeCallException ENOMEM, EINVAL (offset or size), EACCES (protection), EAGAIN (locked memory limit).
     */
    public static MappedRegion shared(final int fd, final long offset, final long size, final int protection) {
        return shared(fd, offset, size, protection, 0);
    }

    /**
     * As {@link #shared(int, long, long, int)} from its beginning, readable and writable, at an address where the
     * kernel can map the file's huge pages as such.
     *
     * @param fd what to map; may be closed afterwards.
     * @param size bytes.
     * @return the region.
     * @throws NativeCallException ENOMEM, EACCES.
     */
    public static MappedRegion sharedAligned(final int fd, final long size) {
        final long wholePages = size + PAGE_SIZE - 1 & -PAGE_SIZE;
        final long around = wholePages + HugePages.SIZE;
        final long reserved = map(0, -1, 0, around, Posix.PROT_NONE,
            Posix.MAP_PRIVATE | Posix.MAP_ANONYMOUS | Posix.MAP_NORESERVE);
        final long address = reserved + HugePages.SIZE - 1 & -HugePages.SIZE;
        try {
            map(address, fd, 0, size, Posix.PROT_READ | Posix.PROT_WRITE, Posix.MAP_SHARED | Posix.MAP_FIXED);
        } catch (final NativeCallException failure) {
            unmap(reserved, around);
            throw failure;
        }
        unmap(reserved, address - reserved);
        unmap(address + wholePages, reserved + around - address - wholePages);
        return new MappedRegion(address, size);
    }

    /**
     * Maps zeroed memory that belongs to no file, readable and writable.
     *
     * @param size bytes.
     * @param flags further flags such as {@link Posix#MAP_HUGETLB}.
     * @return the region.
     * @throws NativeCallException ENOMEM where there is not so much, or no huge pages are reserved.
     */
    public static MappedRegion anonymous(final long size, final int flags) {
        final int protection = Posix.PROT_READ | Posix.PROT_WRITE;
        return new MappedRegion(
            map(0, -1, 0, size, protection, flags | Posix.MAP_PRIVATE | Posix.MAP_ANONYMOUS), size);
    }

    /**
     * Where it is mapped.
     *
     * @return address of its first byte.
     */
    public long address() {
        return segment.address();
    }

    /**
     * How large it is.
     *
     * @return bytes.
     */
    public long size() {
        return segment.byteSize();
    }

    /**
     * Its bytes. NB: passing this segment to a native call counts the call as a user of the region, by an atomic
     * operation that workers would contend for; on the path pass addresses made once.
     *
     * @return a segment of {@link #size()} bytes that may be used until {@link #close()}.
     */
    public MemorySegment segment() {
        return segment;
    }

    /**
     * Says how it will be used.
     *
     * @param advice such as {@link Posix#MADV_HUGEPAGE}.
     * @return false where the kernel does not know the advice or does not follow it.
     */
    public boolean advise(final int advice) {
        return LibC.madvise(new CallState(), address(), size(), advice) == 0;
    }

    /**
     * Says how a part of it will be used.
     *
     * @param advice such as {@link Posix#MADV_POPULATE_WRITE}.
     * @param offset where the part begins, a multiple of the page size.
     * @param length its bytes.
     * @return false where the kernel does not know the advice or does not follow it.
     * @throws IndexOutOfBoundsException if the part is not within the region.
     */
    public boolean advise(final int advice, final long offset, final long length) {
        Objects.checkFromIndexSize(offset, length, size());
        return LibC.madvise(new CallState(), address() + offset, length, advice) == 0;
    }

    /** Unmaps it; further calls do nothing. Waits for accesses of other threads that are under way. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private static long map(final long wanted, final int fd, final long offset, final long size, final int protection,
        final int flags) {
        final CallState state = new CallState();
        final long address = LibC.mmap(state, wanted, size, protection, flags, fd, offset);
        if (address == MAP_FAILED) {
            throw state.failure("map", size + " bytes of " + (fd < 0 ? "memory" : "fd " + fd + " at " + offset));
        }
        return address;
    }

    private static void unmap(final MemorySegment region) {
        unmap(region.address(), region.byteSize());
    }

    private static void unmap(final long address, final long size) {
        if (size > 0) {
            LibC.munmap(new CallState(), address, size);
        }
    }
}

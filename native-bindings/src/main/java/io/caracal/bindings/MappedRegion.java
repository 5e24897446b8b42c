package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory mapped into the process, and its owner. Any thread may use it; the owner closes it when nobody does any more.
 * Access through {@link #segment()} after that throws {@link IllegalStateException}; access through
 * {@link #address()} (an Agrona buffer) crashes the JVM.
 */
public final class MappedRegion implements AutoCloseable {
    private static final long MAP_FAILED = -1;

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
        return map(fd, offset, size, protection, flags | Posix.MAP_SHARED);
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
     * Maps zeroed memory that belongs to no file, readable and writable.
     *
     * @param size bytes.
     * @param flags further flags such as {@link Posix#MAP_HUGETLB}.
     * @return the region.
     * @throws NativeCallException ENOMEM where there is not so much, or no huge pages are reserved.
     */
    public static MappedRegion anonymous(final long size, final int flags) {
        final int protection = Posix.PROT_READ | Posix.PROT_WRITE;
        return map(-1, 0, size, protection, flags | Posix.MAP_PRIVATE | Posix.MAP_ANONYMOUS);
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

    /** Unmaps it; further calls do nothing. Waits for accesses of other threads that are under way. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private static MappedRegion map(final int fd, final long offset, final long size, final int protection,
        final int flags) {
        final CallState state = new CallState();
        final long address = LibC.mmap(state, 0, size, protection, flags, fd, offset);
        if (address == MAP_FAILED) {
            throw state.failure("map", size + " bytes of " + (fd < 0 ? "memory" : "fd " + fd + " at " + offset));
        }
        return new MappedRegion(address, size);
    }

    private static void unmap(final MemorySegment region) {
        LibC.munmap(new CallState(), region.address(), region.byteSize());
    }
}

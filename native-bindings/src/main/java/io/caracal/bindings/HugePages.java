package io.caracal.bindings;

/**
 * Huge pages for files in memory (tmpfs, memfd), whatever {@code shmem_enabled} and the mount's options say: asked for
 * by {@code MADV_COLLAPSE} (Linux 6.1), which takes a range that has one page and fills the rest with zeros. It is also
 * by far the cheapest way to give a file its room: one page fault for 512.
 */
public final class HugePages {
    /** Bytes of a huge page on the processors that Caracal runs on. */
    public static final long SIZE = 2L << 20;

    private static final long PAGE_SIZE = 4096;

    private HugePages() {
    }

    /**
     * Gives a new file its length and its room, as {@link Fd#allocate} does, in huge pages where the kernel can. To be
     * called before the file has content that others use: a range with pages in use is copied while its users wait.
     * {@link MappedRegion#sharedAligned} maps such a file.
     *
     * @param file readable, writable, on any file system.
     * @param sizeBytes its length afterwards.
     * @return whether all whole huge pages of it are such; what is left at its end never is.
     * @throws NativeCallException ENOSPC where there is no room.
     */
    public static boolean allocate(final Fd file, final long sizeBytes) {
        final long hugeBytes = sizeBytes & -SIZE;
        for (long offset = 0; offset < hugeBytes; offset += SIZE) {
            file.allocate(offset, PAGE_SIZE);
        }
        final boolean huge = hugeBytes > 0 && isCollapsed(file, hugeBytes);
        file.allocate(sizeBytes);
        return huge;
    }

    private static boolean isCollapsed(final Fd file, final long hugeBytes) {
        file.allocate(hugeBytes - PAGE_SIZE, PAGE_SIZE);
        try (MappedRegion region = MappedRegion.sharedAligned(file.number(), hugeBytes)) {
            return region.advise(Posix.MADV_COLLAPSE);
        }
    }
}

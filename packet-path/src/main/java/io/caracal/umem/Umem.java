package io.caracal.umem;

import io.caracal.bindings.Fd;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.lang.foreign.MemorySegment;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The region of packet memory that the kernel and the engine share, cut into equal frames.
 *
 * <p>A memory file, mapped once: huge pages where some are reserved, else ordinary pages with the advice to use huge
 * ones. Owns file and mapping; whoever made it closes it, after every socket on it is closed and every worker has ended
 * (an access after that crashes the process). Any thread may use it; what is in a frame belongs to the frame's holder.
 * Needs CAP_IPC_LOCK, or enough RLIMIT_MEMLOCK, when a socket registers it; nothing remains after a crash.</p>
 *
 * <pre>{@code
 * try (Umem umem = Umem.create("caracal", 8192)) {
 *     final FramePool pool = new FramePool(new FrameLedger(umem.frameCount()), 0, umem.frameCount());
 * }
 * }</pre>
 */
public final class Umem implements AutoCloseable {
    /**
     * Bytes of a frame: the largest chunk that an aligned UMEM allows is a page, and an MTU of 3506 needs all of it.
     */
    public static final int FRAME_SIZE = 4096;
    /**
     * Bytes that the kernel keeps free in front of a received packet (XDP_PACKET_HEADROOM, include/uapi/linux/bpf.h).
     */
    public static final int RX_HEADROOM = 256;
    /** Longest packet that fits a frame behind the headroom. */
    public static final int MAX_PACKET_LENGTH = FRAME_SIZE - RX_HEADROOM;
    /** Frames of the largest region: an index into an Agrona buffer is an int, so 2 GiB less one frame. */
    public static final int MAX_FRAMES = Integer.MAX_VALUE / FRAME_SIZE;

    private static final int FRAME_SHIFT = Integer.numberOfTrailingZeros(FRAME_SIZE);
    private static final int HUGE_PAGE_SIZE = 2 << 20;

    private final Fd file;
    private final MappedRegion region;
    private final UnsafeBuffer buffer;
    private final int frameCount;
    private final boolean hugePages;

    private Umem(final Fd file, final MappedRegion region, final int frameCount, final boolean hugePages) {
        this.file = file;
        this.region = region;
        this.frameCount = frameCount;
        this.hugePages = hugePages;
        buffer = new UnsafeBuffer(region.address(), frameCount * FRAME_SIZE);
    }

    /**
     * Makes a region of zeroed frames, all pages present.
     *
     * @param name what /proc shows of it.
     * @param frameCount 1 .. {@link #MAX_FRAMES}.
     * @return the region.
     * @throws NativeCallException ENOMEM if there is not enough memory.
     */
    public static Umem create(final String name, final int frameCount) {
        if (frameCount < 1 || frameCount > MAX_FRAMES) {
            throw new IllegalArgumentException("frameCount must be within 1 and " + MAX_FRAMES + ": " + frameCount);
        }
        try {
            final long size = BitUtil.align((long)frameCount * FRAME_SIZE, HUGE_PAGE_SIZE);
            return map(name, frameCount, size, true);
        } catch (final NativeCallException noHugePages) {
            /* The usual case: none, or too few, are reserved in /proc/sys/vm/nr_hugepages. */
            return mapOrdinaryPages(name, frameCount, noHugePages);
        }
    }

    private static Umem mapOrdinaryPages(final String name, final int frameCount, final NativeCallException before) {
        try {
            return map(name, frameCount, (long)frameCount * FRAME_SIZE, false);
        } catch (final NativeCallException failure) {
            failure.addSuppressed(before);
            throw failure;
        }
    }

    private static Umem map(final String name, final int frameCount, final long size, final boolean hugePages) {
        final Fd file = Fd.memfd(name, size, hugePages ? Posix.MFD_HUGETLB : 0);
        try {
            final int protection = Posix.PROT_READ | Posix.PROT_WRITE;
            if (hugePages) {
                return new Umem(file, MappedRegion.shared(file.number(), 0, size, protection, Posix.MAP_POPULATE),
                    frameCount, true);
            }
            final MappedRegion region = MappedRegion.shared(file.number(), 0, size, protection);
            /* Advice before the pages are there; where the kernel has no huge pages for such files, it is as before. */
            region.advise(Posix.MADV_HUGEPAGE);
            region.segment().fill((byte)0);
            return new Umem(file, region, frameCount, false);
        } catch (final RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    /**
     * The address of a frame's first byte.
     *
     * @param frame its number.
     * @return offset in the region.
     */
    public static long addressOf(final int frame) {
        return (long)frame << FRAME_SHIFT;
    }

    /**
     * The frame that an address lies in.
     *
     * @param address offset in the region.
     * @return the frame's number.
     */
    public static int frameOf(final long address) {
        return (int)(address >>> FRAME_SHIFT);
    }

    /**
     * Bytes from an address to the end of its frame.
     *
     * @param address offset in the region.
     * @return 1 .. {@link #FRAME_SIZE}.
     */
    public static int bytesToFrameEnd(final long address) {
        return FRAME_SIZE - (int)(address & (FRAME_SIZE - 1));
    }

    /**
     * All frames as one buffer; an index into it is a frame address.
     *
     * @return the buffer, to be used until {@link #close()}.
     */
    public UnsafeBuffer buffer() {
        return buffer;
    }

    /**
     * All frames, to register with a socket.
     *
     * @return a segment of {@link #frameCount()} times {@link #FRAME_SIZE} bytes.
     */
    public MemorySegment segment() {
        return region.segment().asSlice(0, (long)frameCount * FRAME_SIZE);
    }

    /**
     * How many frames it has.
     *
     * @return frames.
     */
    public int frameCount() {
        return frameCount;
    }

    /**
     * Whether it lies in reserved huge pages.
     *
     * @return false for ordinary pages, perhaps merged by the kernel.
     */
    public boolean hasHugePages() {
        return hugePages;
    }

    @Override
    public void close() {
        region.close();
        file.close();
    }
}

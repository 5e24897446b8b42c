package io.caracal.umem;

import io.caracal.bindings.Fd;
import io.caracal.bindings.HugePages;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.lang.foreign.MemorySegment;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The region of packet memory that the kernel and the engine share, cut into equal frames.
 *
 * <p>A memory file, mapped once: of reserved huge pages where there are some, else of those that the kernel puts
 * together (Linux 6.1), else of ordinary ones. Owns file and mapping; whoever made it closes it, after every socket on
 * it is closed and every worker has ended (an access after that crashes the process). Any thread may use it; what is in
 * a frame belongs to the frame's holder. Needs CAP_IPC_LOCK, or enough RLIMIT_MEMLOCK, when a socket registers it;
 * nothing remains after a crash.</p>
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
    /** Longest packet of a block of {@link FrameLedger#BLOCK_FRAMES} frames. */
    public static final int MAX_BLOCK_PACKET_LENGTH = FrameLedger.BLOCK_FRAMES * FRAME_SIZE - RX_HEADROOM;
    /** Frames of the largest region: an index into an Agrona buffer is an int, so 2 GiB less one frame. */
    public static final int MAX_FRAMES = Integer.MAX_VALUE / FRAME_SIZE;

    private static final int FRAME_SHIFT = Integer.numberOfTrailingZeros(FRAME_SIZE);

    private final Fd file;
    private final MappedRegion region;
    private final UnsafeBuffer buffer;
    private final int frameCount;

    private Umem(final Fd file, final MappedRegion region, final int frameCount) {
        this.file = file;
        this.region = region;
        this.frameCount = frameCount;
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
            return mapReserved(name, frameCount, BitUtil.align((long)frameCount * FRAME_SIZE, (int)HugePages.SIZE));
        } catch (final NativeCallException noHugePages) {
            /* The usual case: none, or too few, are reserved in /proc/sys/vm/nr_hugepages. */
            return mapOrdinary(name, frameCount, noHugePages);
        }
    }

    private static Umem mapReserved(final String name, final int frameCount, final long size) {
        final Fd file = Fd.memfd(name, size, Posix.MFD_HUGETLB);
        try {
            final int protection = Posix.PROT_READ | Posix.PROT_WRITE;
            return new Umem(file, MappedRegion.shared(file.number(), 0, size, protection, Posix.MAP_POPULATE),
                frameCount);
        } catch (final RuntimeException failure) {
            file.close();
            throw failure;
        }
    }

    private static Umem mapOrdinary(final String name, final int frameCount, final NativeCallException before) {
        final long size = (long)frameCount * FRAME_SIZE;
        final Fd file = Fd.memfd(name, size, 0);
        try {
            HugePages.allocate(file, size);
            final MappedRegion region = MappedRegion.sharedAligned(file.number(), size);
            /* Before Linux 5.14 the first socket makes them present, when it registers the region. */
            region.advise(Posix.MADV_POPULATE_WRITE);
            return new Umem(file, region, frameCount);
        } catch (final RuntimeException failure) {
            file.close();
            failure.addSuppressed(before);
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

    @Override
    public void close() {
        region.close();
        file.close();
    }
}

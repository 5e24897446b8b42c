package io.caracal.umem;

/** The region of packet memory that the kernel and the engine share, cut into equal frames. */
public final class Umem {
    /** Bytes of a frame: the largest chunk that an aligned UMEM allows is a page, and an MTU of 3506 needs all of it. */
    public static final int FRAME_SIZE = 4096;
    /** Bytes that the kernel keeps free in front of a received packet (XDP_PACKET_HEADROOM, include/uapi/linux/bpf.h). */
    public static final int RX_HEADROOM = 256;
    /** Longest packet that fits a frame behind the headroom. */
    public static final int MAX_PACKET_LENGTH = FRAME_SIZE - RX_HEADROOM;

    private static final int FRAME_SHIFT = Integer.numberOfTrailingZeros(FRAME_SIZE);

    private Umem() {
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
}

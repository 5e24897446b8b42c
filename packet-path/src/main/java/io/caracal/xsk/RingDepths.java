package io.caracal.xsk;

import io.caracal.burst.PacketBurst;

/**
 * Entries of a socket's four rings, each a power of two.
 *
 * @param fill frames that wait to be received into.
 * @param completion transmitted frames that wait to be taken back: at least as many as {@code tx}, or a transmit call
 *     stops for want of room.
 * @param rx received packets that wait for the worker.
 * @param tx packets that wait for the kernel.
 */
public record RingDepths(int fill, int completion, int rx, int tx) {
    /**
     * 2048 packets of 64 bytes are what a worker misses at 800 kpps when the scheduler takes its core away for 2.5 ms;
     * fewer drop then, more only add delay and frames.
     */
    public static final RingDepths DEFAULT = new RingDepths(2048, 2048, 2048, 2048);

    private static final int MIN_DEPTH = 32;
    private static final int MAX_DEPTH = 65_536;

    static {
        assert PacketBurst.MAX_PACKETS <= DEFAULT.tx : "a burst must fit the transmit ring";
    }

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public RingDepths {
        requireDepth("fill", fill);
        requireDepth("completion", completion);
        requireDepth("rx", rx);
        requireDepth("tx", tx);
        if (completion < tx) {
            throw new IllegalArgumentException("completion ring must be at least as deep as the transmit ring, "
                + tx + ": " + completion);
        }
    }

    /**
     * Frames that one socket can hold at most, and so must be in the pool for it: a smaller pool works, but may have
     * none left to receive into while a slow receiver holds what was sent.
     *
     * @return the sum.
     */
    public int frames() {
        return fill         /* in the fill ring, or received and not seen yet: a port never has more out than this */
            + tx            /* in the transmit ring */
            + completion;   /* taken by the kernel: it reserves the completion when it takes a packet */
    }

    private static void requireDepth(final String name, final int depth) {
        if (depth < MIN_DEPTH || depth > MAX_DEPTH || Integer.bitCount(depth) != 1) {
            throw new IllegalArgumentException(name + " ring depth must be a power of two within " + MIN_DEPTH + " and "
                + MAX_DEPTH + ": " + depth);
        }
    }
}

package io.caracal.port;

/**
 * How often a {@link FaultInjectingPort} does what, in packets per million.
 *
 * @param lossPpm received packets dropped.
 * @param duplicationPpm received packets that arrive twice.
 * @param bitFlipPpm received packets with one bit turned over.
 * @param truncationPpm received packets cut short, to any length from 1.
 * @param reorderingPpm received packets that change places with another one of their burst.
 * @param txFullPpm packets to transmit that find the ring full.
 */
public record FaultSpec(int lossPpm, int duplicationPpm, int bitFlipPpm, int truncationPpm, int reorderingPpm,
                        int txFullPpm) {
    /** All of it. */
    public static final int ALWAYS_PPM = 1_000_000;
    /** Nothing of anything. */
    public static final FaultSpec NONE = new FaultSpec(0, 0, 0, 0, 0, 0);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public FaultSpec {
        requireRate("lossPpm", lossPpm);
        requireRate("duplicationPpm", duplicationPpm);
        requireRate("bitFlipPpm", bitFlipPpm);
        requireRate("truncationPpm", truncationPpm);
        requireRate("reorderingPpm", reorderingPpm);
        requireRate("txFullPpm", txFullPpm);
    }

    private static void requireRate(final String name, final int ppm) {
        if (ppm < 0 || ppm > ALWAYS_PPM) {
            throw new IllegalArgumentException(name + " must be within 0 and " + ALWAYS_PPM + ": " + ppm);
        }
    }
}

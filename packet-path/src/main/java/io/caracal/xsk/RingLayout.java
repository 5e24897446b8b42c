package io.caracal.xsk;

/**
 * Where the parts of a ring stand in its memory, in bytes from its start.
 *
 * @param producerOffset the producer's index, 32 bit.
 * @param consumerOffset the consumer's index, 32 bit.
 * @param flagsOffset the flags of the consuming kernel, 32 bit.
 * @param entriesOffset the first entry.
 */
public record RingLayout(int producerOffset, int consumerOffset, int flagsOffset, int entriesOffset) {
    /** For rings that no kernel sees: each index on cache lines of its own, as {@code struct xdp_ring} has it. */
    public static final RingLayout IN_MEMORY = new RingLayout(0, 128, 196, 320);
}

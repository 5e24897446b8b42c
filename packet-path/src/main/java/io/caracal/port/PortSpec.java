package io.caracal.port;

import io.caracal.umem.Umem;

/**
 * What a port is for.
 *
 * @param name for people and metrics, such as {@code punt1:0}.
 * @param egressActions bit {@code n} set: it transmits rows whose {@code egressAction} is {@code n}.
 * @param maxPacketLength longest packet that may leave by it, with its Ethernet header: the interface's MTU + 14.
 */
public record PortSpec(String name, int egressActions, int maxPacketLength) {
    /** Shortest sensible limit: an Ethernet frame without padding and check sequence. */
    private static final int MIN_PACKET_LENGTH = 60;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public PortSpec {
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("port name must not be blank");
        }
        if (maxPacketLength < MIN_PACKET_LENGTH || maxPacketLength > Umem.FRAME_SIZE) {
            throw new IllegalArgumentException("maxPacketLength of port " + name + " must be within "
                + MIN_PACKET_LENGTH + " and " + Umem.FRAME_SIZE + ": " + maxPacketLength);
        }
    }

    /**
     * The bit of an egress action.
     *
     * @param actions some of {@link io.caracal.burst.EgressAction}.
     * @return the set, for {@link #egressActions}.
     */
    public static int actions(final byte... actions) {
        int bits = 0;
        for (final byte action : actions) {
            bits |= 1 << action;
        }
        return bits;
    }
}

package io.caracal.port;

import io.caracal.umem.Umem;

/**
 * What a port is for.
 *
 * @param name for people and metrics, such as {@code punt1:0}.
 * @param egressActions bit {@code n} set: it transmits rows whose {@code egressAction} is {@code n}.
 * @param maxPacketLength longest packet that may leave by it, with its Ethernet header: the interface's MTU + 14.
 * @param egressIfindex it transmits only rows whose {@code egressIfindex} is this; {@link #ANY_IFINDEX} for all.
 */
public record PortSpec(String name, int egressActions, int maxPacketLength, int egressIfindex) {
    /** Value of {@link #egressIfindex} of a port that serves its actions whatever interface they are about. */
    public static final int ANY_IFINDEX = 0;

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
        if (maxPacketLength < MIN_PACKET_LENGTH || maxPacketLength > Umem.MAX_BLOCK_PACKET_LENGTH) {
            throw new IllegalArgumentException("maxPacketLength of port " + name + " must be within "
                + MIN_PACKET_LENGTH + " and " + Umem.MAX_BLOCK_PACKET_LENGTH + ": " + maxPacketLength);
        }
    }

    /**
     * A port that serves its actions whatever interface they are about.
     *
     * @param name for people and metrics.
     * @param egressActions bit {@code n} set: it transmits rows whose {@code egressAction} is {@code n}.
     * @param maxPacketLength longest packet that may leave by it.
     * @throws IllegalArgumentException naming what is out of range.
     */
    public PortSpec(final String name, final int egressActions, final int maxPacketLength) {
        this(name, egressActions, maxPacketLength, ANY_IFINDEX);
    }

    /**
     * Whether a row leaves by such a port.
     *
     * @param action the row's {@code egressAction}.
     * @param ifindex the row's {@code egressIfindex}.
     * @return true if so.
     */
    public boolean serves(final int action, final int ifindex) {
        return (egressActions >>> action & 1) != 0 && (egressIfindex == ANY_IFINDEX || egressIfindex == ifindex);
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

package io.caracal.xdp.punt;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * One workload interface as the programs see it: the value of the map {@code workloads}, {@code struct workload} of
 * {@code caracal.h}. An interface that has the programs but no such entry gets nothing through.
 *
 * @param podMac six bytes: the pod's own address; destination of what is delivered to it.
 * @param hostMac six bytes: the address of the host side, ee:ee:ee:ee:ee:ee with Calico.
 * @param missLimit how many packets that no cache knows the pod may send to the engine.
 */
public record Workload(byte[] podMac, byte[] hostMac, MissLimit missLimit) {
    /** The layout of {@code struct workload}. */
    public static final MapCodec<Workload> CODEC = new Codec();
    private static final int MAC_LENGTH = 6;

    /**
     * Copies the addresses.
     *
     * @throws IllegalArgumentException when an address has not six bytes.
     */
    public Workload {
        if (podMac.length != MAC_LENGTH || hostMac.length != MAC_LENGTH) {
            throw new IllegalArgumentException("a MAC address has 6 bytes, not " + podMac.length + " and "
                + hostMac.length);
        }
        podMac = podMac.clone();
        hostMac = hostMac.clone();
    }

    /**
     * The pod's own address.
     *
     * @return a copy, six bytes.
     */
    @Override
    public byte[] podMac() {
        return podMac.clone();
    }

    /**
     * The address of the host side.
     *
     * @return a copy, six bytes.
     */
    @Override
    public byte[] hostMac() {
        return hostMac.clone();
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Workload that && Arrays.equals(podMac, that.podMac)
            && Arrays.equals(hostMac, that.hostMac) && missLimit.equals(that.missLimit);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(podMac) + Arrays.hashCode(hostMac);
    }

    /**
     * A token bucket as the kernel side keeps it (GCRA, ITU-T I.371): each packet costs an interval of time, and an
     * interface that was quiet may be a burst ahead of its rate. One pod can then not starve the others of the engine.
     *
     * @param intervalNs time that one packet costs; 0 = no limit.
     * @param burstNs how far ahead of its rate the interface may be.
     */
    public record MissLimit(long intervalNs, long burstNs) {
        /** Every miss goes to the engine. */
        public static final MissLimit NONE = new MissLimit(0, 0);
        private static final long SECOND_NS = 1_000_000_000L;

        /**
         * Checks ranges.
         *
         * @throws IllegalArgumentException when a value is negative.
         */
        public MissLimit {
            if (intervalNs < 0 || burstNs < 0) {
                throw new IllegalArgumentException("intervalNs " + intervalNs + " and burstNs " + burstNs
                    + " must not be negative");
            }
        }

        /**
         * A limit in packets.
         *
         * @param packetsPerSecond sustained rate, 1 to 1,000,000,000; it is rounded to a whole number of nanoseconds a
         *     packet, which is exact to 0.1 % up to a million packets a second.
         * @param burstPackets how many packets may come at once after a quiet time, at least 1.
         * @return the limit.
         * @throws IllegalArgumentException when a number is out of its range.
         */
        public static MissLimit perSecond(final long packetsPerSecond, final long burstPackets) {
            if (packetsPerSecond < 1 || packetsPerSecond > SECOND_NS || burstPackets < 1) {
                throw new IllegalArgumentException("a miss limit of " + packetsPerSecond + " packets a second, burst "
                    + burstPackets + ": the rate must be 1 to " + SECOND_NS + ", the burst at least 1");
            }
            final long intervalNs = SECOND_NS / packetsPerSecond;
            return new MissLimit(intervalNs, Math.multiplyExact(intervalNs, burstPackets - 1));
        }
    }

    private static final class Codec implements MapCodec<Workload> {
        private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
        private static final int POD_MAC_OFFSET = 0;
        private static final int HOST_MAC_OFFSET = 6;
        private static final int MISS_INTERVAL_NS_OFFSET = 16;
        private static final int MISS_BURST_NS_OFFSET = 24;

        @Override
        public int size() {
            return 32;
        }

        @Override
        public void write(final MemorySegment target, final Workload value) {
            MemorySegment.copy(value.podMac, 0, target, ValueLayout.JAVA_BYTE, POD_MAC_OFFSET, MAC_LENGTH);
            MemorySegment.copy(value.hostMac, 0, target, ValueLayout.JAVA_BYTE, HOST_MAC_OFFSET, MAC_LENGTH);
            target.set(LONG, MISS_INTERVAL_NS_OFFSET, value.missLimit.intervalNs);
            target.set(LONG, MISS_BURST_NS_OFFSET, value.missLimit.burstNs);
        }

        @Override
        public Workload read(final MemorySegment source) {
            return new Workload(macAt(source, POD_MAC_OFFSET), macAt(source, HOST_MAC_OFFSET),
                new MissLimit(source.get(LONG, MISS_INTERVAL_NS_OFFSET), source.get(LONG, MISS_BURST_NS_OFFSET)));
        }

        private static byte[] macAt(final MemorySegment source, final int offset) {
            return source.asSlice(offset, MAC_LENGTH).toArray(ValueLayout.JAVA_BYTE);
        }
    }
}

package io.caracal.xdp.punt;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the programs have counted on one workload interface, {@code struct workload_traffic} of {@code caracal.h}. Bytes
 * are those of the frames with their Ethernet headers; a GSO packet counts as one.
 *
 * @param fromWorkloadPackets sent by the pod, given to the engine.
 * @param fromWorkloadBytes sent by the pod, given to the engine.
 * @param toWorkloadPackets sent by the host's stack to the pod, given to the engine.
 * @param toWorkloadBytes sent by the host's stack to the pod, given to the engine.
 * @param deliveredPackets given by the engine to the pod.
 * @param deliveredBytes given by the engine to the pod.
 * @param handedPackets given by the engine to the host's stack through this interface.
 * @param handedBytes given by the engine to the host's stack through this interface.
 * @param droppedPackets dropped at this interface, for any of the reasons of {@link PuntCounter}.
 * @param droppedBytes dropped at this interface.
 */
public record WorkloadTraffic(long fromWorkloadPackets, long fromWorkloadBytes,
                              long toWorkloadPackets, long toWorkloadBytes,
                              long deliveredPackets, long deliveredBytes,
                              long handedPackets, long handedBytes,
                              long droppedPackets, long droppedBytes) {
    /** Nothing yet. */
    public static final WorkloadTraffic NONE = new WorkloadTraffic(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    /** The layout of {@code struct workload_traffic}. */
    public static final MapCodec<WorkloadTraffic> CODEC = new Codec();

    /**
     * The sum with what another CPU has counted.
     *
     * @param other the other CPU's.
     * @return a new value.
     */
    public WorkloadTraffic plus(final WorkloadTraffic other) {
        return new WorkloadTraffic(
            fromWorkloadPackets + other.fromWorkloadPackets, fromWorkloadBytes + other.fromWorkloadBytes,
            toWorkloadPackets + other.toWorkloadPackets, toWorkloadBytes + other.toWorkloadBytes,
            deliveredPackets + other.deliveredPackets, deliveredBytes + other.deliveredBytes,
            handedPackets + other.handedPackets, handedBytes + other.handedBytes,
            droppedPackets + other.droppedPackets, droppedBytes + other.droppedBytes);
    }

    private static final class Codec implements MapCodec<WorkloadTraffic> {
        private static final int FIELD_COUNT = 10;

        @Override
        public int size() {
            return FIELD_COUNT * Long.BYTES;
        }

        @Override
        public void write(final MemorySegment target, final WorkloadTraffic value) {
            final long[] fields = {value.fromWorkloadPackets, value.fromWorkloadBytes, value.toWorkloadPackets,
                value.toWorkloadBytes, value.deliveredPackets, value.deliveredBytes, value.handedPackets,
                value.handedBytes, value.droppedPackets, value.droppedBytes};
            MemorySegment.copy(fields, 0, target, ValueLayout.JAVA_LONG_UNALIGNED, 0, FIELD_COUNT);
        }

        @Override
        public WorkloadTraffic read(final MemorySegment source) {
            final long[] f = source.asSlice(0, size()).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
            return new WorkloadTraffic(f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]);
        }
    }
}

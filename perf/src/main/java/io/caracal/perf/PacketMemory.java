package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.stage.SyntheticFrame;
import io.caracal.stage.SyntheticTraffic;
import io.caracal.stage.WorkloadTable;
import io.caracal.umem.Umem;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * 4096 different packets as they lie in a UMEM: one per 4096-byte frame, behind the kernel's headroom, so that every
 * header starts at the same place of a page and contends for the same cache sets, as in the engine. Off-heap; freed by
 * {@link #close()}. Belongs to one benchmark thread.
 */
final class PacketMemory implements AutoCloseable {
    /** Packets, and operations of one benchmark invocation. */
    static final int PACKETS = 4096;
    /** Bursts that they fill. */
    static final int BURSTS = PACKETS / PacketBurst.MAX_PACKETS;

    private static final int PODS = 200;
    private static final long SEED = 42;

    final MemorySegment segment;
    final UnsafeBuffer buffer;
    final int[] lengths = new int[PACKETS];
    private final long[] addresses = new long[PACKETS];
    final WorkloadTable workloads;

    private final Umem umem = Umem.create("packets", PACKETS);

    /**
     * Writes the packets.
     *
     * @param kinds what they are, in turn; none means every kind and some malformed.
     */
    PacketMemory(final SyntheticFrame... kinds) {
        segment = umem.segment();
        buffer = umem.buffer();
        final SyntheticTraffic traffic = new SyntheticTraffic(SEED, PODS);
        workloads = traffic.workloads();
        for (int packet = 0; packet < PACKETS; packet++) {
            addresses[packet] = offset(packet);
            lengths[packet] = kinds.length == 0
                ? traffic.nextFrame(buffer, offset(packet), Umem.MAX_PACKET_LENGTH)
                : traffic.nextFrame(
                    buffer, offset(packet), Umem.MAX_PACKET_LENGTH, kinds[packet % kinds.length]);
        }
    }

    /** Index of a packet's first byte. */
    static int offset(final int packet) {
        return packet * Umem.FRAME_SIZE + Umem.RX_HEADROOM;
    }

    /** Fills a burst with 64 packets in a row: addresses, lengths, and nothing decided. What it costs is the port's. */
    void receive(final PacketBurst burst, final int burstNumber) {
        final int first = burstNumber * PacketBurst.MAX_PACKETS;
        burst.clear();
        for (int packet = first; packet < first + PacketBurst.MAX_PACKETS; packet++) {
            burst.add(addresses[packet], lengths[packet]);
        }
    }

    @Override
    public void close() {
        umem.close();
    }
}

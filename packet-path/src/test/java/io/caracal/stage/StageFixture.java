package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.Umem;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A burst over heap memory and the chain of stages that an engine runs. Pods: interface 12 with 10.65.0.7 and
 * fd00:10:65::7, interface 13 with 10.65.0.9 and fd00:10:65::9.
 */
final class StageFixture {
    static final int POD_IFINDEX = 12;
    static final int PEER_IFINDEX = 13;
    static final Ipv6Text POD_IPV6 = Ipv6Text.parse("fd00:10:65::7");
    static final Ipv6Text PEER_IPV6 = Ipv6Text.parse("fd00:10:65::9");
    /** Where the kernel puts a packet in its frame: XDP_PACKET_HEADROOM. */
    static final int HEADROOM = 256;

    final UnsafeBuffer umem = new UnsafeBuffer(ByteBuffer.allocateDirect(PacketBurst.MAX_PACKETS * Umem.FRAME_SIZE));
    final PacketBurst burst = new PacketBurst(umem);
    final FrameWriter frames = new FrameWriter(umem);
    final SymmetricFlowHash hash = new SymmetricFlowHash(7);
    final WorkloadTablePublisher tables = new WorkloadTablePublisher();
    final StageChain chain =
        new StageChain(new ParseStage(hash), new NeighbourStage(tables), new ForwardStage(tables));

    StageFixture() {
        tables.publish(new WorkloadTable.Builder()
            .put(Workload.of(POD_IFINDEX, "10.65.0.7", "fd00:10:65::7"))
            .put(Workload.of(PEER_IFINDEX, "10.65.0.9", "fd00:10:65::9"))
            .build());
    }

    /** Where the next packet of the burst belongs. */
    int nextOffset() {
        return burst.count * Umem.FRAME_SIZE + HEADROOM;
    }

    /** A writer at {@link #nextOffset}; give the length it returns to {@link #add(int)}. */
    FrameWriter next() {
        return frames.at(nextOffset());
    }

    /** Appends the packet written at {@link #nextOffset}. */
    int add(final int length) {
        burst.add(nextOffset(), length);
        return burst.count - 1;
    }

    /** Appends a captured frame as if a pod had sent it. */
    int addFromWorkload(final String hex, final int ifindex) {
        final byte[] bytes = HexFormat.of().parseHex(hex);
        umem.putBytes(nextOffset(), bytes);
        PuntHeader.write(umem, nextOffset(), (byte)PuntHeader.CODE_FROM_WORKLOAD, ifindex);
        return add(bytes.length);
    }

    /** Runs the chain over all rows. */
    void run() {
        chain.process(burst, 0);
    }

    /** Runs the chain over one packet written by {@link #next} and says what came of it. */
    String outcome(final int length) {
        final int row = add(length);
        run();
        return outcomeOf(row);
    }

    /** {@code drop REASON}, {@code workload IFINDEX}, {@code host IFINDEX}, or {@code undecided}. */
    String outcomeOf(final int row) {
        return switch (burst.verdict(row)) {
            case Verdict.DROP -> "drop " + DropReason.byId(burst.dropReason(row));
            case Verdict.TRANSMIT -> (burst.egressAction(row) == EgressAction.TO_WORKLOAD ? "workload " : "host ")
                + burst.egressIfindex(row);
            default -> "undecided";
        };
    }

    /** Bytes of a row from its l3 header on. */
    String l3Hex(final int row) {
        final int l3Offset = burst.l3Offset(row);
        return HexFormat.of().formatHex(bytes(row), l3Offset, burst.length(row));
    }

    /** All bytes of a row. */
    byte[] bytes(final int row) {
        final byte[] bytes = new byte[burst.length(row)];
        umem.getBytes(burst.offset(row), bytes);
        return bytes;
    }
}

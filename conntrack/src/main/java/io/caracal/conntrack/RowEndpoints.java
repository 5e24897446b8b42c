package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.PuntHeader;
import org.agrona.concurrent.UnsafeBuffer;

/** Which workloads of this node a row's flow has at its ends; {@link WorkloadTable#NONE} for none. */
final class RowEndpoints {
    private RowEndpoints() {
    }

    /** The pod whose egress policy is asked: the sender, also where the host's stack hides its address. */
    static int sourceLeg(final PacketBurst burst, final int row, final WorkloadTable table) {
        return switch (burst.direction(row)) {
            case Direction.FROM_WORKLOAD -> burst.ingressIfindex(row);
            case Direction.FROM_UPLINK -> WorkloadTable.NONE;
            default -> {
                final int origin = PuntHeader.originIfindex(burst.umem(), burst.offset(row));
                yield table.workload(origin) == null ? source(burst, row, table) : origin;
            }
        };
    }

    /** The pod whose ingress policy is asked. */
    static int destinationLeg(final PacketBurst burst, final int row, final WorkloadTable table) {
        return switch (burst.direction(row)) {
            case Direction.TO_WORKLOAD -> burst.ingressIfindex(row);
            case Direction.TO_UPLINK -> WorkloadTable.NONE;
            default -> destination(burst, row, table);
        };
    }

    /** The pod that has the source address. */
    static int source(final PacketBurst burst, final int row, final WorkloadTable table) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        return burst.ipVersion(row) == 4 ? table.ipv4Ifindex(Ipv4Header.source(umem, l3))
            : table.ipv6Ifindex(Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3));
    }

    private static int destination(final PacketBurst burst, final int row, final WorkloadTable table) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        return burst.ipVersion(row) == 4 ? table.ipv4Ifindex(Ipv4Header.destination(umem, l3))
            : table.ipv6Ifindex(Ipv6Header.destinationHigh(umem, l3), Ipv6Header.destinationLow(umem, l3));
    }
}

package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/** Which workloads of this node have a row's addresses; {@link WorkloadTable#NONE} for none. */
final class RowEndpoints {
    private RowEndpoints() {
    }

    static int source(final PacketBurst burst, final int row, final WorkloadTable table) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset[row];
        return burst.ipVersion[row] == 4 ? table.ipv4Ifindex(Ipv4Header.source(umem, l3))
            : table.ipv6Ifindex(Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3));
    }

    static int destination(final PacketBurst burst, final int row, final WorkloadTable table) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset[row];
        return burst.ipVersion[row] == 4 ? table.ipv4Ifindex(Ipv4Header.destination(umem, l3))
            : table.ipv6Ifindex(Ipv6Header.destinationHigh(umem, l3), Ipv6Header.destinationLow(umem, l3));
    }
}

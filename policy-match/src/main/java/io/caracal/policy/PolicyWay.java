package io.caracal.policy;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.wire.PuntHeader;

/**
 * By which interfaces a packet comes and leaves, as policy sees it, from the columns that parsing and routing have set.
 * Immutable; any thread.
 *
 * @param uplinkIfindex the interface of packets to and from other nodes and the world outside, for host endpoints.
 */
public record PolicyWay(int uplinkIfindex) {
    /** The way is not known yet: the host's stack translates the destination first, and the packet comes back. */
    public static final int NOT_YET = -1;

    /**
     * Where a packet came in.
     *
     * @param burst the burst.
     * @param row its row.
     * @param sourceWorkload ifindex of the pod that has its source address, or 0.
     * @return ifindex, or {@link PolicyPacket#HOST}.
     */
    public int in(final PacketBurst burst, final int row, final int sourceWorkload) {
        return switch (burst.direction[row]) {
            case Direction.FROM_WORKLOAD -> burst.ingressIfindex[row];
            case Direction.FROM_UPLINK -> uplinkIfindex;
            case Direction.TO_WORKLOAD -> {
                final int origin = PuntHeader.originIfindex(burst.umem(), burst.offset(row));
                yield sourceWorkload == 0 || origin == PolicyPacket.HOST ? origin : sourceWorkload;
            }
            default -> sourceWorkload;
        };
    }

    /**
     * Where a packet will leave.
     *
     * @param burst the burst.
     * @param row its row.
     * @return ifindex, {@link PolicyPacket#HOST}, or {@link #NOT_YET}.
     */
    public int out(final PacketBurst burst, final int row) {
        if (burst.direction[row] == Direction.TO_WORKLOAD) {
            return burst.ingressIfindex[row];
        }
        final long route = burst.route[row];
        return switch (RouteWord.kind(route)) {
            case RouteKind.LOCAL_WORKLOAD -> RouteWord.ifindex(route);
            case RouteKind.HOST -> PolicyPacket.HOST;
            case RouteKind.SERVICE -> NOT_YET;
            default -> uplinkIfindex;
        };
    }
}

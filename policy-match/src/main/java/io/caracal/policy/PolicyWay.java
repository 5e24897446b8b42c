package io.caracal.policy;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.wire.PuntHeader;

/**
 * By which interfaces a packet comes and leaves, as policy sees it, from the columns that parsing and routing have set:
 * pods of other nodes are behind the overlay's devices, everything else beyond this node behind the uplink. An {@code
 * eth0} host endpoint therefore does not see other nodes' pods.
 *
 * <p>Workers read; one thread, control's, says which overlay devices there are.</p>
 */
public final class PolicyWay {
    /** The way is not known yet: the host's stack translates the destination first, and the packet comes back. */
    public static final int NOT_YET = -1;

    private final int uplinkIfindex;
    private volatile int overlayIpv4Ifindex;
    private volatile int overlayIpv6Ifindex;

    /**
     * A way without overlay.
     *
     * @param uplinkIfindex the interface of packets to and from the world outside, for host endpoints.
     */
    public PolicyWay(final int uplinkIfindex) {
        this.uplinkIfindex = uplinkIfindex;
    }

    /**
     * The overlay's devices, once policy knows them: packets of an unknown interface are denied.
     *
     * @param ipv4Ifindex {@code vxlan.calico}, or 0 while there is none.
     * @param ipv6Ifindex {@code vxlan-v6.calico}, or 0.
     */
    public void overlay(final int ipv4Ifindex, final int ipv6Ifindex) {
        overlayIpv4Ifindex = ipv4Ifindex;
        overlayIpv6Ifindex = ipv6Ifindex;
    }

    private int overlay(final PacketBurst burst, final int row) {
        final int ifindex = burst.ipVersion(row) == 4 ? overlayIpv4Ifindex : overlayIpv6Ifindex;
        return ifindex == 0 ? uplinkIfindex : ifindex;
    }

    /** Whether it was in a tunnel: Java has unwrapped it, or the kernel's own device brings it. */
    private boolean isByOverlay(final PacketBurst burst, final int row) {
        final int ifindex = burst.ingressIfindex(row);
        return (burst.flags(row) & PacketFlags.DECAPSULATED) != 0 || ifindex != 0
            && (ifindex == overlayIpv4Ifindex || ifindex == overlayIpv6Ifindex);
    }

    /**
     * Where a packet came in.
     *
     * @param burst the burst.
     * @param row its row.
     * @param sourceWorkload ifindex of the pod that has its source address, or 0.
     * @return ifindex, or {@link PolicyPacket#HOST}.
     */
    public int in(final PacketBurst burst, final int row, final int sourceWorkload) {
        return switch (burst.direction(row)) {
            case Direction.FROM_WORKLOAD -> burst.ingressIfindex(row);
            case Direction.FROM_UPLINK -> isByOverlay(burst, row) ? overlay(burst, row) : uplinkIfindex;
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
        if (burst.direction(row) == Direction.TO_WORKLOAD) {
            return burst.ingressIfindex(row);
        }
        final long route = burst.route(row);
        return switch (RouteWord.kind(route)) {
            case RouteKind.LOCAL_WORKLOAD -> RouteWord.ifindex(route);
            case RouteKind.HOST -> PolicyPacket.HOST;
            case RouteKind.SERVICE -> NOT_YET;
            case RouteKind.REMOTE_WORKLOAD -> overlay(burst, row);
            default -> uplinkIfindex;
        };
    }
}

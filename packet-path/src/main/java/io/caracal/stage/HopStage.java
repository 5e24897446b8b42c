package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * This node as a hop on a packet's way (RFC 1812 section 5): is there a way on, does the TTL reach, does the packet fit
 * the next link, its tunnel's headers included? If not, the sender is told ({@link IcmpResponder}). Takes one from the
 * TTL. Belongs to one worker; follows the route stage and what decides about connections and policy.
 *
 * <p>Not a hop: what the host's stack sends, which has done all of this, and what goes to that stack, which will.</p>
 */
public final class HopStage implements PacketStage {
    private final ForwardingPublisher forwardingTables;
    private final IcmpResponder responder;

    /**
     * Makes the stage.
     *
     * @param forwardingTables next hops and their sizes; read once per burst.
     * @param responder tells senders.
     */
    public HopStage(final ForwardingPublisher forwardingTables, final IcmpResponder responder) {
        this.forwardingTables = forwardingTables;
        this.responder = responder;
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final ForwardingTables tables = forwardingTables.current();
        responder.begin(tables, nowNs);
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED && burst.ipVersion(row) != 0
                && burst.direction(row) != Direction.TO_WORKLOAD
                && (burst.flags(row) & PacketFlags.LOCALLY_MADE) == 0) {
                pass(burst, umem, tables, row);
            }
        }
    }

    private void pass(
        final PacketBurst burst, final UnsafeBuffer umem, final ForwardingTables tables, final int row) {
        final long route = burst.route(row);
        switch (RouteWord.kind(route)) {
            case RouteKind.NONE ->
                responder.refuse(burst, row, DropReason.ROUTE_MISSING, IcmpError.NO_ROUTE, 0);
            case RouteKind.BLACKHOLE -> burst.drop(row, DropReason.BLACKHOLE_ROUTE);
            case RouteKind.LOCAL_WORKLOAD ->
                checkHop(burst, umem, row, tables.options().workloadMtu());
            case RouteKind.HOST, RouteKind.SERVICE -> {
                /* The host's stack takes its own TTL. */
            }
            default -> passOn(burst, umem, tables, row);
        }
    }

    private void passOn(
        final PacketBurst burst, final UnsafeBuffer umem, final ForwardingTables tables, final int row) {
        final int nextHop = RouteWord.nextHop(burst.route(row));
        if (nextHop == NextHopTable.NONE) {
            return;
        }
        if (tables.nextHops().kind(nextHop) == NextHopTable.KIND_NONE) {
            responder.refuse(
                burst, row, DropReason.NEXT_HOP_UNKNOWN, IcmpError.HOST_UNREACHABLE, 0);
            return;
        }
        checkHop(burst, umem, row, tables.nextHops().mtu(nextHop));
    }

    private void checkHop(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int mtu) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final boolean v4 = burst.ipVersion(row) == 4;
        final boolean takesTtl = burst.direction(row) != Direction.TO_UPLINK;
        if (takesTtl && (v4 ? Ipv4Header.ttl(umem, l3) : Ipv6Header.hopLimit(umem, l3)) <= 1) {
            responder.refuse(burst, row, DropReason.TTL_EXPIRED, IcmpError.TTL_EXCEEDED, 0);
            return;
        }
        if (burst.length(row) - burst.l3Offset(row) > mtu
            && (!v4 || (Ipv4Header.fragmentWord(umem, l3) & Ipv4Header.DONT_FRAGMENT) != 0)) {
            responder.refuse(burst, row, DropReason.PACKET_TOO_BIG, IcmpError.TOO_BIG, mtu);
            return;
        }
        if (takesTtl) {
            if (v4) {
                Ipv4Header.decrementTtl(umem, l3);
            } else {
                Ipv6Header.decrementHopLimit(umem, l3);
            }
        }
    }
}

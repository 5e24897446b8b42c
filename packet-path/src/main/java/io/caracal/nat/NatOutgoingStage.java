package io.caracal.nat;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteWord;
import io.caracal.stage.PacketStage;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives packets that leave for outside the node's address: those whose source is in a pool with {@code natOutgoing}, to
 * destinations in no pool, and to other nodes unless they are excluded (Felix, {@code rules/nat.go}). Belongs to one
 * worker; follows what decides about connections and policy, which see the pod's address; the flow hash stays that of
 * the pod's flow.
 *
 * <p>What the host's stack would send on (no next hop) is left to that stack. An ICMP error of a pod is translated by
 * the binding of the packet that it quotes, and dropped without one.</p>
 */
public final class NatOutgoingStage implements PacketStage {
    private final ForwardingPublisher forwardingTables;
    private final NatBindings bindings;
    private final NatErrorRewriter errors;
    private final NatRewriter packet = new NatRewriter();
    private final NatTuple tuple = new NatTuple();

    /**
     * Makes the stage.
     *
     * @param forwardingTables pools, as flags of routes; read once per burst.
     * @param bindings the worker's.
     */
    public NatOutgoingStage(final ForwardingPublisher forwardingTables, final NatBindings bindings) {
        this.forwardingTables = forwardingTables;
        this.bindings = bindings;
        errors = new NatErrorRewriter(bindings);
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final ForwardingTables tables = forwardingTables.current();
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED && burst.ipVersion(row) != 0
                && (burst.flags(row) & PacketFlags.LOCALLY_MADE) == 0 && leaves(burst, umem, tables, row)) {
                translate(burst, umem, row, nowNs);
            }
        }
    }

    private static boolean leaves(
        final PacketBurst burst, final UnsafeBuffer umem, final ForwardingTables tables, final int row) {
        final byte direction = burst.direction(row);
        return (direction == Direction.FROM_WORKLOAD || direction == Direction.TO_UPLINK)
            && leadsOut(burst.route(row), tables)
            && isMasqueraded(routeOfSource(burst, umem, tables.routes(), row));
    }

    /**
     * Whether what goes to a destination gets the node's address, if its source is masqueraded. Any thread.
     *
     * @param destination its route, by these tables.
     * @param tables what the routes and the exclusions are.
     * @return false for pools, for excluded hosts and ranges, and for what the host's stack is to send.
     */
    public static boolean leadsOut(final long destination, final ForwardingTables tables) {
        final int kind = RouteWord.kind(destination);
        return (kind == RouteKind.OUTSIDE || kind == RouteKind.REMOTE_HOST && !tables.options().natExcludesHosts())
            && RouteWord.nextHop(destination) != NextHopTable.NONE
            && (RouteWord.flags(destination) & (RouteFlags.IN_POOL | RouteFlags.KEEPS_SOURCE)) == 0;
    }

    /**
     * Whether a source is hidden from the outside. Any thread.
     *
     * @param source its route.
     * @return true for a pod of a pool with {@code natOutgoing}.
     */
    public static boolean isMasqueraded(final long source) {
        return (RouteWord.flags(source) & RouteFlags.NAT_OUTGOING) != 0;
    }

    private static long routeOfSource(
        final PacketBurst burst, final UnsafeBuffer umem, final RouteTable routes, final int row) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        return burst.ipVersion(row) == 4 ? routes.ipv4(Ipv4Header.source(umem, l3))
            : routes.ipv6(Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3));
    }

    private void translate(final PacketBurst burst, final UnsafeBuffer umem, final int row, final long nowNs) {
        if ((burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
            if (!errors.translateOutgoing(burst, umem, row)) {
                burst.drop(row, DropReason.NAT_BINDING_UNKNOWN);
            }
            return;
        }
        NatRows.aim(packet, burst, umem, row);
        packet.readAddresses(tuple);
        NatRows.readPorts(burst, row, tuple);
        if (!bindings.bind(tuple, nowNs)) {
            burst.drop(row, DropReason.NAT_PORTS_EXHAUSTED);
            return;
        }
        packet.writeSource(tuple);
        burst.sourcePort(row, tuple.sourcePort);
    }
}

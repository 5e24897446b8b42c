package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.route.VtepTable;
import io.caracal.umem.FramePool;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The last stage: sends each row where its route leads, cut into fragments where that is needed and allowed, with the
 * link header or tunnel of its next hop in front. Belongs to one worker; reads the tables once per burst.
 *
 * <p>Packets whose next hop's MAC is not known wait here: 8 for each next hop, 64 in all, a second at most. The control
 * thread has the kernel ask for every neighbour that a next hop names, so this is the exception.</p>
 */
public final class TransmitStage implements PacketStage {
    /** Rows that can wait for neighbours at once: a sum of the worker's frames. */
    public static final int WAITING_MAX = 64;

    private static final int WAITING_PER_NEXT_HOP_MAX = 8;
    /** As long as the kernel asks: three solicitations, a second apart, would keep senders waiting for nothing. */
    private static final long WAIT_MAX_NS = 1_000_000_000L;

    private final ForwardingPublisher forwardingTables;
    private final Ipv4Fragmenter fragmenter;
    private final LinkHeaderWriter headers = new LinkHeaderWriter();
    private final HeldRows waiting;

    /**
     * Makes the stage.
     *
     * @param forwardingTables next hops and sizes.
     * @param pool the worker's frames: fragments are made in them.
     */
    public TransmitStage(final ForwardingPublisher forwardingTables, final FramePool pool) {
        this.forwardingTables = forwardingTables;
        fragmenter = new Ipv4Fragmenter(pool);
        waiting = new HeldRows(pool.ledger(), WAITING_MAX);
    }

    /**
     * How many rows wait for neighbours. The worker's thread, for tests and metrics.
     *
     * @return 0 .. {@link #WAITING_MAX}.
     */
    public int waitingCount() {
        return waiting.count();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final ForwardingTables tables = forwardingTables.current();
        final UnsafeBuffer umem = burst.umem();
        if (waiting.count() > 0) {
            takeBackWaiting(burst, tables.nextHops(), nowNs);
        }
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED && burst.ipVersion(row) != 0) {
                transmit(burst, umem, tables, row, nowNs);
            }
        }
    }

    private void takeBackWaiting(final PacketBurst burst, final NextHopTable nextHops, final long nowNs) {
        int index = 0;
        while (index < waiting.count() && burst.room() > 0) {
            final int nextHop = waiting.key(index);
            final boolean resolved = nextHops.kind(nextHop) != NextHopTable.KIND_NONE && nextHops.isResolved(nextHop);
            if (resolved) {
                waiting.restore(burst, index);
            } else if (nextHops.kind(nextHop) == NextHopTable.KIND_NONE || waiting.isExpired(index, nowNs)) {
                burst.drop(waiting.restore(burst, index), DropReason.NEIGHBOUR_UNRESOLVED);
            } else {
                index++;
            }
        }
    }

    private void transmit(
        final PacketBurst burst, final UnsafeBuffer umem, final ForwardingTables tables, final int row,
        final long nowNs) {
        final long route = burst.route(row);
        switch (RouteWord.kind(route)) {
            case RouteKind.LOCAL_WORKLOAD -> deliver(burst, umem, row, tables.options().workloadMtu());
            case RouteKind.HOST, RouteKind.SERVICE -> handToHost(burst, tables.vteps().device(), row);
            case RouteKind.NONE -> burst.drop(row, DropReason.ROUTE_MISSING);
            case RouteKind.BLACKHOLE -> burst.drop(row, DropReason.BLACKHOLE_ROUTE);
            default -> passOn(burst, umem, tables, row, nowNs);
        }
    }

    private void deliver(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int mtu) {
        final int firstAdded = burst.count;
        if (isTooBig(burst, row, mtu) && burst.direction(row) != Direction.TO_WORKLOAD
            && !fragmenter.cut(burst, umem, row, mtu)) {
            return;
        }
        final int ifindex = RouteWord.ifindex(burst.route(row));
        burst.transmit(row, EgressAction.TO_WORKLOAD, ifindex);
        for (int added = firstAdded; added < burst.count; added++) {
            burst.transmit(added, EgressAction.TO_WORKLOAD, ifindex);
        }
    }

    /**
     * What the host's stack has sent must not go back to it, or it would go round. The answer to what the stack has
     * translated is policed, and says so: the client may be outside, behind a node port.
     */
    private static void handToHost(final PacketBurst burst, final VtepTable.Device overlay, final int row) {
        final byte direction = burst.direction(row);
        if (direction == Direction.FROM_WORKLOAD || (burst.flags(row) & PacketFlags.LOCALLY_MADE) != 0) {
            final boolean isAnswer = burst.tracking(row) == Tracking.ESTABLISHED && burst.flow(row) >= 0
                && (burst.flow(row) & 1) != 0;
            burst.transmit(row, isAnswer ? EgressAction.TO_HOST_APPROVED : EgressAction.TO_HOST,
                burst.ingressIfindex(row));
        } else if (direction == Direction.FROM_UPLINK) {
            burst.transmit(row, EgressAction.TO_HOST, arrivalIfindex(burst, overlay, row));
        } else {
            burst.drop(row, DropReason.DESTINATION_UNKNOWN);
        }
    }

    /**
     * The interface by which the host's stack would have got a packet without the engine: what came in a tunnel from
     * its own overlay device, for its reverse path filter to be content.
     */
    private static int arrivalIfindex(final PacketBurst burst, final VtepTable.Device overlay, final int row) {
        final int device = (burst.flags(row) & PacketFlags.DECAPSULATED) == 0 ? 0
            : burst.ipVersion(row) == 4 ? overlay.ifindexIpv4() : overlay.ifindexIpv6();
        return device == 0 ? burst.ingressIfindex(row) : device;
    }

    /**
     * By the host's own routes, where no next hop is known here. The packet is policed, and says so, or the programs of
     * uplinks would bring it back; what came from there goes on by the device that it was on its way to.
     */
    private static void passOnByHost(final PacketBurst burst, final VtepTable.Device overlay, final int row) {
        switch (burst.direction(row)) {
            case Direction.FROM_WORKLOAD -> burst.transmit(
                row, EgressAction.TO_HOST_APPROVED, burst.ingressIfindex(row));
            case Direction.TO_UPLINK -> burst.transmit(row, EgressAction.TO_DEVICE, burst.ingressIfindex(row));
            default -> handToHost(burst, overlay, row);
        }
    }

    private void passOn(
        final PacketBurst burst, final UnsafeBuffer umem, final ForwardingTables tables, final int row,
        final long nowNs) {
        final NextHopTable nextHops = tables.nextHops();
        final int id = RouteWord.nextHop(burst.route(row));
        if (id == NextHopTable.NONE) {
            passOnByHost(burst, tables.vteps().device(), row);
        } else if (nextHops.kind(id) == NextHopTable.KIND_NONE) {
            burst.drop(row, DropReason.NEXT_HOP_UNKNOWN);
        } else if (!nextHops.isResolved(id)) {
            await(burst, row, id, nowNs);
        } else {
            send(burst, umem, nextHops, row, id);
        }
    }

    private void await(final PacketBurst burst, final int row, final int id, final long nowNs) {
        if (waiting.isFull() || waiting.countOf(id) >= WAITING_PER_NEXT_HOP_MAX) {
            burst.drop(row, DropReason.NEIGHBOUR_UNRESOLVED);
        } else {
            waiting.hold(burst, row, id, nowNs + WAIT_MAX_NS);
        }
    }

    private void send(
        final PacketBurst burst, final UnsafeBuffer umem, final NextHopTable nextHops, final int row, final int id) {
        final int firstAdded = burst.count;
        if (isTooBig(burst, row, nextHops.mtu(id)) && !fragmenter.cut(burst, umem, row, nextHops.mtu(id))) {
            return;
        }
        headers.send(burst, umem, row, nextHops, id);
        for (int added = firstAdded; added < burst.count; added++) {
            headers.send(burst, umem, added, nextHops, id);
        }
    }

    private static boolean isTooBig(final PacketBurst burst, final int row, final int mtu) {
        return burst.length(row) - burst.l3Offset(row) > mtu && burst.ipVersion(row) == 4;
    }
}

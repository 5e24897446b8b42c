package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.FlowApprovals;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteWord;
import io.caracal.umem.FrameLedger;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.PuntHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finds out for policy who is behind an address of this node. kube-proxy masquerades clients of node ports and of
 * hairpins behind the node's address before tc sees the packet, but Felix's rules, in the FORWARD chain, judge the
 * address that the client came with; only the kernel's connection tracking knows it. The first packet of such a flow
 * waits here while another thread asks ({@link ClientQuestions}).
 *
 * <p>Two stages around connection tracking: {@link #release} puts rows whose answer has come back into the burst before
 * it, {@link #ask} holds new ones behind it, or tells policy the answer in {@link FlowApprovals}. Belongs to one
 * worker; allocates nothing. A packet that the host itself sends came by no interface and is never asked about.</p>
 */
public final class MasqueradedClients {
    /** Rows that can wait for an answer at once: a sum of the worker's frames. */
    public static final int WAITING_MAX = ClientQuestions.SLOTS;

    /** The kernel answers in some ten microseconds; who has not answered by then will not. */
    private static final long WAIT_MAX_NS = 1_000_000_000L;
    private static final int NOBODY = -1;

    private final ClientQuestions questions;
    private final ForwardingPublisher forwardingTables;
    private final FlowApprovals approvals;
    private final HeldRows waiting;
    /** Slots whose row has been dropped meanwhile. */
    private final boolean[] isAbandoned = new boolean[ClientQuestions.SLOTS];
    private int abandonedCount;
    /** Of the rows that were released into this burst: the slot of the answer. */
    private final int[] slotOfRow = new int[PacketBurst.MAX_PACKETS];
    private int releasedFrom;
    private int releasedTo;

    /**
     * Makes both stages.
     *
     * @param questions to a thread that knows.
     * @param forwardingTables tells this node's addresses.
     * @param approvals where policy reads the answer.
     * @param ledger of the worker's frames.
     */
    public MasqueradedClients(final ClientQuestions questions, final ForwardingPublisher forwardingTables,
        final FlowApprovals approvals, final FrameLedger ledger) {
        this.questions = questions;
        this.forwardingTables = forwardingTables;
        this.approvals = approvals;
        waiting = new HeldRows(ledger, WAITING_MAX);
    }

    /**
     * The stage before connection tracking: rows whose answer has come.
     *
     * @param burst the burst.
     * @param nowNs the cycle's time.
     */
    public void release(final PacketBurst burst, final long nowNs) {
        freeReleased();
        releasedFrom = burst.count;
        int index = 0;
        while (index < waiting.count() && burst.count < PacketBurst.MAX_PACKETS) {
            final int slot = waiting.key(index);
            if (questions.isAnswered(slot)) {
                slotOfRow[waiting.restore(burst, index)] = slot;
            } else if (waiting.isExpired(index, nowNs)) {
                final int row = waiting.restore(burst, index);
                slotOfRow[row] = NOBODY;
                burst.drop(row, DropReason.CLIENT_UNKNOWN);
                isAbandoned[slot] = true;
                abandonedCount++;
            } else {
                index++;
            }
        }
        releasedTo = burst.count;
        if (abandonedCount > 0) {
            freeAbandoned();
        }
    }

    private void freeAbandoned() {
        for (int slot = 0; slot < ClientQuestions.SLOTS; slot++) {
            if (isAbandoned[slot] && questions.isAnswered(slot)) {
                isAbandoned[slot] = false;
                abandonedCount--;
                questions.free(slot);
            }
        }
    }

    /**
     * The stage between connection tracking and policy: asks, or tells the answer.
     *
     * @param burst the burst.
     * @param nowNs the cycle's time.
     */
    public void ask(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            final boolean isReleased = row >= releasedFrom && row < releasedTo && slotOfRow[row] != NOBODY;
            if (burst.tracking(row) == Tracking.NEW && burst.verdict(row) == Verdict.UNDECIDED
                && isMasqueraded(burst, umem, row)) {
                if (isReleased) {
                    tell(row, slotOfRow[row]);
                } else {
                    ask(burst, umem, row, nowNs);
                }
            }
        }
        freeReleased();
    }

    /** After a cycle, or after one that threw on its way. */
    private void freeReleased() {
        for (int row = releasedFrom; row < releasedTo; row++) {
            if (slotOfRow[row] != NOBODY) {
                questions.free(slotOfRow[row]);
            }
        }
        releasedTo = releasedFrom;
    }

    private void tell(final int row, final int slot) {
        approvals.client(row, questions.clientHigh(slot), questions.clientLow(slot), questions.clientPort(slot));
    }

    /** From the host's stack, by an interface, with an address of this node. */
    private boolean isMasqueraded(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final byte direction = burst.direction(row);
        final int protocol = burst.ipProtocol(row);
        if (direction != Direction.TO_WORKLOAD && direction != Direction.TO_UPLINK
            || protocol != IpProtocol.TCP && protocol != IpProtocol.UDP && protocol != IpProtocol.SCTP
            || PuntHeader.originIfindex(umem, burst.offset(row)) == 0
            || (burst.flags(row) & PacketFlags.LOCALLY_MADE) != 0) {
            return false;
        }
        final RouteTable routes = forwardingTables.current().routes();
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final long source = burst.ipVersion(row) == 4 ? routes.ipv4(Ipv4Header.source(umem, l3))
            : routes.ipv6(Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3));
        return RouteWord.kind(source) == RouteKind.HOST;
    }

    private void ask(final PacketBurst burst, final UnsafeBuffer umem, final int row, final long nowNs) {
        final int slot = waiting.isFull() ? NOBODY : questions.freeSlot();
        if (slot == NOBODY) {
            burst.drop(row, DropReason.CLIENT_UNKNOWN);
            return;
        }
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final boolean ipv6 = burst.ipVersion(row) == 6;
        questions.fill(slot, ipv6, burst.ipProtocol(row), burst.sourcePort(row), burst.destinationPort(row));
        if (ipv6) {
            questions.fillAddresses(slot, Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3),
                Ipv6Header.destinationHigh(umem, l3), Ipv6Header.destinationLow(umem, l3));
        } else {
            questions.fillAddresses(slot, (long)Ipv4Header.source(umem, l3) << Integer.SIZE, 0,
                (long)Ipv4Header.destination(umem, l3) << Integer.SIZE, 0);
        }
        waiting.hold(burst, row, slot, nowNs + WAIT_MAX_NS);
        questions.ask(slot);
    }
}

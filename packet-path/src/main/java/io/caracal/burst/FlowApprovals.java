package io.caracal.burst;

/**
 * What policy says about the rows of a burst that are {@link Tracking#NEW}, as columns beside the burst: written by
 * connection tracking (which endpoints a flow has) and by the policy stage (what each leg's policy said), read by the
 * stage that commits flows.
 *
 * <p>A flow has two legs: the egress policy of its source and the ingress policy of its destination. A leg without
 * workload ({@link #NO_WORKLOAD}) needs no approval. A packet that policy denies is dropped by the policy stage itself;
 * a row that is left undecided with a leg that nobody has approved passes, but its flow stays unapproved on that leg.
 * Belongs to one worker, made once, one thread.</p>
 *
 * <pre>{@code
 * if (burst.tracking(row) == Tracking.NEW && approvals.sourceIfindex[row] != FlowApprovals.NO_WORKLOAD) {
 *     final int rule = egress.firstAllowing(burst, row);
 *     if (rule < 0) { burst.drop(row, reason); } else { approvals.approveSource(row, generation, rule); }
 * }
 * }</pre>
 */
public final class FlowApprovals {
    /** Interface of a leg whose end is no workload of this node. */
    public static final int NO_WORKLOAD = 0;
    /** Bit of {@link #legs}: the source's leg is approved. */
    public static final byte SOURCE = 1;
    /** Bit of {@link #legs}: the destination's leg is approved. */
    public static final byte DESTINATION = 2;

    /** Kernel ifindex of the workload that is the flow's source, or {@link #NO_WORKLOAD}. */
    public final int[] sourceIfindex = new int[PacketBurst.MAX_PACKETS];
    /** Kernel ifindex of the workload that is the flow's destination, or {@link #NO_WORKLOAD}. */
    public final int[] destinationIfindex = new int[PacketBurst.MAX_PACKETS];
    /** Which legs are approved. */
    public final byte[] legs = new byte[PacketBurst.MAX_PACKETS];
    /** Generation of the policy that approved the source's leg. */
    public final int[] sourceGeneration = new int[PacketBurst.MAX_PACKETS];
    /** Rule that approved the source's leg, as the policy numbers it. */
    public final int[] sourceRule = new int[PacketBurst.MAX_PACKETS];
    /** Generation of the policy that approved the destination's leg. */
    public final int[] destinationGeneration = new int[PacketBurst.MAX_PACKETS];
    /** Rule that approved the destination's leg, as the policy numbers it. */
    public final int[] destinationRule = new int[PacketBurst.MAX_PACKETS];
    /**
     * Whether policy would say the same of the packet with any other source port, and has nothing else to do about it:
     * it need not be asked again about such packets.
     */
    public final boolean[] isOfAnyPort = new boolean[PacketBurst.MAX_PACKETS];
    /**
     * Whether the packet's source is an address that the host's stack has put in place of the client's: policy judges
     * {@link #clientHigh}, {@link #clientLow} and {@link #clientPort} then.
     */
    public final boolean[] hasClient = new boolean[PacketBurst.MAX_PACKETS];
    /** The client's address, bits 0-63; IPv4 left-aligned. */
    public final long[] clientHigh = new long[PacketBurst.MAX_PACKETS];
    /** The client's address, bits 64-127. */
    public final long[] clientLow = new long[PacketBurst.MAX_PACKETS];
    /** The client's port. */
    public final int[] clientPort = new int[PacketBurst.MAX_PACKETS];

    /** Makes columns of undecided rows. */
    public FlowApprovals() {
    }

    /**
     * Begins a row: no leg is approved, but those that need no approval.
     *
     * @param row row of the burst.
     * @param source ifindex of the source's leg, or {@link #NO_WORKLOAD}.
     * @param destination ifindex of the destination's leg, or {@link #NO_WORKLOAD}.
     */
    public void begin(final int row, final int source, final int destination) {
        sourceIfindex[row] = source;
        destinationIfindex[row] = destination;
        legs[row] = (byte)((source == NO_WORKLOAD ? SOURCE : 0) | (destination == NO_WORKLOAD ? DESTINATION : 0));
        sourceGeneration[row] = 0;
        sourceRule[row] = 0;
        destinationGeneration[row] = 0;
        destinationRule[row] = 0;
        isOfAnyPort[row] = false;
        hasClient[row] = false;
    }

    /**
     * Says who is behind the packet's source address, after {@link #begin}.
     *
     * @param row row of the burst.
     * @param high the client's address, bits 0-63; IPv4 left-aligned.
     * @param low bits 64-127.
     * @param port the client's port.
     */
    public void client(final int row, final long high, final long low, final int port) {
        hasClient[row] = true;
        clientHigh[row] = high;
        clientLow[row] = low;
        clientPort[row] = port;
    }

    /**
     * The egress policy of the source lets the flow through.
     *
     * @param row row of the burst.
     * @param generation of the policy.
     * @param rule that decided.
     */
    public void approveSource(final int row, final int generation, final int rule) {
        legs[row] |= SOURCE;
        sourceGeneration[row] = generation;
        sourceRule[row] = rule;
    }

    /**
     * The ingress policy of the destination lets the flow through.
     *
     * @param row row of the burst.
     * @param generation of the policy.
     * @param rule that decided.
     */
    public void approveDestination(final int row, final int generation, final int rule) {
        legs[row] |= DESTINATION;
        destinationGeneration[row] = generation;
        destinationRule[row] = rule;
    }
}

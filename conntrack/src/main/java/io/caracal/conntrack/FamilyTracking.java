package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;

/**
 * One IP family's half of a worker's tracking: table, state machines and admission, and the step from a row of a burst
 * to a tuple of this family. The stages do the rest without knowing which family it is.
 *
 * <p>The families keep two classes each, where one over a common form of tuple would be possible: IPv4's two words
 * would have to be written to memory and read back as IPv6's five for each packet, and the record of IPv4 is compared
 * in registers now. What does not look into tuples is here and in {@link FlowTable}, once.</p>
 *
 * <p>The worker's thread; allocates nothing after its constructor.</p>
 */
abstract sealed class FamilyTracking implements AutoCloseable permits Ipv4Tracking, Ipv6Tracking {
    final FlowTable table;
    final FlowTracker tracker;
    final FlowAdmission admission;
    /** The burst's row of each tuple in the lookup. */
    final int[] row = new int[PacketBurst.MAX_PACKETS];
    /** Tuples in the lookup. */
    int count;

    /** Addresses of the accounts that are read together. */
    private final long[] accountLine = new long[PacketBurst.MAX_PACKETS];
    /** Keeps the reads of a lookup's first passes alive. */
    private long sink;

    FamilyTracking(final FlowTable table, final ConntrackConfig config) {
        this.table = table;
        tracker = new FlowTracker(table, config.tcp());
        admission = new FlowAdmission(table, config.endpointFlowsMax(), (int)config.evictionIdle().toMillis());
    }

    /** Adds a row's tuple to the lookup. */
    final void add(final PacketBurst burst, final int burstRow) {
        row[count] = burstRow;
        addTuple(burst, burstRow);
        count++;
    }

    /** Looks all tuples up; afterwards {@link #found} tells. */
    final void lookup() {
        if (count > 0) {
            sink ^= lookupTuples() ^ touchAccounts();
        }
    }

    /** Every packet writes its flow's account: as with the table's own lines, those that miss are read side by side. */
    private long touchAccounts() {
        int lines = 0;
        for (int i = 0; i < count; i++) {
            final int found = found(i);
            if (found != FlowTable.MISS) {
                accountLine[lines++] = table.account(found >> 1);
            }
        }
        return OffHeap.touch(accountLine, lines);
    }

    /** Empties the lookup. */
    final void clear() {
        count = 0;
        clearTuples();
    }

    abstract void addTuple(PacketBurst burst, int burstRow);

    abstract long lookupTuples();

    abstract void clearTuples();

    /** What the lookup found for its i-th tuple: {@code slot << 1 | direction}, or {@link FlowTable#MISS}. */
    abstract int found(int i);

    /** Looks one row up anew, after the table has changed. */
    abstract int find(PacketBurst burst, int burstRow);

    /** Reads a row's tuple. */
    abstract void readTuple(PacketBurst burst, int burstRow, Ipv6Tuple into);

    /**
     * The flow and direction of an ICMP error: those of the answer to the packet that it quotes.
     *
     * @return {@code slot << 1 | direction}, or {@link FlowTable#MISS}; also where the error is not sent to the quoted
     *     packet's source.
     */
    abstract int findQuoted(PacketBurst burst, int burstRow);

    /** Begins the blueprint of a row's flow. */
    abstract FlowSpec beginSpec(PacketBurst burst, int burstRow);

    /** Begins the blueprint of a flow that was tracked elsewhere, with its tuples. */
    abstract FlowSpec beginSpec(FlowSnapshot flow);

    /** Whether another flow has the original tuple of the flow that is being made. */
    abstract boolean isOriginalInUse();

    /** Whether the answers to the flow that is being made would be another flow's. */
    abstract boolean isReplyInUse();

    /** Makes the flow. */
    abstract int create();

    /** See {@link OffHeap#populate}. */
    void populate() {
        table.populate();
        tracker.populate();
    }

    @Override
    public void close() {
        tracker.close();
        table.close();
    }
}

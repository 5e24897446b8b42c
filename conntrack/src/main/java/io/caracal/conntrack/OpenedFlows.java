package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;

/**
 * Connections that the kernel opens alone. Of a connection that was let through by rules which any source port would
 * have met, the kernel is told the kind; the next ones of it get their entries there, and their record here, when the
 * worker next has time: before a packet of theirs is looked at, and within the sleep of an idle worker.
 *
 * <p>What cannot become a record is taken out of the kernel again, and comes here with its next packet. The worker's
 * thread; allocates nothing after its constructor.</p>
 */
final class OpenedFlows {
    /** Where connections are opened, more will be for so long. */
    private static final int BUSY_MS = 100;
    /** Often and a little: who opens connections waits for a processor that the worker has. */
    private static final int BUSY_SLEEP_MS = 1;
    /** Of some 3000 that the list takes. */
    private static final int MANY = 1000;
    private static final int NO_WORKLOAD = WorkloadTable.NONE;

    private final FlowOffload offload;
    private final OffloadedFlows offloaded;
    private final Conntrack conntrack;
    private final ConntrackCounters counters;
    private final RuleHits hits;
    private final OffloadEntry entry = new OffloadEntry();
    private final OffloadEntry reply = new OffloadEntry();
    private final FlowSnapshot snapshot = new FlowSnapshot();
    private long lastOpenedMs = -BUSY_MS;

    OpenedFlows(final FlowOffload offload, final OffloadedFlows offloaded, final Conntrack conntrack,
        final RuleHits hits) {
        this.offload = offload;
        this.offloaded = offloaded;
        this.conntrack = conntrack;
        this.hits = hits;
        counters = conntrack.counters();
    }

    /** The epoch of what is read after this call. */
    int epoch() {
        return offload.epoch();
    }

    /** Has the kernel open connections like this one, which is offloaded and has sent its first packet. */
    void putKind(final FamilyTracking family, final int slot, final int epoch) {
        if (offloaded.fill(family.table, slot, FlowTable.ORIGINAL, entry)
            && offloaded.fill(family.table, slot, FlowTable.REPLY, reply)) {
            final long account = family.table.account(slot);
            entry.sourceRule = FlowAccount.sourceRule(account);
            entry.destinationRule = FlowAccount.destinationRule(account);
            offload.putKind(entry, reply, epoch);
        }
    }

    /**
     * After how long a worker without packets shall look for more: soon, where some were opened just now, and at once,
     * where so many wait that the list might be full before.
     */
    int sleepMaxMs(final long nowMs) {
        if (nowMs - lastOpenedMs >= BUSY_MS) {
            return PacketBurst.SLEEP_AS_LONG_AS_NOTHING_COMES;
        }
        return count() > MANY ? 0 : BUSY_SLEEP_MS;
    }

    /** How many there are without a record, about. */
    int count() {
        return offload.openedCount();
    }

    /** Whether there are connections without a record. */
    boolean isBehind() {
        return offload.hasOpened();
    }

    /**
     * Makes records of connections that the kernel has opened.
     *
     * @param nowMs milliseconds since boot.
     * @param budget connections, at most.
     * @return whether there may be more.
     */
    boolean adopt(final long nowMs, final int budget) {
        for (int taken = 0; taken < budget; taken++) {
            final int slot = offload.takeOpened();
            if (slot == FlowOffload.NONE) {
                return false;
            }
            lastOpenedMs = nowMs;
            if (offload.isOpened(slot)) {
                offload.claim(slot);
                adopt(slot, nowMs);
            }
        }
        return true;
    }

    /** Makes the record of a connection that the kernel has opened, whose entries are claimed. */
    private void adopt(final int slot, final long nowMs) {
        final int replySlot = offload.replySlot(slot);
        if (!offload.read(slot, entry) || !becomesRecord(slot, replySlot, nowMs)) {
            offload.remove(slot);
            if (offload.isUsed(replySlot)) {
                offload.remove(replySlot);
            }
            counters.add(ConntrackCounter.OPENED_REFUSED, 1);
        }
    }

    /**
     * Makes the record, and no more, of a connection that was opened past an earlier process, before workloads and
     * routes are known. Not of what the host's stack sends on: whether that goes to a workload is unknown, too.
     */
    void restore(final int slot, final long nowMs) {
        if (offload.read(slot, entry) && entry.action != FlowOffload.PASS) {
            final FamilyTracking family = conntrack.family(entry.ipVersion);
            if (family.table.findTuple(entry.tuple, entry.protocol) == FlowTable.MISS) {
                final boolean isRestored = create(family, begin(family, nowMs)) != FlowTable.MISS;
                counters.add(ConntrackCounter.ADOPTED, isRestored ? 1 : 0);
            }
        }
    }

    private boolean becomesRecord(final int slot, final int replySlot, final long nowMs) {
        final FamilyTracking family = conntrack.family(entry.ipVersion);
        int found = family.table.findTuple(entry.tuple, entry.protocol);
        if (found != FlowTable.MISS && OffloadedFlows.isEnding(family.table, found >> 1)) {
            family.table.remove(found >> 1, RemovalCause.REOPENED);
            found = FlowTable.MISS;
        }
        if (found == FlowTable.MISS) {
            found = createUnlessGone(family, nowMs);
        }
        if (found == FlowTable.MISS || (found & 1) != FlowTable.ORIGINAL
            || !offloaded.join(family, found >> 1, slot, replySlot)) {
            return false;
        }
        hits.count(entry.sourceRule, entry.destinationRule);
        counters.add(ConntrackCounter.OPENED_BY_KERNEL, 1);
        if (offloaded.follow(family.table, found >> 1, nowMs)) {
            family.table.remove(found >> 1, RemovalCause.REFUSED);
        }
        return true;
    }

    private int createUnlessGone(final FamilyTracking family, final long nowMs) {
        final FlowSpec spec = begin(family, nowMs);
        if (isGone(spec.sourceIfindex) || isGone(spec.destinationIfindex)) {
            return FlowTable.MISS;
        }
        final int found = create(family, spec);
        if (found == FlowTable.MISS) {
            return FlowTable.MISS;
        }
        counters.add(ConntrackCounter.CREATED, 1);
        if (leavesElsewhere(family, found >> 1)) {
            family.table.remove(found >> 1, RemovalCause.ENDPOINT_REMOVED);
            return FlowTable.MISS;
        }
        return found;
    }

    /** The interface that the host's stack was sending it out of is no pod's any more, or another leads there. */
    private boolean leavesElsewhere(final FamilyTracking family, final int slot) {
        return entry.action == FlowOffload.PASS && !(offloaded.fill(family.table, slot, FlowTable.ORIGINAL, reply)
            && reply.ingressIfindex == entry.ingressIfindex);
    }

    private FlowSpec begin(final FamilyTracking family, final long nowMs) {
        snapshot.ipVersion = entry.ipVersion;
        snapshot.protocol = entry.protocol;
        snapshot.original.set(entry.tuple);
        snapshot.reply.setInverse(entry.tuple);
        final FlowSpec spec = family.beginSpec(snapshot);
        fillLegs(spec);
        spec.state = FlowState.TCP_SYN_SENT;
        spec.nowMs = nowMs;
        return spec;
    }

    private int create(final FamilyTracking family, final FlowSpec spec) {
        if (spec.protocol != IpProtocol.TCP || family.isReplyInUse()
            || family.admission.admit(spec.sourceIfindex, spec.destinationIfindex, spec.nowMs) != null) {
            return FlowTable.MISS;
        }
        final int slot = family.create();
        if (slot == FlowTable.MISS) {
            return FlowTable.MISS;
        }
        /* Nobody here has seen where it begins, also where it goes on with Java. */
        family.tracker.loseSight(slot);
        return slot << 1 | FlowTable.ORIGINAL;
    }

    /** Its ends, as its first packet's entry tells them ({@link OffloadEntries#fill}). */
    private void fillLegs(final FlowSpec spec) {
        final boolean isPassed = entry.action == FlowOffload.PASS;
        final int leaves = entry.ingressIfindex & ~FlowOffload.EGRESS;
        spec.flags = FlowFlags.APPROVED
            | (isPassed || entry.action == FlowOffload.TO_HOST ? FlowFlags.THROUGH_HOST : 0);
        spec.sourceIfindex = isPassed ? entry.targetIfindex : entry.ingressIfindex;
        spec.destinationIfindex = switch (entry.action) {
            case FlowOffload.TO_WORKLOAD -> entry.targetIfindex;
            case FlowOffload.PASS -> isGone(leaves) ? NO_WORKLOAD : leaves;
            default -> NO_WORKLOAD;
        };
        if (spec.sourceIfindex != NO_WORKLOAD) {
            spec.sourceGeneration = entry.generation;
            spec.sourceRule = entry.sourceRule;
        }
        if (spec.destinationIfindex != NO_WORKLOAD) {
            spec.destinationGeneration = entry.generation;
            spec.destinationRule = entry.destinationRule;
        }
    }

    private boolean isGone(final int ifindex) {
        return ifindex != NO_WORKLOAD && conntrack.workloads().workload(ifindex) == null;
    }
}

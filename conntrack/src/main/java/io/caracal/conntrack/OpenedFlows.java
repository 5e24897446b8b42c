package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;

/**
 * Connections that the kernel opens alone. Of a connection that was let through by rules which any source port would
 * have met, the kernel is told the kind; the next ones of it get their entries there, and their record here, when they
 * have been open for {@link #WAIT_MS} at least, or a packet of theirs comes here before. Most are over by then: they
 * are counted and taken out of the kernel, and never have a record.
 *
 * <p>What cannot become a record is taken out of the kernel, too, and comes here with its next packet. The worker's
 * thread; allocates nothing after its constructor.</p>
 */
final class OpenedFlows {
    /** Where connections are opened, more will be for so long. */
    private static final int BUSY_MS = 100;
    /** Who opens connections waits for a processor that the worker has: a little each time. */
    private static final int BUSY_SLEEP_MS = 5;
    private static final int DUE_SLEEP_MS = 1;
    /** A request and its answer are over by then; and it is soon enough for a port that its client uses again. */
    static final int WAIT_MS = 10;
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
    private final ListAge age = new ListAge(WAIT_MS);
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
     * After how long a worker without packets shall look for more: soon, where some wait or were opened just now, and
     * at once, where so many wait that the list might be full before.
     */
    int sleepMaxMs(final long nowMs) {
        final int count = count();
        if (count > MANY) {
            return 0;
        }
        if (age.oldCount() > 0) {
            return DUE_SLEEP_MS;
        }
        return count > 0 || nowMs - lastOpenedMs < BUSY_MS ? BUSY_SLEEP_MS
            : PacketBurst.SLEEP_AS_LONG_AS_NOTHING_COMES;
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
     * Makes records of connections that the kernel has opened and that have waited.
     *
     * @param nowMs milliseconds since boot.
     * @param budget connections, at most.
     * @return whether there are more.
     */
    boolean adoptDue(final long nowMs, final int budget) {
        final int count = count();
        age.look(count, nowMs);
        final int due = count > MANY ? count : age.oldCount();
        return due > 0 && adopt(nowMs, Math.min(due, budget)) && due > budget;
    }

    /**
     * Makes records of connections that the kernel has opened, also if just now.
     *
     * @param nowMs milliseconds since boot.
     * @param budget connections, at most.
     * @return whether there may be more.
     */
    boolean adopt(final long nowMs, final int budget) {
        offload.touchOpened(budget);
        for (int taken = 0; taken < budget; taken++) {
            final int slot = offload.takeOpened();
            if (slot == FlowOffload.NONE) {
                age.onEmpty();
                return false;
            }
            age.onTaken();
            lastOpenedMs = nowMs;
            adopt(slot, nowMs);
        }
        return true;
    }

    /**
     * Makes the record of a connection that the kernel has opened, if a packet is one of it.
     *
     * @param family of the packet.
     * @param burst its burst.
     * @param row a TCP segment that a pod sends, or that the host's stack sends to one.
     * @param nowMs milliseconds since boot.
     * @return whether there was one.
     */
    boolean adoptOf(final FamilyTracking family, final PacketBurst burst, final int row, final long nowMs) {
        family.readTuple(burst, row, entry.tuple);
        entry.ipVersion = burst.ipVersion(row);
        entry.protocol = burst.ipProtocol(row);
        entry.ingressIfindex =
            burst.ingressIfindex(row) | (burst.direction(row) == Direction.TO_WORKLOAD ? FlowOffload.EGRESS : 0);
        final int slot = offload.find(entry);
        return slot != FlowOffload.NONE && (adopt(slot, nowMs) || adoptByAnswer(slot, nowMs));
    }

    /** The same, where a slot may be that of the answers; an entry that Java has written names no other one. */
    private boolean adoptByAnswer(final int slot, final long nowMs) {
        final int other = offload.otherSlot(slot);
        return offload.isUsed(other) && offload.otherSlot(other) == slot && adopt(other, nowMs);
    }

    /** Makes the record of a connection, where a slot is that of its first packet and it has none yet. */
    private boolean adopt(final int slot, final long nowMs) {
        if (!offload.isOpened(slot)) {
            return false;
        }
        offload.claim(slot);
        final int other = offload.otherSlot(slot);
        if (!offload.read(slot, entry)) {
            refuse(slot, other);
        } else if (isOver(slot, other)) {
            hits.count(entry.sourceRule, entry.destinationRule);
            counters.add(ConntrackCounter.OPENED_AND_CLOSED, 1);
            remove(slot, other);
        } else if (!becomesRecord(slot, other, nowMs)) {
            refuse(slot, other);
        }
        return true;
    }

    /** Whether all segments have passed that a connection has: both FINs, and what acknowledges the second. */
    private boolean isOver(final int slot, final int other) {
        final int seen = offload.seen(slot);
        final int answered = offload.seen(other);
        return (seen & answered & FlowOffload.SEEN_FIN) != 0
            && ((seen | answered) & FlowOffload.SEEN_LAST_ACK) != 0;
    }

    private void refuse(final int slot, final int other) {
        remove(slot, other);
        counters.add(ConntrackCounter.OPENED_REFUSED, 1);
    }

    private void remove(final int slot, final int other) {
        offload.remove(slot);
        if (offload.isUsed(other)) {
            offload.remove(other);
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

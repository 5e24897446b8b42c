package io.caracal.conntrack;

import io.caracal.burst.DropReason;

/**
 * Whether a new flow may come in, and which flow goes for it when the table, or its endpoint's share, is full.
 *
 * <p>Order: flows that are half open or closing, those nearest to their timeout first; then established ones, nearest
 * to their timeout first, but only those that have been idle for {@code evictionIdleMinMs}. A flow that carries
 * traffic is never evicted: the new one is refused. An endpoint that is at its limit can only replace its own half-open
 * flows, the oldest ones. Every decision looks at no more than {@link #CANDIDATES_MAX} flows.</p>
 *
 * <p>The table's thread; allocates nothing.</p>
 */
final class FlowAdmission {
    /**
     * Flows looked at for one new flow. What was looked at and found fresh is armed again for later, so that the next
     * new flow finds others: more would only make one packet dearer.
     */
    static final int CANDIDATES_MAX = 8;

    private final FlowTable table;
    private final int endpointFlowsMax;
    private final int evictionIdleMinMs;

    FlowAdmission(final FlowTable table, final int endpointFlowsMax, final int evictionIdleMinMs) {
        this.table = table;
        this.endpointFlowsMax = endpointFlowsMax;
        this.evictionIdleMinMs = evictionIdleMinMs;
    }

    /**
     * Makes room for a flow between two endpoints.
     *
     * @param source interface of the workload that is the source, 0 for none.
     * @param destination interface of the workload that is the destination, 0 for none.
     * @param nowMs milliseconds since boot.
     * @return null when there is room now, else why not.
     */
    DropReason admit(final int source, final int destination, final long nowMs) {
        if (!hasShareFor(source, nowMs) || destination != source && !hasShareFor(destination, nowMs)) {
            return DropReason.FLOW_LIMIT_REACHED;
        }
        if (table.flowCount() == table.capacity() && !evictTransient(nowMs) && !evictIdle(nowMs)) {
            return DropReason.FLOW_TABLE_FULL;
        }
        return table.endpoints.hasRoomFor(source, destination) ? null : DropReason.FLOW_LIMIT_REACHED;
    }

    private boolean hasShareFor(final int ifindex, final long nowMs) {
        if (ifindex == 0 || table.flowCount(ifindex) < endpointFlowsMax) {
            return true;
        }
        int node = table.endpoints.oldest(ifindex);
        for (int i = 0; i < CANDIDATES_MAX && node != FlowLinks.NONE; i++) {
            final int slot = node >> 1;
            table.follow(slot, nowMs);
            if (table.lane(slot) == TimerWheel.TRANSIENT) {
                table.remove(slot, RemovalCause.EVICTED);
                return true;
            }
            /* To the end of the list: the next new flow looks at others, and not at this one again. */
            final int newer = table.endpoints.newer(node);
            table.endpoints.moveToEnd(ifindex, node);
            node = newer;
        }
        return false;
    }

    private boolean evictTransient(final long nowMs) {
        int slot = FlowLinks.NONE;
        for (int i = 0; i < CANDIDATES_MAX; i++) {
            slot = table.wheel.earliest(TimerWheel.TRANSIENT);
            if (slot == FlowLinks.NONE) {
                break;
            }
            table.follow(slot, nowMs);
            if (table.lane(slot) != TimerWheel.TRANSIENT) {
                /* It has become a conversation meanwhile, and is armed as one. */
                slot = FlowLinks.NONE;
            } else if (wasSeenSinceArmed(slot, nowMs)) {
                table.rearm(slot, nowMs);
            } else {
                break;
            }
        }
        if (slot == FlowLinks.NONE) {
            return false;
        }
        table.remove(slot, RemovalCause.EVICTED);
        return true;
    }

    private boolean evictIdle(final long nowMs) {
        for (int i = 0; i < CANDIDATES_MAX; i++) {
            final int slot = table.wheel.earliest(TimerWheel.STEADY);
            if (slot == FlowLinks.NONE) {
                return false;
            }
            table.follow(slot, nowMs);
            final long lastSeenMs = FlowTable.timeMs(FlowAccount.lastSeenMs(table.account(slot)), nowMs);
            if (nowMs - lastSeenMs >= evictionIdleMinMs) {
                table.remove(slot, RemovalCause.EVICTED);
                return true;
            }
            table.rearm(slot, nowMs);
        }
        return false;
    }

    /** Its deadline lies further ahead than where the wheel has it, so others may be nearer to theirs. */
    private boolean wasSeenSinceArmed(final int slot, final long nowMs) {
        return table.wheel.isArmedBefore(slot, table.deadlineMs(slot, nowMs));
    }
}

package io.caracal.conntrack;

import io.caracal.route.ForwardingTables;
import io.caracal.wire.IpProtocol;

/**
 * The flows of one worker that the kernel carries on alone: who they are, whether another may join them, and what their
 * packets have done meanwhile. The records of conntrack stay the truth; they are brought up to date before a packet of
 * such a flow is stepped, before it expires or is evicted, and in rounds.
 *
 * <p>Room: an endpoint that opens flows may have a quarter of the table. Where a new entry finds no free slot, a flow
 * that nobody answers, that is closing or that has been silent goes for it, else the new one stays with Java, which is
 * slower and as right.</p>
 *
 * <p>The worker's thread; allocates nothing after its constructor.</p>
 */
final class OffloadedFlows implements AutoCloseable {
    /** Each flow is looked at so often: what a person sees of it is no older, and closed ones free their room. */
    static final int ROUND_MS = 100;
    /** The last segments of a closing connection come within this time, or through Java. */
    static final int CLOSED_AFTER_MS = 10;
    /** A flow that nobody has answered and that is silent for so long would keep room for nothing. */
    static final int UNANSWERED_AFTER_MS = 2000;
    /** An answered flow that is silent for so long may go for a new one: its next packet brings it back. */
    static final int SILENT_AFTER_MS = 10_000;

    private static final int ENDPOINT_SHARE = 4;
    private static final int DIRECTION_MASK = 1;
    private static final int FAMILY_BIT = 1;
    private static final int SLOT_SHIFT = 2;

    private final FlowOffload offload;
    private final BootClock clock;
    private final FamilyTracking ipv4;
    private final FamilyTracking ipv6;
    private final OffloadLinks ipv4Links;
    private final OffloadLinks ipv6Links;
    private final ConntrackCounters counters;
    private final OffloadEntries entries;
    private final OffloadEntry entry = new OffloadEntry();
    private final OffloadEntry written = new OffloadEntry();
    /** {@code slot << 1 | family} of each offloaded flow, in no order. */
    private final int[] live;
    private final int endpointFlowsMax;
    /** The same of flows that are closing, a ring, first the one that was seen closing first. */
    private final int[] closing;
    private int closingHead;
    private int closingCount;
    private int liveCount;
    /** Flows before this place were not looked at since routes have changed. */
    private int reviewPlace;
    private int roundPlace;
    private long roundDueMs;

    OffloadedFlows(final FlowOffload offload, final Conntrack conntrack, final ForwardingTables tables) {
        this.offload = offload;
        entries = new OffloadEntries(tables);
        clock = conntrack.clock();
        ipv4 = conntrack.ipv4();
        ipv6 = conntrack.ipv6();
        counters = conntrack.counters();
        ipv4Links = new OffloadLinks(ipv4.table.capacity());
        ipv6Links = new OffloadLinks(ipv6.table.capacity());
        live = new int[offload.slotCount() / 2];
        closing = new int[live.length];
        endpointFlowsMax = Math.max(1, live.length / ENDPOINT_SHARE);
    }

    /** Flows in it now. */
    int count() {
        return liveCount;
    }

    /** Whether the kernel carries a flow on. */
    boolean isOffloaded(final FlowTable table, final int slot) {
        return links(table).isLinked(slot);
    }

    /**
     * Gives a flow to the kernel, both directions; it stays with Java where there is no room, or where the kernel could
     * not go its way alone.
     *
     * @param family of the flow.
     * @param slot of the flow, {@link OffloadEntries#isOffloadable}.
     * @param nowMs milliseconds since boot.
     * @return whether it is the kernel's now.
     */
    boolean offer(final FamilyTracking family, final int slot, final long nowMs) {
        final FlowTable table = family.table;
        if (!fill(table, slot, FlowTable.ORIGINAL, entry)) {
            return false;
        }
        if (!hasRoomFor(table, slot)) {
            counters.add(ConntrackCounter.OFFLOAD_REFUSED, 1);
            return false;
        }
        final int original = insert(nowMs);
        if (original == FlowOffload.NONE) {
            return false;
        }
        fill(table, slot, FlowTable.REPLY, entry);
        final int reply = insert(nowMs);
        if (reply == FlowOffload.NONE) {
            offload.remove(original);
            return false;
        }
        if (FlowRecord.protocol(table.record(slot)) == IpProtocol.TCP) {
            family.tracker.loseSight(slot);
        }
        link(table, slot, original, reply);
        counters.add(ConntrackCounter.OFFLOADED, 1);
        return true;
    }

    private boolean hasRoomFor(final FlowTable table, final int slot) {
        return liveCount < live.length && share(OffloadEntries.owner(table, slot)) < endpointFlowsMax;
    }

    /**
     * Takes a flow whose entries are there already, since the kernel has opened it.
     *
     * @param original its first packet's entry.
     * @param reply the answers' entry.
     * @return false where they would be others today, or there is no room for them: they stay as they are.
     */
    boolean join(final FamilyTracking family, final int slot, final int original, final int reply) {
        final FlowTable table = family.table;
        if (isOffloaded(table, slot) || !OffloadEntries.isOffloadable(table, slot) || !hasRoomFor(table, slot)
            || !isAsWritten(table, slot, FlowTable.ORIGINAL, original)
            || !isAsWritten(table, slot, FlowTable.REPLY, reply)) {
            return false;
        }
        offload.flow(original, flow(table, slot, FlowTable.ORIGINAL));
        offload.flow(reply, flow(table, slot, FlowTable.REPLY));
        family.tracker.loseSight(slot);
        link(table, slot, original, reply);
        return true;
    }

    private int insert(final long nowMs) {
        final int home = offload.home(entry);
        int slot = offload.insert(entry);
        if (slot == FlowOffload.NONE && makeRoom(home, nowMs)) {
            slot = offload.insert(entry);
        }
        if (slot == FlowOffload.NONE) {
            counters.add(ConntrackCounter.OFFLOAD_REFUSED, 1);
        }
        return slot;
    }

    private boolean makeRoom(final int home, final long nowMs) {
        for (int slot = home; slot < home + FlowOffload.PROBES; slot++) {
            final int flow = offload.flow(slot);
            final FamilyTracking family = (flow >> 1 & FAMILY_BIT) == 0 ? ipv4 : ipv6;
            final int flowSlot = flow >>> SLOT_SHIFT;
            /* Not so the other half of the flow that comes in, and what the kernel has just opened. */
            if (flowSlot < family.table.capacity() && links(family.table).isLinked(flowSlot)
                && links(family.table).entry(flowSlot, flow & DIRECTION_MASK) == slot) {
                update(family, flowSlot, nowMs);
                if (mayGo(family.table, flowSlot, nowMs)) {
                    withdraw(family.table, flowSlot);
                    counters.add(ConntrackCounter.OFFLOAD_EVICTED, 1);
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean mayGo(final FlowTable table, final int slot, final long nowMs) {
        final int flags = table.flags(slot);
        return (flags & FlowFlags.SEEN_REPLY) == 0 || isEnding(table, slot)
            || nowMs - lastSeenMs(table, slot, nowMs) > SILENT_AFTER_MS;
    }

    /** Whether a connection is over, but for its last segments. */
    static boolean isEnding(final FlowTable table, final int slot) {
        final int state = table.state(slot);
        return (table.flags(slot) & FlowFlags.RESET_SEEN) != 0
            || state >= FlowState.TCP_LAST_ACK && state <= FlowState.TCP_CLOSED;
    }

    private static long lastSeenMs(final FlowTable table, final int slot, final long nowMs) {
        return FlowTable.timeMs(FlowAccount.lastSeenMs(table.account(slot)), nowMs);
    }

    /** Fills in a direction of a flow as it would be written today; false where the kernel cannot go its way alone. */
    boolean fill(final FlowTable table, final int slot, final int direction, final OffloadEntry target) {
        target.flow = flow(table, slot, direction);
        return entries.fill(table, slot, direction, target);
    }

    private static int flow(final FlowTable table, final int slot, final int direction) {
        return slot << SLOT_SHIFT | (table.ipVersion() == 4 ? 0 : FAMILY_BIT << 1) | direction;
    }

    private void link(final FlowTable table, final int slot, final int original, final int reply) {
        final OffloadLinks links = links(table);
        links.entry(slot, FlowTable.ORIGINAL, original);
        links.entry(slot, FlowTable.REPLY, reply);
        links.place(slot, liveCount);
        live[liveCount++] = id(table, slot);
        table.endpoints.addOffloaded(OffloadEntries.owner(table, slot), 1);
        counters.set(ConntrackCounter.OFFLOADED_FLOWS, liveCount);
    }

    private int share(final int ifindex) {
        return ipv4.table.endpoints.offloadedCount(ifindex) + ipv6.table.endpoints.offloadedCount(ifindex);
    }

    /**
     * Takes a flow back: its next packet comes to Java. What its entries have counted since the last look is lost, so
     * callers that keep the flow look first.
     */
    void withdraw(final FlowTable table, final int slot) {
        final OffloadLinks links = links(table);
        offload.remove(links.entry(slot, FlowTable.ORIGINAL));
        offload.remove(links.entry(slot, FlowTable.REPLY));
        links.entry(slot, FlowTable.ORIGINAL, FlowOffload.NONE);
        links.entry(slot, FlowTable.REPLY, FlowOffload.NONE);
        final int place = links.place(slot);
        final int last = live[--liveCount];
        live[place] = last;
        links((last & FAMILY_BIT) == 0 ? ipv4.table : ipv6.table).place(last >>> 1, place);
        table.endpoints.addOffloaded(OffloadEntries.owner(table, slot), -1);
        counters.set(ConntrackCounter.OFFLOADED_FLOWS, liveCount);
    }

    /** Takes a flow back that ends, if the kernel has it. */
    void onRemoval(final FlowTable table, final int slot) {
        if (isOffloaded(table, slot)) {
            withdraw(table, slot);
        }
    }

    /**
     * Brings a flow's record up to date with what its packets have done in the kernel.
     *
     * @return whether the only answer to it was a RST: the caller ends it.
     */
    boolean follow(final FlowTable table, final int slot, final long nowMs) {
        return isOffloaded(table, slot) && update(table == ipv4.table ? ipv4 : ipv6, slot, nowMs);
    }

    private boolean update(final FamilyTracking family, final int slot, final long nowMs) {
        final OffloadLinks links = links(family.table);
        final int original = links.entry(slot, FlowTable.ORIGINAL);
        final int reply = links.entry(slot, FlowTable.REPLY);
        final long originalPackets = offload.takePackets(original);
        final long replyPackets = offload.takePackets(reply);
        final int originalSeen = offload.takeSeen(original);
        final int replySeen = offload.takeSeen(reply);
        if ((originalPackets | replyPackets | originalSeen | replySeen) == 0) {
            return false;
        }
        final long seenNs = latest(offload.lastSeenNs(original), offload.lastSeenNs(reply));
        final long seenMs = seenNs == 0 ? nowMs : Math.min(nowMs, clock.bootMs(seenNs));
        final long account = family.table.account(slot);
        final long record = family.table.record(slot);
        FlowRecord.beginWrite(record);
        FlowAccount.count(account, FlowTable.ORIGINAL, originalPackets, offload.takeBytes(original));
        FlowAccount.count(account, FlowTable.REPLY, replyPackets, offload.takeBytes(reply));
        FlowRecord.endWrite(record);
        final boolean wasEnding = isEnding(family.table, slot);
        final boolean isRefused = family.tracker.follow(slot, originalSeen, replySeen, seenMs, nowMs);
        if (!wasEnding && !isRefused && isEnding(family.table, slot) && closingCount < closing.length) {
            closing[(closingHead + closingCount++) % closing.length] = id(family.table, slot);
        }
        return isRefused;
    }

    /** Of a flow, in the lists here. */
    private static int id(final FlowTable table, final int slot) {
        return slot << 1 | (table.ipVersion() == 4 ? 0 : FAMILY_BIT);
    }

    /**
     * Takes back flows that have closed, before the round comes to them: a client may soon need the port again.
     *
     * @param nowMs milliseconds since boot.
     * @param budget flows to look at, at most.
     * @return whether there are more.
     */
    boolean endClosed(final long nowMs, final int budget) {
        for (int looked = 0; looked < budget && closingCount > 0; looked++) {
            final FlowTable table = (closing[closingHead] & FAMILY_BIT) == 0 ? ipv4.table : ipv6.table;
            final int slot = closing[closingHead] >>> 1;
            /* It may have gone meanwhile, and its place be another's. */
            if (isOffloaded(table, slot) && isEnding(table, slot)) {
                if (!isOver(table, slot, nowMs)) {
                    return false;
                }
                withdraw(table, slot);
            }
            closingHead = closingHead + 1 == closing.length ? 0 : closingHead + 1;
            closingCount--;
        }
        return closingCount > 0;
    }

    /** 0 is "never", and the clock may be negative. */
    private static long latest(final long a, final long b) {
        return b == 0 || a != 0 && a - b > 0 ? a : b;
    }

    /**
     * Goes on with the round: brings flows up to date and takes back those that are over.
     *
     * @param nowMs milliseconds since boot.
     * @param budget flows to look at, at most.
     * @return whether the round goes on.
     */
    boolean sweep(final long nowMs, final int budget) {
        if (roundPlace <= 0) {
            if (nowMs < roundDueMs || liveCount == 0) {
                return false;
            }
            roundDueMs = nowMs + ROUND_MS;
            roundPlace = liveCount;
        }
        /* Downwards: what takes the place of one that is taken back was looked at already, or came later. */
        for (int looked = 0; looked < budget && roundPlace > 0; looked++) {
            roundPlace = Math.min(roundPlace, liveCount);
            if (roundPlace > 0) {
                look(live[--roundPlace], nowMs);
            }
        }
        return roundPlace > 0;
    }

    private void look(final int flow, final long nowMs) {
        final FamilyTracking family = (flow & FAMILY_BIT) == 0 ? ipv4 : ipv6;
        final int slot = flow >>> 1;
        if (update(family, slot, nowMs)) {
            family.table.remove(slot, RemovalCause.REFUSED);
        } else if (isOver(family.table, slot, nowMs)) {
            withdraw(family.table, slot);
        }
    }

    private static boolean isOver(final FlowTable table, final int slot, final long nowMs) {
        final long silentMs = nowMs - lastSeenMs(table, slot, nowMs);
        final int flags = table.flags(slot);
        if ((flags & FlowFlags.RESET_SEEN) != 0) {
            return silentMs > TcpFollower.RESET_SETTLES_MS;
        }
        return isEnding(table, slot) ? silentMs > CLOSED_AFTER_MS
            : (flags & FlowFlags.SEEN_REPLY) == 0 && silentMs > UNANSWERED_AFTER_MS;
    }

    /**
     * Takes back flows of a workload whose addresses have changed.
     *
     * @return whether none is left.
     */
    boolean withdrawEndpoint(final int ifindex, final int budget, final long nowMs) {
        int left = budget;
        for (int place = liveCount - 1; place >= 0 && left > 0; place--) {
            final FlowTable table = (live[place] & FAMILY_BIT) == 0 ? ipv4.table : ipv6.table;
            final int slot = live[place] >>> 1;
            if (table.sourceIfindex(slot) == ifindex || table.destinationIfindex(slot) == ifindex) {
                follow(table, slot, nowMs);
                withdraw(table, slot);
                left--;
            }
        }
        return left > 0;
    }

    /**
     * Follows routes, sizes and devices that have changed: flows whose entries would be others today are taken back. In
     * pieces, so that packets pass meanwhile; what comes in between is made by today's.
     *
     * @param tables today's.
     * @param budget flows to look at, at most.
     * @param nowMs milliseconds since boot.
     * @return whether all have been looked at.
     */
    boolean review(final ForwardingTables tables, final int budget, final long nowMs) {
        if (tables != entries.tables()) {
            entries.use(tables);
            reviewPlace = liveCount;
        }
        for (int looked = 0; looked < budget && reviewPlace > 0; looked++) {
            reviewPlace = Math.min(reviewPlace, liveCount);
            if (reviewPlace > 0) {
                review(live[--reviewPlace], nowMs);
            }
        }
        return reviewPlace == 0;
    }

    private void review(final int flow, final long nowMs) {
        final FlowTable table = (flow & FAMILY_BIT) == 0 ? ipv4.table : ipv6.table;
        final int slot = flow >>> 1;
        final OffloadLinks links = links(table);
        if (!isAsWritten(table, slot, FlowTable.ORIGINAL, links.entry(slot, FlowTable.ORIGINAL))
            || !isAsWritten(table, slot, FlowTable.REPLY, links.entry(slot, FlowTable.REPLY))) {
            follow(table, slot, nowMs);
            withdraw(table, slot);
            counters.add(ConntrackCounter.OFFLOAD_REROUTED, 1);
        }
    }

    private boolean isAsWritten(final FlowTable table, final int slot, final int direction, final int at) {
        return fill(table, slot, direction, entry) && offload.read(at, written) && written.leadsAs(entry)
            && written.tuple.sameAs(entry.tuple);
    }

    /**
     * Takes over the entries that an earlier process has left, which have been in force meanwhile: those of flows that
     * were taken over too, in both directions, stay, and those of connections that the kernel has opened; all others
     * are removed.
     *
     * @param opened makes records of connections that the kernel has opened.
     * @param nowMs milliseconds since boot.
     */
    void adopt(final OpenedFlows opened, final long nowMs) {
        if (offload.usedCount() == 0) {
            return;
        }
        for (int slot = 0; slot < offload.slotCount(); slot++) {
            if (offload.isOpened(slot)) {
                opened.restore(slot, nowMs);
            }
        }
        for (int slot = 0; slot < offload.slotCount(); slot++) {
            if (offload.read(slot, entry)) {
                adopt(slot);
            }
        }
        for (int slot = 0; slot < offload.slotCount(); slot++) {
            if (offload.isUsed(slot) && !isLinkedTo(slot)) {
                offload.remove(slot);
            }
        }
    }

    private void adopt(final int slot) {
        final FamilyTracking family = entry.ipVersion == 4 ? ipv4 : ipv6;
        final int found = family.table.findTuple(entry.tuple, entry.protocol);
        if (found == FlowTable.MISS || !mayBeOf(family.table, found)) {
            return;
        }
        offload.flow(slot, found >> 1 << SLOT_SHIFT | (entry.ipVersion == 4 ? 0 : FAMILY_BIT << 1)
            | found & DIRECTION_MASK);
        final OffloadLinks links = links(family.table);
        final int other = links.place(found >> 1) - 1;
        if (other < 0) {
            /* Where its other half will find it; the flow is not linked yet. */
            links.place(found >> 1, slot + 1);
        } else if ((offload.flow(other) & DIRECTION_MASK) != (found & DIRECTION_MASK)) {
            final boolean isOriginal = (found & DIRECTION_MASK) == FlowTable.ORIGINAL;
            if (FlowRecord.protocol(family.table.record(found >> 1)) == IpProtocol.TCP) {
                family.tracker.loseSight(found >> 1);
            }
            link(family.table, found >> 1, isOriginal ? slot : other, isOriginal ? other : slot);
        }
    }

    private boolean mayBeOf(final FlowTable table, final int found) {
        return OffloadEntries.isOffloadable(table, found >> 1) && !links(table).isLinked(found >> 1)
            && OffloadEntries.mayBeOf(table, found >> 1, found & DIRECTION_MASK, entry);
    }

    private boolean isLinkedTo(final int slot) {
        final int flow = offload.flow(slot);
        final FlowTable table = (flow >> 1 & FAMILY_BIT) == 0 ? ipv4.table : ipv6.table;
        final int flowSlot = flow >>> SLOT_SHIFT;
        return flowSlot < table.capacity() && links(table).entry(flowSlot, flow & DIRECTION_MASK) == slot;
    }

    private OffloadLinks links(final FlowTable table) {
        return table == ipv4.table ? ipv4Links : ipv6Links;
    }

    /** See {@link OffHeap#populate}. */
    void populate() {
        ipv4Links.populate();
        ipv6Links.populate();
    }

    @Override
    public void close() {
        ipv4Links.close();
        ipv6Links.close();
    }
}

package io.caracal.conntrack;

/**
 * The flows of one IP family of one worker: slots of records and accounts in a {@link FlowImage}, an index from both
 * tuples of each flow, and the lists by which flows are expired, evicted and removed with their endpoint.
 *
 * <p>A slot never moves while its flow lives, so a slot number may be kept until {@link FlowRemovalListener} says that
 * the flow has gone. All methods are the owning worker's, and none but the constructor and {@link #close} allocates.
 * The caller closes the image after the table. Times are milliseconds since boot.</p>
 */
public abstract sealed class FlowTable implements AutoCloseable permits Ipv4FlowTable, Ipv6FlowTable {
    /** No flow: what a lookup returns that finds none, and a creation that has no room. */
    public static final int MISS = -1;
    /** Direction of the packet that made the flow. */
    public static final int ORIGINAL = 0;
    /** Direction of the answers. */
    public static final int REPLY = 1;

    /** Flows that end together are read into the cache together. */
    private static final int BATCH = 32;
    /** Slots in use from which on touching pages one by one takes longer than to put all of them there. */
    private static final int POPULATED_FROM = 16_384;

    final FlowIndex index;
    final FlowHash hash;
    final FlowLinks links;
    final TimerWheel wheel;
    final EndpointFlows endpoints;
    final long records;
    final long accounts;

    private final FlowImage image;
    private final int recordShift;
    private final int capacity;
    private final FlowTimeouts timeouts;
    private final int creationGraceMs;
    private final FlowRemovalListener listener;
    private final int[] dueSlot = new int[BATCH];
    private final long[] dueLine = new long[BATCH];
    /** Keeps the reads of the touching methods alive. */
    private long touched;
    private FlowFollower follower = FlowFollower.NONE;
    private int highWater;
    private int freeHead = FlowLinks.NONE;
    private int flowCount;

    FlowTable(final FlowImage image, final FlowTableConfig config, final FlowRemovalListener listener,
        final long nowMs) {
        this.image = image;
        this.listener = listener;
        capacity = image.spec().capacity();
        recordShift = Integer.numberOfTrailingZeros(image.spec().recordSize());
        records = image.records();
        accounts = image.accounts();
        index = new FlowIndex(2L * capacity);
        hash = new FlowHash(config.hashSecret());
        links = new FlowLinks(capacity);
        wheel = new TimerWheel(links, nowMs);
        endpoints = new EndpointFlows(links, config.endpointsMax());
        timeouts = new FlowTimeouts(config.timeouts());
        creationGraceMs = (int)config.timeouts().creationGrace().toMillis();
        if (image.highWater() > POPULATED_FROM) {
            populate();
        }
    }

    /** Puts the tuples of a restored record into the index; false when another flow has one of them. */
    abstract boolean indexRestored(int slot);

    /** Address of the cache line of the index where a flow's original tuple is looked for. */
    abstract long homeLine(int slot);

    /** Reads the tuple of the original direction's packets; an IPv4 address is the low half of its word. */
    abstract void readOriginal(int slot, Ipv6Tuple tuple);

    /** Reads the tuple of the reply direction's packets as they arrive: NAT has yet to be undone. */
    abstract void readReply(int slot, Ipv6Tuple tuple);

    /** Looks a tuple up that {@link #readOriginal} or {@link #readReply} could have read, or its inverse. */
    abstract int findTuple(Ipv6Tuple tuple, int protocol);

    /** Takes the tuples of a flow out of the index. */
    abstract void unindex(int slot);

    /**
     * The IP version of its flows.
     *
     * @return 4 or 6.
     */
    public int ipVersion() {
        return image.spec().ipVersion();
    }

    /**
     * Flows in it.
     *
     * @return how many now.
     */
    public int flowCount() {
        return flowCount;
    }

    /**
     * Flows that it has room for.
     *
     * @return how many at most.
     */
    public int capacity() {
        return capacity;
    }

    /**
     * Flows of a workload interface, on either leg.
     *
     * @param ifindex kernel index of the interface.
     * @return how many now.
     */
    public int flowCount(final int ifindex) {
        return endpoints.flowCount(ifindex);
    }

    /**
     * Flags of a flow.
     *
     * @param slot a flow.
     * @return bits of {@link FlowFlags}.
     */
    public int flags(final int slot) {
        return FlowRecord.flags(record(slot));
    }

    /**
     * Slots that were ever used: flows have numbers below it.
     *
     * @return how many.
     */
    int slotCount() {
        return highWater;
    }

    /**
     * Protocol of a flow.
     *
     * @param slot a flow.
     * @return IP protocol number.
     */
    public int protocol(final int slot) {
        return FlowRecord.protocol(record(slot));
    }

    /**
     * State of a flow.
     *
     * @param slot a flow.
     * @return one of {@link FlowState}.
     */
    public int state(final int slot) {
        return FlowRecord.state(record(slot));
    }

    /**
     * Interface of the workload that is a flow's source.
     *
     * @param slot a flow.
     * @return kernel ifindex, 0 for none.
     */
    public int sourceIfindex(final int slot) {
        return FlowAccount.sourceIfindex(account(slot));
    }

    /**
     * Interface of the workload that is a flow's destination.
     *
     * @param slot a flow.
     * @return kernel ifindex, 0 for none.
     */
    public int destinationIfindex(final int slot) {
        return FlowAccount.destinationIfindex(account(slot));
    }

    /** Address of a slot's record. */
    final long record(final int slot) {
        assert slot >= 0 && slot < capacity : slot;
        return records + ((long)slot << recordShift);
    }

    /** Address of a slot's account. */
    final long account(final int slot) {
        assert slot >= 0 && slot < capacity : slot;
        return accounts + (long)slot * FlowAccount.SIZE;
    }

    /** Address of the bytes that the protocol's state machine has for itself. */
    final long protocolPart(final int slot) {
        return record(slot) + (1L << recordShift) - FlowRecord.PROTOCOL_PART_SIZE;
    }

    /** A free slot, or {@link #MISS}. It stays free until its record has a state. */
    final int takeSlot() {
        if (freeHead != FlowLinks.NONE) {
            final int slot = freeHead;
            freeHead = links.next(slot);
            return slot;
        }
        if (highWater == capacity) {
            return MISS;
        }
        image.highWater(highWater + 1);
        return highWater++;
    }

    final void giveSlot(final int slot) {
        links.next(slot, freeHead);
        freeHead = slot;
    }

    /** Everything of a new flow but its tuples. */
    final void writeCommonPart(final int slot, final FlowSpec spec) {
        final long record = record(slot);
        FlowRecord.protocol(record, spec.protocol);
        FlowRecord.state(record, spec.state);
        FlowRecord.flags(record, spec.flags);
        OffHeap.clear(protocolPart(slot), FlowRecord.PROTOCOL_PART_SIZE);
        FlowAccount.open(account(slot), spec);
    }

    /** Lists and arms a flow whose record is written. */
    final void enlist(final int slot, final long nowMs) {
        final long account = account(slot);
        final int source = FlowAccount.sourceIfindex(account);
        final int destination = FlowAccount.destinationIfindex(account);
        if (source != 0) {
            endpoints.add(source, slot, EndpointFlows.SOURCE_LEG);
        }
        if (destination != 0) {
            endpoints.add(destination, slot, EndpointFlows.DESTINATION_LEG);
        }
        wheel.arm(slot, lane(slot), deadlineMs(slot, nowMs));
        flowCount++;
    }

    /**
     * Ends a flow: its slot is free afterwards.
     *
     * @param slot the flow.
     * @param cause why, for the listener.
     */
    public final void remove(final int slot, final RemovalCause cause) {
        final long record = record(slot);
        assert FlowRecord.state(record) != FlowState.FREE : "slot " + slot + " is free";
        listener.onRemoval(this, slot, cause);
        final long account = account(slot);
        final int source = FlowAccount.sourceIfindex(account);
        final int destination = FlowAccount.destinationIfindex(account);
        if (source != 0) {
            endpoints.remove(source, slot, EndpointFlows.SOURCE_LEG);
        }
        if (destination != 0) {
            endpoints.remove(destination, slot, EndpointFlows.DESTINATION_LEG);
        }
        unindex(slot);
        wheel.cancel(slot);
        FlowRecord.beginWrite(record);
        FlowRecord.state(record, FlowState.FREE);
        FlowRecord.endWrite(record);
        giveSlot(slot);
        flowCount--;
    }

    /**
     * Ends flows of a workload interface that has gone, the oldest first. Called again and again until none is left:
     * the caller decides how many packets may pass in between.
     *
     * @param ifindex kernel index of the interface.
     * @param budget flows to end, at most: the cost of one call.
     * @return flows that it still has.
     */
    public final int removeEndpoint(final int ifindex, final int budget) {
        int budgetLeft = budget;
        while (budgetLeft > 0) {
            final int count = oldestOf(ifindex, Math.min(budgetLeft, BATCH));
            if (count == 0) {
                return 0;
            }
            touchDue(count);
            touchNeighbours(count);
            for (int i = 0; i < count; i++) {
                /* A flow of the interface with itself is in its list twice. */
                if (FlowRecord.state(record(dueSlot[i])) != FlowState.FREE) {
                    remove(dueSlot[i], RemovalCause.ENDPOINT_REMOVED);
                }
            }
            budgetLeft -= count;
        }
        return flowCount(ifindex);
    }

    /** Fills {@link #dueSlot} from the list of an interface; returns how many. */
    private int oldestOf(final int ifindex, final int max) {
        int node = endpoints.oldest(ifindex);
        int count = 0;
        while (count < max && node != FlowLinks.NONE) {
            dueSlot[count++] = node >> 1;
            node = endpoints.newer(node);
        }
        return count;
    }

    /** Whom a flow that leaves its lists is linked with there: others' lines, as cold as its own. */
    private void touchNeighbours(final int count) {
        for (int link = 0; link < FlowLinks.LINKS; link++) {
            for (int i = 0; i < count; i++) {
                dueLine[i] = links.neighbourLine(dueSlot[i], link);
            }
            touched ^= OffHeap.touch(dueLine, count);
        }
    }

    /**
     * Brings the next look at a flow forward when its state has become one with a shorter timeout, or has changed its
     * lane. A longer timeout needs nothing: the flow is looked at and armed again.
     */
    final void rearm(final int slot, final long nowMs) {
        wheel.cancel(slot);
        wheel.arm(slot, lane(slot), deadlineMs(slot, nowMs));
    }

    /**
     * Ends flows that have been idle for longer than their state allows.
     *
     * @param nowMs milliseconds since boot.
     * @param budget due flows to look at, at most: the cost of one call.
     * @return flows looked at; less than the budget when no more are due.
     */
    public final int expire(final long nowMs, final int budget) {
        int looked = 0;
        while (looked < budget) {
            final int count = wheel.due(nowMs, dueSlot, Math.min(budget - looked, BATCH));
            if (count == 0) {
                break;
            }
            touchDue(count);
            for (int i = 0; i < count; i++) {
                final int slot = dueSlot[i];
                if (deadlineMs(slot, nowMs) <= nowMs && isSilent(slot, nowMs)) {
                    remove(slot, RemovalCause.EXPIRED);
                } else {
                    rearm(slot, nowMs);
                }
            }
            looked += count;
        }
        return looked;
    }

    /** Whether nobody else has seen packets of it meanwhile. */
    private boolean isSilent(final int slot, final long nowMs) {
        follow(slot, nowMs);
        return deadlineMs(slot, nowMs) <= nowMs;
    }

    /** Brings a flow's record up to date before it is judged by it. */
    final void follow(final int slot, final long nowMs) {
        follower.follow(this, slot, nowMs);
    }

    /** Asks somebody about flows before they expire. */
    final void followBy(final FlowFollower asked) {
        follower = asked;
    }

    /** What expiry reads of a flow lies in three places, all cold: read for the batch at once, as by a lookup. */
    private void touchDue(final int count) {
        for (int i = 0; i < count; i++) {
            dueLine[i] = account(dueSlot[i]);
        }
        touched ^= OffHeap.touch(dueLine, count);
        for (int i = 0; i < count; i++) {
            dueLine[i] = record(dueSlot[i]);
        }
        touched ^= OffHeap.touch(dueLine, count);
        for (int i = 0; i < count; i++) {
            dueLine[i] = homeLine(dueSlot[i]);
        }
        touched ^= OffHeap.touch(dueLine, count);
    }

    /** How long a flow may be idle in its present state. */
    final int idleMaxMs(final int slot) {
        final long record = record(slot);
        return timeouts.idleMaxMs(FlowRecord.protocol(record), FlowRecord.state(record), FlowRecord.flags(record));
    }

    /** When a flow expires if no packet comes. */
    final long deadlineMs(final int slot, final long nowMs) {
        final long account = account(slot);
        final long idleDeadlineMs = timeMs(FlowAccount.lastSeenMs(account), nowMs) + idleMaxMs(slot);
        return Math.max(idleDeadlineMs, timeMs(FlowAccount.createdMs(account), nowMs) + creationGraceMs);
    }

    /** The full time of a 32-bit time that lies within 24 days of now. */
    static long timeMs(final int lowMs, final long nowMs) {
        return nowMs + (lowMs - (int)nowMs);
    }

    final int lane(final int slot) {
        final long record = record(slot);
        return FlowLanes.lane(FlowRecord.state(record), FlowRecord.flags(record));
    }

    /**
     * Takes over the records of an earlier process, one by one: a torn record, one with numbers that no flow can have
     * and one whose tuple another flow has are emptied, all others go on.
     */
    final FlowRestoration restore(final long nowMs) {
        final FlowRestoration result = new FlowRestoration();
        highWater = image.highWater();
        for (int slot = highWater - 1; slot >= 0; slot--) {
            final long record = record(slot);
            if (FlowRecord.isTorn(record)) {
                result.torn++;
            } else if (FlowRecord.state(record) == FlowState.FREE) {
                giveSlot(slot);
                continue;
            } else if (!isPlausible(slot)) {
                result.invalid++;
            } else if (!indexRestored(slot)) {
                result.duplicate++;
            } else {
                clampTimes(slot, nowMs);
                enlist(slot, nowMs);
                result.restored++;
                continue;
            }
            OffHeap.clear(record, 1 << recordShift);
            giveSlot(slot);
        }
        return result;
    }

    private boolean isPlausible(final int slot) {
        final long account = account(slot);
        return RecordCheck.isPlausible(ipVersion(), record(slot), account)
            && endpoints.hasRoomFor(FlowAccount.sourceIfindex(account), FlowAccount.destinationIfindex(account));
    }

    /** A time in the future would keep a flow for longer than its timeout. */
    private void clampTimes(final int slot, final long nowMs) {
        final long account = account(slot);
        if (FlowAccount.lastSeenMs(account) - (int)nowMs > 0) {
            FlowAccount.lastSeenMs(account, (int)nowMs);
        }
        if (FlowAccount.createdMs(account) - (int)nowMs > 0) {
            OffHeap.putInt(account + FlowAccount.CREATED_MS_OFFSET, (int)nowMs);
        }
    }

    /**
     * Puts pages under index and lists, huge ones where the kernel gives them (MADV_COLLAPSE: Linux 6.1); until then
     * each page comes when it is first touched. Any thread, also beside the table's, but not beside {@link #close}.
     */
    public void populate() {
        index.populate();
        links.populate();
    }

    /** Gives the index and the lists back. The records stay in the image. */
    @Override
    public void close() {
        index.close();
        links.close();
    }
}

package io.caracal.conntrack;

/** The IPv6 flows of one worker: {@link Ipv4FlowTable} with tuples of 36 bytes. */
public final class Ipv6FlowTable extends FlowTable {
    private static final int ADDRESS_SIZE = 16;

    /** For tuples that are read back from a record. */
    private final Ipv6Tuple stored = new Ipv6Tuple();
    private final Ipv6Tuple storedReply = new Ipv6Tuple();
    private final Ipv6Tuple inverse = new Ipv6Tuple();
    private FlowRestoration restoration;

    private Ipv6FlowTable(final FlowImage image, final FlowTableConfig config, final FlowRemovalListener listener,
        final long nowMs) {
        super(image, config, listener, nowMs);
    }

    /**
     * Makes a table on an image and takes over the flows that are in it.
     *
     * @param image an IPv6 image; outlives the table.
     * @param config settings.
     * @param listener hears of flows that end.
     * @param nowMs milliseconds since boot.
     * @return the table; the caller closes it before the image.
     */
    public static Ipv6FlowTable open(final FlowImage image, final FlowTableConfig config,
        final FlowRemovalListener listener, final long nowMs) {
        if (image.spec().ipVersion() != 6) {
            throw new IllegalArgumentException(image.file() + " holds IPv" + image.spec().ipVersion() + " flows");
        }
        final Ipv6FlowTable table = new Ipv6FlowTable(image, config, listener, nowMs);
        table.restoration = table.restore(nowMs);
        return table;
    }

    /**
     * What became of the records that were there when the table was opened.
     *
     * @return the counts.
     */
    public FlowRestoration restoration() {
        return restoration;
    }

    /**
     * Looks up a burst in three short passes, as {@link Ipv4FlowTable#lookup}.
     *
     * @param burst tuples in, {@link Ipv6Burst#found} out.
     * @return a number without meaning, that keeps the reads from being optimised away.
     */
    public long lookup(final Ipv6Burst burst) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            final long tupleHash = hash.ofIpv6(burst.tuple[i], burst.protocol[i]);
            burst.hash[i] = tupleHash;
            burst.line[i] = index.home(tupleHash);
        }
        long sink = OffHeap.touch(burst.line, count);
        for (int i = 0; i < count; i++) {
            final int slot = index.candidate(burst.hash[i]);
            burst.found[i] = slot;
            burst.line[i] = slot < 0 ? burst.line[i] : record(slot);
        }
        sink ^= OffHeap.touch(burst.line, count);
        for (int i = 0; i < count; i++) {
            /* The second line of a record; where there is none, a line of the index that is in the cache anyway. */
            burst.line[i] ^= OffHeap.CACHE_LINE;
        }
        sink ^= OffHeap.touch(burst.line, count);
        for (int i = 0; i < count; i++) {
            if (burst.found[i] != FlowIndex.CERTAIN_MISS) {
                burst.found[i] = find(burst.hash[i], burst.tuple[i], burst.protocol[i]);
            }
        }
        return sink;
    }

    /**
     * Looks up one tuple.
     *
     * @param tuple of a packet.
     * @param protocol IP protocol number.
     * @return {@code slot << 1 | direction}, or {@link FlowTable#MISS}.
     */
    public int find(final Ipv6Tuple tuple, final int protocol) {
        return find(hash.ofIpv6(tuple, protocol), tuple, protocol);
    }

    private int find(final long tupleHash, final Ipv6Tuple tuple, final int protocol) {
        final long tagWord = FlowIndex.tagWord(tupleHash);
        long group = index.home(tupleHash);
        for (int probe = 0; probe < FlowIndex.MAX_PROBES; probe++) {
            for (long matches = FlowIndex.matches(group, tagWord); matches != 0; matches &= matches - 1) {
                final int slot = FlowIndex.slot(group, FlowIndex.entry(matches));
                final int direction = directionOf(record(slot), tuple, protocol);
                if (direction != MISS) {
                    return slot << 1 | direction;
                }
            }
            if (!FlowIndex.overflowed(group)) {
                return MISS;
            }
            group = index.next(group, tupleHash);
        }
        return MISS;
    }

    private static int directionOf(final long record, final Ipv6Tuple tuple, final int protocol) {
        if (FlowRecord.protocol(record) != protocol) {
            return MISS;
        }
        if (isAt(record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET, tuple)
            && OffHeap.getInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET) == tuple.ports) {
            return ORIGINAL;
        }
        /* An answer whose NAT has been undone, and then one as it arrives. */
        return isInverseAt(record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET, tuple)
            && OffHeap.getInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET)
            == Integer.rotateLeft(tuple.ports, Short.SIZE)
            || isAt(record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET, tuple)
            && OffHeap.getInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET) == tuple.ports ? REPLY : MISS;
    }

    private static boolean isInverseAt(final long address, final Ipv6Tuple tuple) {
        return OffHeap.getLong(address) == tuple.destinationHigh
            && OffHeap.getLong(address + Long.BYTES) == tuple.destinationLow
            && OffHeap.getLong(address + ADDRESS_SIZE) == tuple.sourceHigh
            && OffHeap.getLong(address + ADDRESS_SIZE + Long.BYTES) == tuple.sourceLow;
    }

    private static boolean isAt(final long address, final Ipv6Tuple tuple) {
        return OffHeap.getLong(address) == tuple.sourceHigh
            && OffHeap.getLong(address + Long.BYTES) == tuple.sourceLow
            && OffHeap.getLong(address + ADDRESS_SIZE) == tuple.destinationHigh
            && OffHeap.getLong(address + ADDRESS_SIZE + Long.BYTES) == tuple.destinationLow;
    }

    /**
     * Makes a flow out of a tuple that no flow has.
     *
     * @param spec tuples, state, legs and time of the new flow.
     * @return its slot, or {@link FlowTable#MISS}: there is no room.
     */
    public int create(final Ipv6FlowSpec spec) {
        final int slot = takeSlot();
        if (slot == MISS) {
            return MISS;
        }
        assert find(spec.original, spec.protocol) == MISS : "the original tuple is in use";
        assert find(spec.reply, spec.protocol) == MISS : "the reply tuple is in use";
        if (!indexTuples(slot, spec.original, spec.isNatted() ? spec.reply : null, spec.protocol)) {
            giveSlot(slot);
            return MISS;
        }
        final long record = record(slot);
        FlowRecord.beginWrite(record);
        put(record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET, spec.original);
        OffHeap.putInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET, spec.original.ports);
        OffHeap.putInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET, spec.reply.ports);
        put(record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET, spec.reply);
        writeCommonPart(slot, spec);
        FlowRecord.endWrite(record);
        enlist(slot, spec.nowMs);
        return slot;
    }

    /** Puts one key into the index, and a second one where NAT makes it differ (null: it does not). */
    private boolean indexTuples(final int slot, final Ipv6Tuple original, final Ipv6Tuple reply, final int protocol) {
        final long originalHash = hash.ofIpv6(original, protocol);
        if (!index.insert(originalHash, slot)) {
            return false;
        }
        if (reply != null && !index.insert(hash.ofIpv6(reply, protocol), slot)) {
            index.remove(originalHash, slot);
            return false;
        }
        return true;
    }

    /**
     * Gives the packets of a flow without NAT another source: its answers come to that one. A tuple that no flow has.
     *
     * @param slot the flow.
     * @param addressHigh upper half.
     * @param addressLow lower half.
     * @param port that takes the place of its source port.
     * @return false when there is no room for the second tuple; nothing has changed then.
     */
    boolean translateSource(final int slot, final long addressHigh, final long addressLow, final int port) {
        final long record = record(slot);
        originalTuple(slot, stored);
        storedReply.setInverse(stored);
        storedReply.destinationHigh = addressHigh;
        storedReply.destinationLow = addressLow;
        storedReply.ports = storedReply.ports & 0xffff_0000 | port;
        assert !isNatted(record) : "slot " + slot + " is translated already";
        assert find(storedReply, FlowRecord.protocol(record)) == MISS : "the reply tuple is in use";
        if (!index.insert(hash.ofIpv6(storedReply, FlowRecord.protocol(record)), slot)) {
            return false;
        }
        FlowRecord.beginWrite(record);
        put(record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET, storedReply);
        OffHeap.putInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET, storedReply.ports);
        FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.SOURCE_NAT);
        FlowRecord.endWrite(record);
        return true;
    }

    @Override
    boolean indexRestored(final int slot) {
        final long record = record(slot);
        final int protocol = FlowRecord.protocol(record);
        originalTuple(slot, stored);
        replyTuple(slot, storedReply);
        inverse.setInverse(stored);
        return find(stored, protocol) == MISS && find(storedReply, protocol) == MISS
            && find(inverse, protocol) == MISS
            && indexTuples(slot, stored, isNatted(record) ? storedReply : null, protocol);
    }

    @Override
    void readOriginal(final int slot, final Ipv6Tuple tuple) {
        originalTuple(slot, tuple);
    }

    @Override
    void readReply(final int slot, final Ipv6Tuple tuple) {
        replyTuple(slot, tuple);
    }

    @Override
    int findTuple(final Ipv6Tuple tuple, final int protocol) {
        return find(tuple, protocol);
    }

    @Override
    long homeLine(final int slot) {
        originalTuple(slot, stored);
        return index.home(hash.ofIpv6(stored, FlowRecord.protocol(record(slot))));
    }

    @Override
    void unindex(final int slot) {
        final long record = record(slot);
        final int protocol = FlowRecord.protocol(record);
        originalTuple(slot, stored);
        final boolean removed = index.remove(hash.ofIpv6(stored, protocol), slot);
        assert removed : "slot " + slot + " was not indexed";
        if (isNatted(record)) {
            replyTuple(slot, stored);
            index.remove(hash.ofIpv6(stored, protocol), slot);
        }
    }

    private static boolean isNatted(final long record) {
        return (FlowRecord.flags(record) & FlowFlags.NAT) != 0;
    }

    /**
     * Reads the tuple of the original direction's packets.
     *
     * @param slot a flow.
     * @param tuple filled with it.
     */
    public void originalTuple(final int slot, final Ipv6Tuple tuple) {
        final long record = record(slot);
        get(record + FlowRecord.IPV6_ORIGINAL_ADDRESSES_OFFSET, tuple);
        tuple.ports = OffHeap.getInt(record + FlowRecord.IPV6_ORIGINAL_PORTS_OFFSET);
    }

    /**
     * Reads the tuple of the reply direction's packets, as they arrive.
     *
     * @param slot a flow.
     * @param tuple filled with it.
     */
    public void replyTuple(final int slot, final Ipv6Tuple tuple) {
        final long record = record(slot);
        get(record + FlowRecord.IPV6_REPLY_ADDRESSES_OFFSET, tuple);
        tuple.ports = OffHeap.getInt(record + FlowRecord.IPV6_REPLY_PORTS_OFFSET);
    }

    private static void put(final long address, final Ipv6Tuple tuple) {
        OffHeap.putLong(address, tuple.sourceHigh);
        OffHeap.putLong(address + Long.BYTES, tuple.sourceLow);
        OffHeap.putLong(address + ADDRESS_SIZE, tuple.destinationHigh);
        OffHeap.putLong(address + ADDRESS_SIZE + Long.BYTES, tuple.destinationLow);
    }

    private static void get(final long address, final Ipv6Tuple tuple) {
        tuple.sourceHigh = OffHeap.getLong(address);
        tuple.sourceLow = OffHeap.getLong(address + Long.BYTES);
        tuple.destinationHigh = OffHeap.getLong(address + ADDRESS_SIZE);
        tuple.destinationLow = OffHeap.getLong(address + ADDRESS_SIZE + Long.BYTES);
    }
}

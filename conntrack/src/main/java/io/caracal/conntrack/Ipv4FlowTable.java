package io.caracal.conntrack;

/**
 * The IPv4 flows of one worker. A tuple is two words, as {@link FlowRecord} stores them:
 * {@code source << 32 | destination} and {@code source port << 16 | destination port}.
 *
 * <pre>{@code
 * table.lookup(burst);
 * int found = burst.found[i];
 * if (found == FlowTable.MISS) { slot = table.create(addresses, ports, inverse, inversePorts, protocol); }
 * else { slot = found >> 1; direction = found & 1; }
 * }</pre>
 */
public final class Ipv4FlowTable extends FlowTable {
    /** For tuples that are read back from a record. */
    private final Ipv4FlowSpec restoredTuples = new Ipv4FlowSpec();
    private FlowRestoration restoration;

    private Ipv4FlowTable(final FlowImage image, final FlowTableConfig config, final FlowRemovalListener listener,
        final long nowMs) {
        super(image, config, listener, nowMs);
    }

    /**
     * Makes a table on an image and takes over the flows that are in it.
     *
     * @param image an IPv4 image; outlives the table.
     * @param config settings.
     * @param listener hears of flows that end.
     * @param nowMs milliseconds since boot.
     * @return the table; the caller closes it before the image.
     */
    public static Ipv4FlowTable open(final FlowImage image, final FlowTableConfig config,
        final FlowRemovalListener listener, final long nowMs) {
        if (image.spec().ipVersion() != 4) {
            throw new IllegalArgumentException(image.file() + " holds IPv" + image.spec().ipVersion() + " flows");
        }
        final Ipv4FlowTable table = new Ipv4FlowTable(image, config, listener, nowMs);
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
     * Looks up a burst in short passes: hash each tuple, read its home group, find the record that the group names,
     * read that record, then compare. Java has no prefetch instruction, and a load that misses the cache holds up all
     * that comes after it in the processor's window; so the passes that miss do nothing but load, and many of their
     * loads are under way at once.
     *
     * @param burst tuples in, {@link Ipv4Burst#found} out.
     * @return a number without meaning, that keeps the reads from being optimised away.
     */
    public long lookup(final Ipv4Burst burst) {
        final int count = burst.count;
        for (int i = 0; i < count; i++) {
            final long tupleHash = hash.ofIpv4(burst.addresses[i], burst.ports[i], burst.protocol[i]);
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
            final int slot = burst.found[i];
            if (slot != FlowIndex.CERTAIN_MISS) {
                burst.found[i] = compare(burst, i, slot);
            }
        }
        return sink;
    }

    /** Nineteen of twenty hits are the candidate; only a tag that lies makes the group be searched again. */
    private int compare(final Ipv4Burst burst, final int i, final int slot) {
        final int direction = slot < 0 ? MISS
            : directionOf(burst.line[i], burst.addresses[i], burst.ports[i], burst.protocol[i]);
        return direction != MISS ? slot << 1 | direction
            : find(burst.hash[i], burst.addresses[i], burst.ports[i], burst.protocol[i]);
    }

    /**
     * Looks up one tuple.
     *
     * @param addresses {@code source << 32 | destination}.
     * @param ports {@code source port << 16 | destination port}.
     * @param protocol IP protocol number.
     * @return {@code slot << 1 | direction}, or {@link FlowTable#MISS}.
     */
    public int find(final long addresses, final int ports, final int protocol) {
        return find(hash.ofIpv4(addresses, ports, protocol), addresses, ports, protocol);
    }

    private int find(final long tupleHash, final long addresses, final int ports, final int protocol) {
        final long tagWord = FlowIndex.tagWord(tupleHash);
        long group = index.home(tupleHash);
        for (int probe = 0; probe < FlowIndex.MAX_PROBES; probe++) {
            for (long matches = FlowIndex.matches(group, tagWord); matches != 0; matches &= matches - 1) {
                final int slot = FlowIndex.slot(group, FlowIndex.entry(matches));
                final int direction = directionOf(record(slot), addresses, ports, protocol);
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

    private static int directionOf(final long record, final long addresses, final int ports, final int protocol) {
        if (FlowRecord.protocol(record) != protocol) {
            return MISS;
        }
        final long original = OffHeap.getLong(record + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET);
        final int originalPorts = OffHeap.getInt(record + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET);
        if (original == addresses && originalPorts == ports) {
            return ORIGINAL;
        }
        /* An answer whose NAT has been undone, and then one as it arrives. */
        return original == Long.rotateLeft(addresses, Integer.SIZE)
            && originalPorts == Integer.rotateLeft(ports, Short.SIZE)
            || OffHeap.getLong(record + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET) == addresses
            && OffHeap.getInt(record + FlowRecord.IPV4_REPLY_PORTS_OFFSET) == ports ? REPLY : MISS;
    }

    /**
     * Makes a flow out of tuples that no flow has.
     *
     * @param spec tuples, state, legs and time of the new flow.
     * @return its slot, or {@link FlowTable#MISS}: there is no room.
     */
    public int create(final Ipv4FlowSpec spec) {
        final int slot = takeSlot();
        if (slot == MISS) {
            return MISS;
        }
        assert find(spec.addresses, spec.ports, spec.protocol) == MISS : "the original tuple is in use";
        assert find(spec.replyAddresses, spec.replyPorts, spec.protocol) == MISS : "the reply tuple is in use";
        if (!indexTuples(slot, spec)) {
            giveSlot(slot);
            return MISS;
        }
        final long record = record(slot);
        FlowRecord.beginWrite(record);
        OffHeap.putLong(record + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET, spec.addresses);
        OffHeap.putInt(record + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET, spec.ports);
        OffHeap.putInt(record + FlowRecord.IPV4_REPLY_PORTS_OFFSET, spec.replyPorts);
        OffHeap.putLong(record + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET, spec.replyAddresses);
        writeCommonPart(slot, spec);
        FlowRecord.endWrite(record);
        enlist(slot, spec.nowMs);
        return slot;
    }

    /** Puts one key into the index, and a second one where NAT makes it differ. */
    private boolean indexTuples(final int slot, final Ipv4FlowSpec spec) {
        final long originalHash = hash.ofIpv4(spec.addresses, spec.ports, spec.protocol);
        if (!index.insert(originalHash, slot)) {
            return false;
        }
        if (spec.isNatted() && !index.insert(hash.ofIpv4(spec.replyAddresses, spec.replyPorts, spec.protocol), slot)) {
            index.remove(originalHash, slot);
            return false;
        }
        return true;
    }

    /**
     * Gives the packets of a flow without NAT another source: its answers come to that one. A tuple that no flow has.
     *
     * @param slot the flow.
     * @param address host order.
     * @param port that takes the place of its source port.
     * @return false when there is no room for the second tuple; nothing has changed then.
     */
    boolean translateSource(final int slot, final int address, final int port) {
        final long record = record(slot);
        final long addresses = originalAddresses(slot) << Integer.SIZE | Integer.toUnsignedLong(address);
        final int ports = originalPorts(slot) << Short.SIZE | port;
        assert !isNatted(record) : "slot " + slot + " is translated already";
        assert find(addresses, ports, FlowRecord.protocol(record)) == MISS : "the reply tuple is in use";
        if (!index.insert(hash.ofIpv4(addresses, ports, FlowRecord.protocol(record)), slot)) {
            return false;
        }
        FlowRecord.beginWrite(record);
        OffHeap.putLong(record + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET, addresses);
        OffHeap.putInt(record + FlowRecord.IPV4_REPLY_PORTS_OFFSET, ports);
        FlowRecord.flags(record, FlowRecord.flags(record) | FlowFlags.SOURCE_NAT);
        FlowRecord.endWrite(record);
        return true;
    }

    @Override
    boolean indexRestored(final int slot) {
        final long record = record(slot);
        final Ipv4FlowSpec spec = restoredTuples;
        spec.protocol = FlowRecord.protocol(record);
        spec.flags = FlowRecord.flags(record);
        spec.addresses = originalAddresses(slot);
        spec.ports = originalPorts(slot);
        spec.replyAddresses = replyAddresses(slot);
        spec.replyPorts = replyPorts(slot);
        return find(spec.addresses, spec.ports, spec.protocol) == MISS
            && find(spec.replyAddresses, spec.replyPorts, spec.protocol) == MISS
            && find(Long.rotateLeft(spec.addresses, Integer.SIZE), Integer.rotateLeft(spec.ports, Short.SIZE),
            spec.protocol) == MISS
            && indexTuples(slot, spec);
    }

    @Override
    void readOriginal(final int slot, final Ipv6Tuple tuple) {
        set(tuple, originalAddresses(slot), originalPorts(slot));
    }

    @Override
    void readReply(final int slot, final Ipv6Tuple tuple) {
        set(tuple, replyAddresses(slot), replyPorts(slot));
    }

    private static void set(final Ipv6Tuple tuple, final long addresses, final int ports) {
        tuple.sourceHigh = 0;
        tuple.sourceLow = addresses >>> Integer.SIZE;
        tuple.destinationHigh = 0;
        tuple.destinationLow = addresses & 0xffff_ffffL;
        tuple.ports = ports;
    }

    @Override
    int findTuple(final Ipv6Tuple tuple, final int protocol) {
        return find(tuple.sourceLow << Integer.SIZE | tuple.destinationLow, tuple.ports, protocol);
    }

    @Override
    long homeLine(final int slot) {
        return index.home(
            hash.ofIpv4(originalAddresses(slot), originalPorts(slot), FlowRecord.protocol(record(slot))));
    }

    @Override
    void unindex(final int slot) {
        final long record = record(slot);
        final int protocol = FlowRecord.protocol(record);
        final boolean removed = index.remove(hash.ofIpv4(originalAddresses(slot), originalPorts(slot), protocol), slot);
        assert removed : "slot " + slot + " was not indexed";
        if (isNatted(record)) {
            index.remove(hash.ofIpv4(replyAddresses(slot), replyPorts(slot), protocol), slot);
        }
    }

    private static boolean isNatted(final long record) {
        return (FlowRecord.flags(record) & FlowFlags.NAT) != 0;
    }

    /**
     * Addresses of the original direction's packets.
     *
     * @param slot a flow.
     * @return {@code source << 32 | destination}.
     */
    public long originalAddresses(final int slot) {
        return OffHeap.getLong(record(slot) + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET);
    }

    /**
     * Ports of the original direction's packets.
     *
     * @param slot a flow.
     * @return {@code source port << 16 | destination port}.
     */
    public int originalPorts(final int slot) {
        return OffHeap.getInt(record(slot) + FlowRecord.IPV4_ORIGINAL_PORTS_OFFSET);
    }

    /**
     * Addresses of the reply direction's packets, as they arrive.
     *
     * @param slot a flow.
     * @return {@code source << 32 | destination}.
     */
    public long replyAddresses(final int slot) {
        return OffHeap.getLong(record(slot) + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET);
    }

    /**
     * Ports of the reply direction's packets, as they arrive.
     *
     * @param slot a flow.
     * @return {@code source port << 16 | destination port}.
     */
    public int replyPorts(final int slot) {
        return OffHeap.getInt(record(slot) + FlowRecord.IPV4_REPLY_PORTS_OFFSET);
    }
}

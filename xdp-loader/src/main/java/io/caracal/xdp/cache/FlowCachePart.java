package io.caracal.xdp.cache;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.agrona.UnsafeApi;

/**
 * One worker's part of the flow cache: a hash table of four-slot buckets in memory that the programs read. It alone
 * writes here. An entry never moves; each is under a version that is odd while it is written, so that a program never
 * acts on half of one. No call here enters the kernel, allocates, or waits.
 *
 * <p>The programs count in the entries meanwhile; what is taken of a count is left to come again, so that nothing is
 * lost or counted twice. A program that has found an entry just before it is removed may still act on it: whoever needs
 * to know that none does waits for {@link RcuGracePeriod}.</p>
 *
 * <pre>{@code
 * final int slot = part.insert(spec);          // NONE: the bucket is full
 * if (slot == FlowCachePart.NONE) { … part.remove(one of home(spec) .. + 3) … }
 * }</pre>
 */
public final class FlowCachePart {
    /** No slot. */
    public static final int NONE = -1;
    /** Slots where an entry may be. */
    public static final int BUCKET_SLOTS = CachedFlowLayout.BUCKET_SLOTS;

    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final int IPV4_WORDS = 1;
    private static final int IPV6_WORDS = 4;

    /** Keeps the memory alive. */
    private final MemorySegment slots;
    /** By address: in an engine that has just started, each access of a segment takes microseconds. */
    private final long base;
    private final FlowQueue queue;
    private final int bucketMask;
    private int usedCount;

    FlowCachePart(final MemorySegment slots, final FlowQueue queue, final int bucketCount) {
        this.slots = slots;
        base = slots.address();
        this.queue = queue;
        bucketMask = bucketCount - 1;
    }

    /**
     * A part that no program reads, to run code through.
     *
     * @param bucketCount a power of two.
     * @return in memory that lives as long as it.
     */
    public static FlowCachePart inMemory(final int bucketCount) {
        return new FlowCachePart(Arena.ofAuto().allocate(
            (long)bucketCount * BUCKET_SLOTS * CachedFlowLayout.SLOT_SIZE, CachedFlowLayout.SLOT_SIZE),
            new FlowQueue(0, 1), bucketCount);
    }

    /**
     * Slots of this part.
     *
     * @return four for each bucket.
     */
    public int slotCount() {
        return (bucketMask + 1) * BUCKET_SLOTS;
    }

    /**
     * Entries in it.
     *
     * @return how many now.
     */
    public int usedCount() {
        return usedCount;
    }

    /**
     * The first of the four slots where an entry may be.
     *
     * @param spec its key.
     * @return a slot.
     */
    public int home(final CachedFlowSpec spec) {
        final int hash = spec.ipVersion == 4
            ? queue.hashOfIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.hashOfIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow,
                spec.protocol, spec.ports);
        return (FlowQueue.mix(hash ^ FlowQueue.mix(spec.ingressIfindex)) & bucketMask) * BUCKET_SLOTS;
    }

    /**
     * Writes an entry, from then on in force.
     *
     * @param spec the entry; no other has its key.
     * @return its slot, or {@link #NONE} when all four are used.
     */
    public int insert(final CachedFlowSpec spec) {
        final int home = home(spec);
        for (int slot = home; slot < home + BUCKET_SLOTS; slot++) {
            if (!isUsed(slot)) {
                write(slot, spec);
                usedCount++;
                return slot;
            }
        }
        return NONE;
    }

    private void write(final int slot, final CachedFlowSpec spec) {
        final long at = at(slot);
        beginWrite(at);
        UnsafeApi.putInt(at + CachedFlowLayout.INGRESS_IFINDEX, spec.ingressIfindex);
        writeAddresses(at, spec);
        UnsafeApi.putShort(at + CachedFlowLayout.SOURCE_PORT_BE, be((short)(spec.ports >>> Short.SIZE)));
        UnsafeApi.putShort(at + CachedFlowLayout.DESTINATION_PORT_BE, be((short)spec.ports));
        UnsafeApi.putByte(at + CachedFlowLayout.PROTOCOL, (byte)spec.protocol);
        UnsafeApi.putByte(at + CachedFlowLayout.ACTION, (byte)spec.action);
        UnsafeApi.putInt(at + CachedFlowLayout.TARGET_IFINDEX, spec.targetIfindex);
        UnsafeApi.putInt(at + CachedFlowLayout.MTU, spec.mtu);
        UnsafeApi.putLong(at + CachedFlowLayout.PACKETS, 0);
        UnsafeApi.putLong(at + CachedFlowLayout.BYTES, 0);
        UnsafeApi.putLong(at + CachedFlowLayout.LAST_SEEN_NS, 0);
        UnsafeApi.putInt(at + CachedFlowLayout.SEEN, 0);
        UnsafeApi.putInt(at + CachedFlowLayout.GENERATION, spec.generation);
        UnsafeApi.putInt(at + CachedFlowLayout.FLOW, spec.flow);
        writeTranslation(at, spec);
        endWrite(at);
    }

    private void writeTranslation(final long at, final CachedFlowSpec spec) {
        UnsafeApi.putByte(at + CachedFlowLayout.IS_TRANSLATED, (byte)(spec.isTranslated ? 1 : 0));
        if (spec.isTranslated) {
            UnsafeApi.putInt(at + CachedFlowLayout.NAT_ADDRESS_BE, be(spec.natAddress));
            UnsafeApi.putShort(at + CachedFlowLayout.NAT_PORT_BE, be((short)spec.natPort));
        }
    }

    private void writeAddresses(final long at, final CachedFlowSpec spec) {
        if (spec.ipVersion == 4) {
            UnsafeApi.putByte(at + CachedFlowLayout.WORDS, (byte)IPV4_WORDS);
            UnsafeApi.putInt(at + CachedFlowLayout.SOURCE_BE, be((int)spec.sourceLow));
            UnsafeApi.putInt(at + CachedFlowLayout.DESTINATION_BE, be((int)spec.destinationLow));
            return;
        }
        UnsafeApi.putByte(at + CachedFlowLayout.WORDS, (byte)IPV6_WORDS);
        writeIpv6(at + CachedFlowLayout.SOURCE_BE, at + CachedFlowLayout.SOURCE_REST_BE, spec.sourceHigh,
            spec.sourceLow);
        writeIpv6(at + CachedFlowLayout.DESTINATION_BE, at + CachedFlowLayout.DESTINATION_REST_BE,
            spec.destinationHigh, spec.destinationLow);
    }

    private void writeIpv6(final long first, final long rest, final long high, final long low) {
        UnsafeApi.putInt(first, be((int)(high >>> Integer.SIZE)));
        UnsafeApi.putInt(rest, be((int)high));
        UnsafeApi.putInt(rest + Integer.BYTES, be((int)(low >>> Integer.SIZE)));
        UnsafeApi.putInt(rest + 2 * Integer.BYTES, be((int)low));
    }

    /**
     * Takes an entry out: no packet that comes from now on finds it.
     *
     * @param slot a used one; what it has counted and nobody has taken is lost.
     */
    public void remove(final int slot) {
        assert isUsed(slot) : "slot " + slot + " is empty";
        final long at = at(slot);
        beginWrite(at);
        UnsafeApi.putInt(at + CachedFlowLayout.INGRESS_IFINDEX, 0);
        endWrite(at);
        usedCount--;
    }

    /** The version becomes odd before anything else is written: a release fence between the two stores. */
    private void beginWrite(final long at) {
        final int version = UnsafeApi.getInt(at + CachedFlowLayout.VERSION) | 1;
        UnsafeApi.putIntOpaque(null, at + CachedFlowLayout.VERSION, version);
        VarHandle.storeStoreFence();
    }

    private void endWrite(final long at) {
        final int version = UnsafeApi.getInt(at + CachedFlowLayout.VERSION) + 1;
        UnsafeApi.putIntRelease(null, at + CachedFlowLayout.VERSION, version);
    }

    /**
     * Whether a slot has an entry.
     *
     * @param slot any of this part.
     * @return false where it is free.
     */
    public boolean isUsed(final int slot) {
        return UnsafeApi.getInt(at(slot) + CachedFlowLayout.INGRESS_IFINDEX) != 0;
    }

    /**
     * What the owner has written as {@link CachedFlowSpec#flow}.
     *
     * @param slot a used one.
     * @return the number.
     */
    public int flow(final int slot) {
        return UnsafeApi.getInt(at(slot) + CachedFlowLayout.FLOW);
    }

    /**
     * Writes the owner's number anew, as it takes over an entry of an earlier process.
     *
     * @param slot a used one.
     * @param flow the number.
     */
    public void flow(final int slot, final int flow) {
        UnsafeApi.putInt(at(slot) + CachedFlowLayout.FLOW, flow);
    }

    /**
     * Takes the packets that the programs have counted since the last time.
     *
     * @param slot a used one.
     * @return how many.
     */
    public long takePackets(final int slot) {
        return take(at(slot) + CachedFlowLayout.PACKETS);
    }

    /**
     * Takes the bytes that the programs have counted since the last time.
     *
     * @param slot a used one.
     * @return from the IP header on.
     */
    public long takeBytes(final int slot) {
        return take(at(slot) + CachedFlowLayout.BYTES);
    }

    private static long take(final long address) {
        if (UnsafeApi.getLongOpaque(null, address) == 0) {
            return 0;
        }
        return UnsafeApi.getAndSetLong(null, address, 0L);
    }

    /**
     * Takes what the packets since the last time were.
     *
     * @param slot a used one.
     * @return bits of {@link CachedFlowSeen}.
     */
    public int takeSeen(final int slot) {
        final long address = at(slot) + CachedFlowLayout.SEEN;
        return UnsafeApi.getIntOpaque(null, address) == 0 ? 0 : UnsafeApi.getAndSetInt(null, address, 0);
    }

    /**
     * When the last packet of an entry came.
     *
     * @param slot a used one.
     * @return by the clock of {@link System#nanoTime()}, some milliseconds coarse; 0 where none has.
     */
    public long lastSeenNs(final int slot) {
        return UnsafeApi.getLongOpaque(null, at(slot) + CachedFlowLayout.LAST_SEEN_NS);
    }

    /**
     * Reads an entry that an earlier process has left.
     *
     * @param slot any of this part.
     * @param target its key, action and generation, where the result is true.
     * @return false for an empty slot, one that was being written when the process died, and one that is not where its
     *     key belongs.
     */
    public boolean read(final int slot, final CachedFlowSpec target) {
        final long at = at(slot);
        if (!isUsed(slot) || (UnsafeApi.getInt(at + CachedFlowLayout.VERSION) & 1) != 0) {
            return false;
        }
        target.ipVersion = UnsafeApi.getByte(at + CachedFlowLayout.WORDS) == IPV4_WORDS ? 4 : 6;
        target.protocol = UnsafeApi.getByte(at + CachedFlowLayout.PROTOCOL) & 0xff;
        target.ports = (be(UnsafeApi.getShort(at + CachedFlowLayout.SOURCE_PORT_BE)) & 0xffff) << Short.SIZE
            | be(UnsafeApi.getShort(at + CachedFlowLayout.DESTINATION_PORT_BE)) & 0xffff;
        readAddresses(at, target);
        target.ingressIfindex = UnsafeApi.getInt(at + CachedFlowLayout.INGRESS_IFINDEX);
        target.action = UnsafeApi.getByte(at + CachedFlowLayout.ACTION);
        target.targetIfindex = UnsafeApi.getInt(at + CachedFlowLayout.TARGET_IFINDEX);
        target.mtu = UnsafeApi.getInt(at + CachedFlowLayout.MTU);
        target.isTranslated = UnsafeApi.getByte(at + CachedFlowLayout.IS_TRANSLATED) != 0;
        target.natAddress = target.isTranslated ? be(UnsafeApi.getInt(at + CachedFlowLayout.NAT_ADDRESS_BE)) : 0;
        target.natPort = target.isTranslated
            ? Short.toUnsignedInt(be(UnsafeApi.getShort(at + CachedFlowLayout.NAT_PORT_BE))) : 0;
        target.generation = UnsafeApi.getInt(at + CachedFlowLayout.GENERATION);
        target.flow = UnsafeApi.getInt(at + CachedFlowLayout.FLOW);
        final int home = home(target);
        return slot >= home && slot < home + BUCKET_SLOTS;
    }

    private void readAddresses(final long at, final CachedFlowSpec target) {
        if (target.ipVersion == 4) {
            target.sourceHigh = 0;
            target.destinationHigh = 0;
            target.sourceLow = be(UnsafeApi.getInt(at + CachedFlowLayout.SOURCE_BE)) & 0xffff_ffffL;
            target.destinationLow = be(UnsafeApi.getInt(at + CachedFlowLayout.DESTINATION_BE)) & 0xffff_ffffL;
            return;
        }
        final long source = at + CachedFlowLayout.SOURCE_REST_BE;
        final long destination = at + CachedFlowLayout.DESTINATION_REST_BE;
        target.sourceHigh = join(at + CachedFlowLayout.SOURCE_BE, source);
        target.sourceLow = join(source + Integer.BYTES, source + 2 * Integer.BYTES);
        target.destinationHigh = join(at + CachedFlowLayout.DESTINATION_BE, destination);
        target.destinationLow = join(destination + Integer.BYTES, destination + 2 * Integer.BYTES);
    }

    private long join(final long upper, final long lower) {
        return (long)be(UnsafeApi.getInt(upper)) << Integer.SIZE | be(UnsafeApi.getInt(lower)) & 0xffff_ffffL;
    }

    /** Counts the entries that an earlier process has left; ones that were half written when it died are removed. */
    void recount() {
        usedCount = 0;
        for (int slot = 0; slot < slotCount(); slot++) {
            usedCount += isUsed(slot) ? 1 : 0;
            if ((UnsafeApi.getInt(at(slot) + CachedFlowLayout.VERSION) & 1) != 0) {
                endTornWrite(slot);
            }
        }
    }

    private void endTornWrite(final int slot) {
        if (isUsed(slot)) {
            remove(slot);
        } else {
            endWrite(at(slot));
        }
    }

    /** Removes every entry. */
    void clear() {
        for (int slot = 0; slot < slotCount() && usedCount > 0; slot++) {
            if (isUsed(slot)) {
                remove(slot);
            }
        }
    }

    /** Address of a slot. */
    private long at(final int slot) {
        assert slot >= 0 && slot < slotCount() : slot;
        return base + (long)slot * CachedFlowLayout.SLOT_SIZE;
    }

    /** To or from network byte order, which is the same. */
    private static int be(final int value) {
        return LITTLE_ENDIAN ? Integer.reverseBytes(value) : value;
    }

    private static short be(final short value) {
        return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
    }
}

package io.caracal.xdp.cache;

import io.caracal.xdp.punt.FlowQueue;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.agrona.UnsafeApi;

/**
 * Slots of {@code struct cached_flow} in memory that the programs read and write, too: each is under a version that is
 * odd while somebody writes it. Its owner changes what is used; what is free the programs may take as well, so a free
 * slot is taken by comparing and exchanging its version.
 */
final class CachedSlots {
    private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final int IPV4_WORDS = 1;
    private static final int IPV6_WORDS = 4;

    /** Keeps the memory alive. */
    private final MemorySegment slots;
    /** By address: in an engine that has just started, each access of a segment takes microseconds. */
    private final long base;

    CachedSlots(final MemorySegment slots) {
        this.slots = slots;
        base = slots.address();
    }

    /** The first slot of the bucket where an entry is, by the hash of the queue and the interface. */
    static int home(final CachedFlowSpec spec, final FlowQueue queue, final int bucketMask) {
        final int hash = spec.ipVersion == 4
            ? queue.hashOfIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.hashOfIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow,
                spec.protocol, spec.ports);
        return (FlowQueue.mix(hash ^ FlowQueue.mix(spec.ingressIfindex)) & bucketMask) * CachedFlowLayout.BUCKET_SLOTS;
    }

    /** How many there are. */
    int count() {
        return (int)(slots.byteSize() / CachedFlowLayout.SLOT_SIZE);
    }

    /** Address of a slot. */
    long at(final int slot) {
        assert slot >= 0 && slot < count() : slot;
        return base + (long)slot * CachedFlowLayout.SLOT_SIZE;
    }

    boolean isUsed(final int slot) {
        return UnsafeApi.getIntOpaque(null, at(slot) + CachedFlowLayout.INGRESS_IFINDEX) != 0;
    }

    boolean isBeingWritten(final int slot) {
        return (UnsafeApi.getIntOpaque(null, at(slot) + CachedFlowLayout.VERSION) & 1) != 0;
    }

    /**
     * Writes an entry into a slot if it is free.
     *
     * @return false where it is not, or a program takes it at this moment.
     */
    boolean insert(final int slot, final CachedFlowSpec spec) {
        final long at = at(slot);
        final int version = UnsafeApi.getIntAcquire(null, at + CachedFlowLayout.VERSION);
        if ((version & 1) != 0 || isUsed(slot)
            || !UnsafeApi.compareAndSetInt(null, at + CachedFlowLayout.VERSION, version, version + 1)) {
            return false;
        }
        fill(at, spec);
        endWrite(at);
        return true;
    }

    /** Whether a slot has the entry of a key. */
    boolean isOf(final int slot, final CachedFlowSpec key) {
        final long at = at(slot);
        return UnsafeApi.getInt(at + CachedFlowLayout.INGRESS_IFINDEX) == key.ingressIfindex
            && UnsafeApi.getShort(at + CachedFlowLayout.SOURCE_PORT_BE) == be((short)(key.ports >>> Short.SIZE))
            && UnsafeApi.getShort(at + CachedFlowLayout.DESTINATION_PORT_BE) == be((short)key.ports)
            && UnsafeApi.getByte(at + CachedFlowLayout.PROTOCOL) == (byte)key.protocol
            && UnsafeApi.getByte(at + CachedFlowLayout.WORDS) == (key.ipVersion == 4 ? IPV4_WORDS : IPV6_WORDS)
            && (key.ipVersion == 4 ? hasIpv4(at, key) : hasIpv6(at, key));
    }

    private boolean hasIpv4(final long at, final CachedFlowSpec key) {
        return UnsafeApi.getInt(at + CachedFlowLayout.SOURCE_BE) == be((int)key.sourceLow)
            && UnsafeApi.getInt(at + CachedFlowLayout.DESTINATION_BE) == be((int)key.destinationLow);
    }

    private boolean hasIpv6(final long at, final CachedFlowSpec key) {
        final long source = at + CachedFlowLayout.SOURCE_REST_BE;
        final long destination = at + CachedFlowLayout.DESTINATION_REST_BE;
        return join(at + CachedFlowLayout.SOURCE_BE, source) == key.sourceHigh
            && join(source + Integer.BYTES, source + 2 * Integer.BYTES) == key.sourceLow
            && join(at + CachedFlowLayout.DESTINATION_BE, destination) == key.destinationHigh
            && join(destination + Integer.BYTES, destination + 2 * Integer.BYTES) == key.destinationLow;
    }

    /** Writes the fields of an entry. */
    void fill(final long at, final CachedFlowSpec spec) {
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
        UnsafeApi.putInt(at + CachedFlowLayout.SOURCE_RULE, spec.sourceRule);
        UnsafeApi.putInt(at + CachedFlowLayout.DESTINATION_RULE, spec.destinationRule);
        writeTranslation(at, spec);
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

    /** Empties a slot, also one whose writer has died. */
    void clear(final int slot) {
        final long at = at(slot);
        beginWrite(at);
        UnsafeApi.putInt(at + CachedFlowLayout.INGRESS_IFINDEX, 0);
        endWrite(at);
    }

    /** The version becomes odd before anything else is written: a release fence between the two stores. */
    void beginWrite(final long at) {
        final int version = UnsafeApi.getInt(at + CachedFlowLayout.VERSION) | 1;
        UnsafeApi.putIntOpaque(null, at + CachedFlowLayout.VERSION, version);
        VarHandle.storeStoreFence();
    }

    void endWrite(final long at) {
        final int version = UnsafeApi.getInt(at + CachedFlowLayout.VERSION) + 1;
        UnsafeApi.putIntRelease(null, at + CachedFlowLayout.VERSION, version);
    }

    /**
     * Reads an entry.
     *
     * @return false for an empty slot, and one that is being written or was when its writer died.
     */
    boolean read(final int slot, final CachedFlowSpec target) {
        final long at = at(slot);
        if (!isUsed(slot) || isBeingWritten(slot)) {
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
        target.sourceRule = UnsafeApi.getInt(at + CachedFlowLayout.SOURCE_RULE);
        target.destinationRule = UnsafeApi.getInt(at + CachedFlowLayout.DESTINATION_RULE);
        target.flow = UnsafeApi.getInt(at + CachedFlowLayout.FLOW);
        return true;
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

    /** To or from network byte order, which is the same. */
    private static int be(final int value) {
        return LITTLE_ENDIAN ? Integer.reverseBytes(value) : value;
    }

    private static short be(final short value) {
        return LITTLE_ENDIAN ? Short.reverseBytes(value) : value;
    }
}

package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The kernel's table as plain memory, slow and obvious: entries by slot, packets by hand. */
final class MemoryOffload implements FlowOffload {
    /** An entry as it was written, and what it has counted. */
    static final class Held {
        int version;
        int protocol;
        final Ipv6Tuple tuple = new Ipv6Tuple();
        int ingressIfindex;
        int action;
        int targetIfindex;
        int mtu;
        boolean isTranslated;
        int natAddress;
        int natPort;
        int generation;
        int sourceRule;
        int destinationRule;
        int other;
        int flow;
        long packets;
        long bytes;
        int seen;
        long lastSeenNs;
    }

    /** {@link Held#flow} of the first packet's entry of what the kernel has opened and nobody has taken. */
    static final int OPENED = -1;
    /** The same of the answers' entry. */
    static final int OPENED_REPLY = -2;

    final Held[] slots;
    final List<Kind> kinds = new ArrayList<>();
    final ArrayDeque<Integer> opened = new ArrayDeque<>();
    int epoch;
    /** Nothing is opened by what an older policy has approved. */
    int generationMin;

    MemoryOffload(final int slotCount) {
        slots = new Held[slotCount];
    }

    /** The entry that a packet would find, or null. */
    Held find(final int ingressIfindex, final int protocol, final long source, final long destination,
        final int ports) {
        for (final Held held : slots) {
            if (held != null && held.ingressIfindex == ingressIfindex && held.protocol == protocol
                && held.tuple.sourceLow == source && held.tuple.destinationLow == destination
                && held.tuple.ports == ports) {
                return held;
            }
        }
        return null;
    }

    @Override
    public int usedCount() {
        int count = 0;
        for (final Held held : slots) {
            count += held == null ? 0 : 1;
        }
        return count;
    }

    @Override
    public int slotCount() {
        return slots.length;
    }

    @Override
    public int home(final OffloadEntry entry) {
        final int ports = entry.tuple.ports;
        final int mixed = ((ports ^ ports >>> 16) * 31 + (int)entry.tuple.sourceLow * 7
            + (int)entry.tuple.sourceHigh) * 0x9e3779b1 >>> 8;
        return mixed % (slots.length / PROBES) * PROBES;
    }

    @Override
    public int find(final OffloadEntry entry) {
        final int home = home(entry);
        for (int slot = home; slot < home + PROBES; slot++) {
            final Held held = slots[slot];
            if (held != null && held.ingressIfindex == entry.ingressIfindex && held.protocol == entry.protocol
                && held.version == entry.ipVersion && held.tuple.sameAs(entry.tuple)) {
                return slot;
            }
        }
        return NONE;
    }

    @Override
    public int insert(final OffloadEntry entry) {
        final int home = home(entry);
        for (int slot = home; slot < home + PROBES; slot++) {
            if (slots[slot] == null) {
                slots[slot] = held(entry);
                return slot;
            }
        }
        return NONE;
    }

    private static Held held(final OffloadEntry entry) {
        final Held held = new Held();
        held.version = entry.ipVersion;
        held.protocol = entry.protocol;
        held.tuple.set(entry.tuple);
        held.ingressIfindex = entry.ingressIfindex;
        held.action = entry.action;
        held.targetIfindex = entry.targetIfindex;
        held.mtu = entry.mtu;
        held.isTranslated = entry.isTranslated;
        held.natAddress = entry.natAddress;
        held.natPort = entry.natPort;
        held.generation = entry.generation;
        held.sourceRule = entry.sourceRule;
        held.destinationRule = entry.destinationRule;
        held.flow = entry.flow;
        return held;
    }

    @Override
    public void remove(final int slot) {
        if (slots[slot] == null) {
            throw new AssertionError("slot " + slot + " is empty");
        }
        slots[slot] = null;
    }

    @Override
    public boolean isUsed(final int slot) {
        return slots[slot] != null;
    }

    @Override
    public int flow(final int slot) {
        return slots[slot].flow;
    }

    @Override
    public void flow(final int slot, final int flow) {
        slots[slot].flow = flow;
    }

    @Override
    public long takePackets(final int slot) {
        final long packets = slots[slot].packets;
        slots[slot].packets = 0;
        return packets;
    }

    @Override
    public long takeBytes(final int slot) {
        final long bytes = slots[slot].bytes;
        slots[slot].bytes = 0;
        return bytes;
    }

    @Override
    public int takeSeen(final int slot) {
        final int seen = slots[slot].seen;
        slots[slot].seen = 0;
        return seen;
    }

    @Override
    public int seen(final int slot) {
        return slots[slot].seen;
    }

    @Override
    public long lastSeenNs(final int slot) {
        return slots[slot].lastSeenNs;
    }

    @Override
    public boolean read(final int slot, final OffloadEntry target) {
        final Held held = slots[slot];
        if (held == null) {
            return false;
        }
        fill(held, target);
        return true;
    }

    private static void fill(final Held held, final OffloadEntry target) {
        target.ipVersion = held.version;
        target.protocol = held.protocol;
        target.tuple.set(held.tuple);
        target.ingressIfindex = held.ingressIfindex;
        target.action = held.action;
        target.targetIfindex = held.targetIfindex;
        target.mtu = held.mtu;
        target.isTranslated = held.isTranslated;
        target.natAddress = held.natAddress;
        target.natPort = held.natPort;
        target.generation = held.generation;
        target.sourceRule = held.sourceRule;
        target.destinationRule = held.destinationRule;
        target.flow = held.flow;
    }

    @Override
    public void clear() {
        Arrays.fill(slots, null);
    }

    @Override
    public int epoch() {
        return epoch;
    }

    @Override
    public void putKind(final OffloadEntry way, final OffloadEntry reply, final int kindEpoch) {
        final Kind kind = new Kind(held(way), held(reply), kindEpoch);
        kinds.removeIf(other -> other.isOf(way.ingressIfindex, way.protocol, way.tuple));
        kinds.add(kind);
    }

    /** What was let through once: of the other direction only what is said of its entry. */
    record Kind(Held way, Held reply, int epoch) {
        boolean isOf(final int ingressIfindex, final int protocol, final Ipv6Tuple tuple) {
            return way.ingressIfindex == ingressIfindex && way.protocol == protocol
                && way.tuple.sourceHigh == tuple.sourceHigh && way.tuple.sourceLow == tuple.sourceLow
                && way.tuple.destinationHigh == tuple.destinationHigh
                && way.tuple.destinationLow == tuple.destinationLow
                && (way.tuple.ports & 0xffff) == (tuple.ports & 0xffff);
        }
    }

    /**
     * What the program does with a first packet.
     *
     * @return whether it has opened the connection; else the packet is Java's.
     */
    boolean open(final int ingressIfindex, final Ipv6Tuple tuple, final int length, final long nowNs) {
        final Kind kind = kinds.stream().filter(each -> each.epoch() == epoch
            && each.way().generation - generationMin >= 0 && each.isOf(ingressIfindex, IpProtocol.TCP, tuple)).findFirst().orElse(null);
        if (kind == null || Arrays.stream(slots).anyMatch(held -> held != null
            && held.ingressIfindex == ingressIfindex && held.tuple.sameAs(tuple))) {
            return false;
        }
        final OffloadEntry entry = new OffloadEntry();
        fill(kind.way(), entry);
        entry.tuple.set(tuple);
        final int way = insert(entry);
        if (way == NONE) {
            return false;
        }
        fill(kind.reply(), entry);
        entry.tuple.setInverse(tuple);
        final int reply = insert(entry);
        if (reply == NONE) {
            remove(way);
            return false;
        }
        slots[way].other = reply;
        slots[reply].other = way;
        slots[way].packets = 1;
        slots[way].bytes = length;
        slots[way].lastSeenNs = nowNs;
        slots[way].sourceRule = kind.way().sourceRule;
        slots[way].destinationRule = kind.way().destinationRule;
        slots[way].flow = OPENED;
        slots[reply].flow = OPENED_REPLY;
        opened.add(way);
        return true;
    }

    @Override
    public boolean hasOpened() {
        return !opened.isEmpty();
    }

    @Override
    public int openedCount() {
        return opened.size();
    }

    @Override
    public void touchOpened(final int count) {
        /* Nothing comes nearer by that here. */
    }

    @Override
    public int takeOpened() {
        return opened.isEmpty() ? NONE : opened.removeFirst();
    }

    @Override
    public boolean isOpened(final int slot) {
        return slots[slot] != null && slots[slot].flow == OPENED;
    }

    @Override
    public void claim(final int slot) {
        if (!isOpened(slot)) {
            throw new AssertionError("slot " + slot + " was not opened");
        }
    }

    @Override
    public int otherSlot(final int slot) {
        return slots[slot].other;
    }
}

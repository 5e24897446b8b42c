package io.caracal.conntrack;

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
        int flow;
        long packets;
        long bytes;
        int seen;
        long lastSeenNs;
    }

    final Held[] slots;

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
    public long lastSeenNs(final int slot) {
        return slots[slot].lastSeenNs;
    }

    @Override
    public boolean read(final int slot, final OffloadEntry target) {
        final Held held = slots[slot];
        if (held == null) {
            return false;
        }
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
        target.flow = held.flow;
        return true;
    }
}

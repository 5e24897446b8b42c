package io.caracal.conntrack;

import io.caracal.nat.NatTuple;

/** One IP family's half of {@link FlowNat}: from a {@link NatTuple} to flows of this family's table. One thread. */
abstract sealed class FamilyNat permits Ipv4Nat, Ipv6Nat {
    final FlowTable table;

    FamilyNat(final FlowTable table) {
        this.table = table;
    }

    /**
     * The flow of a packet with these addresses.
     *
     * @param tuple its addresses and protocol.
     * @param ports {@code source << 16 | destination} as the table has them.
     * @return {@code slot << 1 | direction}, or {@link FlowTable#MISS}.
     */
    abstract int find(NatTuple tuple, int ports);

    /** The flow of a packet from the tuple's destination to a NAT address. */
    abstract int findAnswer(NatTuple tuple, long natHigh, long natLow, int ports);

    /** Gives a flow another source; false when the index has no room. */
    abstract boolean translate(int slot, long natHigh, long natLow, int port);

    /** Sets a tuple's source to that of a flow's packets after translation; leaves its port alone. */
    abstract void readTranslated(int slot, NatTuple tuple);

    /** Sets a tuple's destination to the source of a flow's packets before translation; leaves its port alone. */
    abstract void readPod(int slot, NatTuple tuple);

    /** Sets a tuple to the addresses and protocol of a flow's packets as the pod sends them. */
    abstract void readOriginal(int slot, NatTuple tuple);

    /** Ports of the original direction. */
    abstract int originalPorts(int slot);

    /** Ports of the reply direction as it arrives. */
    abstract int replyPorts(int slot);

    final boolean isTranslated(final int slot) {
        return (table.flags(slot) & FlowFlags.SOURCE_NAT) != 0;
    }
}

package io.caracal.conntrack;

import io.caracal.nat.NatTuple;

/** {@link FamilyNat} of IPv4. */
final class Ipv4Nat extends FamilyNat {
    private static final long LOW_32 = 0xffff_ffffL;

    private final Ipv4FlowTable flows;

    Ipv4Nat(final Ipv4FlowTable flows) {
        super(flows);
        this.flows = flows;
    }

    @Override
    int find(final NatTuple tuple, final int ports) {
        return flows.find(tuple.sourceLow << Integer.SIZE | tuple.destinationLow & LOW_32, ports, tuple.protocol);
    }

    @Override
    int findAnswer(final NatTuple tuple, final long natHigh, final long natLow, final int ports) {
        return flows.find(tuple.destinationLow << Integer.SIZE | natLow & LOW_32, ports, tuple.protocol);
    }

    @Override
    boolean translate(final int slot, final long natHigh, final long natLow, final int port) {
        return flows.translateSource(slot, (int)natLow, port);
    }

    @Override
    void readTranslated(final int slot, final NatTuple tuple) {
        tuple.sourceLow = NatTuple.mapped((int)flows.replyAddresses(slot));
    }

    @Override
    void readPod(final int slot, final NatTuple tuple) {
        tuple.destinationLow = NatTuple.mapped((int)(flows.originalAddresses(slot) >>> Integer.SIZE));
    }

    @Override
    void readOriginal(final int slot, final NatTuple tuple) {
        final long addresses = flows.originalAddresses(slot);
        tuple.setIpv4((int)(addresses >>> Integer.SIZE), (int)addresses);
        tuple.protocol = flows.protocol(slot);
    }

    @Override
    int originalPorts(final int slot) {
        return flows.originalPorts(slot);
    }

    @Override
    int replyPorts(final int slot) {
        return flows.replyPorts(slot);
    }
}

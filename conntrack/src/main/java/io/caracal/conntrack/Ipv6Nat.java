package io.caracal.conntrack;

import io.caracal.nat.NatTuple;

/** {@link FamilyNat} of IPv6. */
final class Ipv6Nat extends FamilyNat {
    private final Ipv6FlowTable flows;
    private final Ipv6Tuple words = new Ipv6Tuple();

    Ipv6Nat(final Ipv6FlowTable flows) {
        super(flows);
        this.flows = flows;
    }

    @Override
    int find(final NatTuple tuple, final int ports) {
        words.sourceHigh = tuple.sourceHigh;
        words.sourceLow = tuple.sourceLow;
        words.destinationHigh = tuple.destinationHigh;
        words.destinationLow = tuple.destinationLow;
        words.ports = ports;
        return flows.find(words, tuple.protocol);
    }

    @Override
    int findAnswer(final NatTuple tuple, final long natHigh, final long natLow, final int ports) {
        words.sourceHigh = tuple.destinationHigh;
        words.sourceLow = tuple.destinationLow;
        words.destinationHigh = natHigh;
        words.destinationLow = natLow;
        words.ports = ports;
        return flows.find(words, tuple.protocol);
    }

    @Override
    boolean translate(final int slot, final long natHigh, final long natLow, final int port) {
        return flows.translateSource(slot, natHigh, natLow, port);
    }

    @Override
    void readTranslated(final int slot, final NatTuple tuple) {
        flows.replyTuple(slot, words);
        tuple.sourceHigh = words.destinationHigh;
        tuple.sourceLow = words.destinationLow;
    }

    @Override
    void readPod(final int slot, final NatTuple tuple) {
        flows.originalTuple(slot, words);
        tuple.destinationHigh = words.sourceHigh;
        tuple.destinationLow = words.sourceLow;
    }

    @Override
    void readOriginal(final int slot, final NatTuple tuple) {
        flows.originalTuple(slot, words);
        tuple.sourceHigh = words.sourceHigh;
        tuple.sourceLow = words.sourceLow;
        tuple.destinationHigh = words.destinationHigh;
        tuple.destinationLow = words.destinationLow;
        tuple.protocol = flows.protocol(slot);
    }

    @Override
    int originalPorts(final int slot) {
        flows.originalTuple(slot, words);
        return words.ports;
    }

    @Override
    int replyPorts(final int slot) {
        flows.replyTuple(slot, words);
        return words.ports;
    }
}

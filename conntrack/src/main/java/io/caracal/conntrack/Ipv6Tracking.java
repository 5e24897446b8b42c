package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/** {@link FamilyTracking} of IPv6. */
final class Ipv6Tracking extends FamilyTracking {
    private final Ipv6FlowTable flows;
    private final Ipv6Burst tuples = new Ipv6Burst();
    private final Ipv6FlowSpec spec = new Ipv6FlowSpec();
    private final Ipv6Tuple tuple = new Ipv6Tuple();

    Ipv6Tracking(final Ipv6FlowTable flows, final ConntrackConfig config) {
        super(flows, config);
        this.flows = flows;
    }

    @Override
    void addTuple(final PacketBurst burst, final int burstRow) {
        readTuple(burst, burstRow, tuples.add(burst.ipProtocol(burstRow)));
    }

    @Override
    void readTuple(final PacketBurst burst, final int burstRow, final Ipv6Tuple into) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(burstRow) + burst.l3Offset(burstRow);
        into.sourceHigh = Ipv6Header.sourceHigh(umem, l3);
        into.sourceLow = Ipv6Header.sourceLow(umem, l3);
        into.destinationHigh = Ipv6Header.destinationHigh(umem, l3);
        into.destinationLow = Ipv6Header.destinationLow(umem, l3);
        into.ports = FlowKeys.ports(burst, burstRow);
    }

    @Override
    long lookupTuples() {
        return flows.lookup(tuples);
    }

    @Override
    void clearTuples() {
        tuples.count = 0;
    }

    @Override
    int found(final int i) {
        return tuples.found[i];
    }

    @Override
    int find(final PacketBurst burst, final int burstRow) {
        readTuple(burst, burstRow, tuple);
        return flows.find(tuple, burst.ipProtocol(burstRow));
    }

    @Override
    int findQuoted(final PacketBurst burst, final int burstRow) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(burstRow) + burst.l3Offset(burstRow);
        final int quoted = burst.offset(burstRow) + burst.l4Offset(burstRow) + IcmpHeader.LENGTH;
        final int available = burst.length(burstRow) - burst.l4Offset(burstRow) - IcmpHeader.LENGTH;
        if (!Ipv6Header.isQuoteValid(umem, quoted, available)) {
            return FlowTable.MISS;
        }
        tuple.destinationHigh = Ipv6Header.sourceHigh(umem, quoted);
        tuple.destinationLow = Ipv6Header.sourceLow(umem, quoted);
        if (tuple.destinationHigh != Ipv6Header.destinationHigh(umem, l3)
            || tuple.destinationLow != Ipv6Header.destinationLow(umem, l3)) {
            return FlowTable.MISS;
        }
        tuple.sourceHigh = Ipv6Header.destinationHigh(umem, quoted);
        tuple.sourceLow = Ipv6Header.destinationLow(umem, quoted);
        return findAnswer(umem, quoted, available);
    }

    private int findAnswer(final UnsafeBuffer umem, final int quoted, final int available) {
        final long walked = Ipv6ExtensionHeaders.walk(umem, quoted, available);
        if (walked == Ipv6ExtensionHeaders.MALFORMED || Ipv6ExtensionHeaders.isLaterFragment(walked)) {
            return FlowTable.MISS;
        }
        final int headers = Ipv6Header.LENGTH + Ipv6ExtensionHeaders.length(walked);
        final int protocol = Ipv6ExtensionHeaders.protocol(walked);
        final long ports = FlowKeys.quotedPorts(umem, quoted + headers, available - headers, 6, protocol);
        if (ports == FlowKeys.NO_PORTS) {
            return FlowTable.MISS;
        }
        tuple.ports = Integer.rotateLeft((int)ports, Short.SIZE);
        return flows.find(tuple, protocol);
    }

    @Override
    FlowSpec beginSpec(final PacketBurst burst, final int burstRow) {
        readTuple(burst, burstRow, tuple);
        return spec.reset(tuple, burst.ipProtocol(burstRow));
    }

    @Override
    FlowSpec beginSpec(final FlowSnapshot flow) {
        spec.reset(flow.original, flow.protocol);
        spec.reply.set(flow.reply);
        return spec;
    }

    @Override
    boolean isOriginalInUse() {
        return flows.find(spec.original, spec.protocol) != FlowTable.MISS;
    }

    @Override
    boolean isReplyInUse() {
        return flows.find(spec.reply, spec.protocol) != FlowTable.MISS;
    }

    @Override
    int create() {
        return flows.create(spec);
    }
}

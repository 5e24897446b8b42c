package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Ipv4Header;
import org.agrona.concurrent.UnsafeBuffer;

/** {@link FamilyTracking} of IPv4. */
final class Ipv4Tracking extends FamilyTracking {
    private static final long LOW_32 = 0xffff_ffffL;

    private final Ipv4FlowTable flows;
    private final Ipv4Burst tuples = new Ipv4Burst();
    private final Ipv4FlowSpec spec = new Ipv4FlowSpec();

    Ipv4Tracking(final Ipv4FlowTable flows, final ConntrackConfig config) {
        super(flows, config);
        this.flows = flows;
    }

    @Override
    void addTuple(final PacketBurst burst, final int burstRow) {
        tuples.add(addresses(burst, burstRow), FlowKeys.ports(burst, burstRow), burst.ipProtocol(burstRow));
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
        return flows.find(addresses(burst, burstRow), FlowKeys.ports(burst, burstRow), burst.ipProtocol(burstRow));
    }

    @Override
    void readTuple(final PacketBurst burst, final int burstRow, final Ipv6Tuple into) {
        final long addresses = addresses(burst, burstRow);
        into.sourceHigh = 0;
        into.sourceLow = addresses >>> Integer.SIZE;
        into.destinationHigh = 0;
        into.destinationLow = addresses & LOW_32;
        into.ports = FlowKeys.ports(burst, burstRow);
    }

    private static long addresses(final PacketBurst burst, final int burstRow) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(burstRow) + burst.l3Offset(burstRow);
        return (long)Ipv4Header.source(umem, l3) << Integer.SIZE | Ipv4Header.destination(umem, l3) & LOW_32;
    }

    @Override
    int findQuoted(final PacketBurst burst, final int burstRow) {
        final UnsafeBuffer umem = burst.umem();
        final int start = burst.offset(burstRow);
        final int quoted = start + burst.l4Offset(burstRow) + IcmpHeader.LENGTH;
        final int available = burst.length(burstRow) - burst.l4Offset(burstRow) - IcmpHeader.LENGTH;
        if (!Ipv4Header.isQuoteValid(umem, quoted, available)
            || (Ipv4Header.fragmentWord(umem, quoted) & Ipv4Header.FRAGMENT_OFFSET_MASK) != 0) {
            return FlowTable.MISS;
        }
        final int source = Ipv4Header.source(umem, quoted);
        if (source != Ipv4Header.destination(umem, start + burst.l3Offset(burstRow))) {
            return FlowTable.MISS;
        }
        final int headerLength = Ipv4Header.headerLength(umem, quoted);
        final int protocol = Ipv4Header.protocol(umem, quoted);
        final long ports =
            FlowKeys.quotedPorts(umem, quoted + headerLength, available - headerLength, 4, protocol);
        if (ports == FlowKeys.NO_PORTS) {
            return FlowTable.MISS;
        }
        final long answer = (long)Ipv4Header.destination(umem, quoted) << Integer.SIZE | source & LOW_32;
        return flows.find(answer, Integer.rotateLeft((int)ports, Short.SIZE), protocol);
    }

    @Override
    FlowSpec beginSpec(final PacketBurst burst, final int burstRow) {
        return spec.reset(
            addresses(burst, burstRow), FlowKeys.ports(burst, burstRow), burst.ipProtocol(burstRow));
    }

    @Override
    FlowSpec beginSpec(final FlowSnapshot flow) {
        spec.reset(addresses(flow.original), flow.original.ports, flow.protocol);
        spec.replyAddresses = addresses(flow.reply);
        spec.replyPorts = flow.reply.ports;
        return spec;
    }

    private static long addresses(final Ipv6Tuple tuple) {
        return tuple.sourceLow << Integer.SIZE | tuple.destinationLow & LOW_32;
    }

    @Override
    boolean isOriginalInUse() {
        return flows.find(spec.addresses, spec.ports, spec.protocol) != FlowTable.MISS;
    }

    @Override
    boolean isReplyInUse() {
        return flows.find(spec.replyAddresses, spec.replyPorts, spec.protocol) != FlowTable.MISS;
    }

    @Override
    int create() {
        return flows.create(spec);
    }
}

package io.caracal.conntrack;

import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTuple;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IcmpHeader;

/**
 * NAT bindings that are the flows themselves: a binding is the reply tuple of its flow's record. So it lives exactly as
 * long as the flow, goes with its endpoint, has the flow's limits and timeouts, and survives the process. NAT is undone
 * before a packet is tracked and done after its flow was committed; what has no flow has no binding.
 *
 * <p>Packets of the reply direction of a flow that began outside leave as they are, as with nf_conntrack: only the
 * first packet's direction is translated. The worker's thread; allocates nothing after its constructor.</p>
 */
final class FlowNat implements NatBindings, NatPorts.Occupancy {
    /** Types of ICMP requests: an identifier belongs to one flow whatever it asks, since programs know no type. */
    private static final int[] IPV4_REQUESTS = {IcmpHeader.ECHO_REQUEST, IcmpHeader.TIMESTAMP_REQUEST,
        IcmpHeader.TIMESTAMP_REQUEST + 2, IcmpHeader.TIMESTAMP_REQUEST + 4};
    private static final int[] IPV6_REQUESTS = {Icmpv6Type.ECHO_REQUEST};

    private final NatConfig config;
    private final NatBindingListener listener;
    private final ConntrackCounters counters;
    private final NatExhaustion exhaustion;
    private final NatPorts ports;
    private final EndpointPorts endpointPorts;
    private final Ipv4Nat ipv4;
    private final Ipv6Nat ipv6;
    private final NatTuple told = new NatTuple();
    /** What {@link #isTaken} is asked about. */
    private NatTuple asked;

    FlowNat(final Conntrack conntrack, final NatConfig config, final NatBindingListener listener, final long seed) {
        this.config = config;
        this.listener = listener;
        counters = conntrack.counters();
        exhaustion = conntrack.natExhaustion();
        ports = new NatPorts(config, seed);
        endpointPorts = config.endpointIndependent() ? new EndpointPorts(config.portCount(), ~seed) : null;
        ipv4 = new Ipv4Nat(conntrack.ipv4Table());
        ipv6 = new Ipv6Nat(conntrack.ipv6Table());
    }

    /**
     * Takes over the bindings of flows that an earlier process has left. One that this worker could not have made (the
     * address, the range or the number of workers is another now) would meet another worker's: its flow ends.
     */
    void restore() {
        restore(ipv4);
        restore(ipv6);
    }

    private void restore(final FamilyNat family) {
        for (int slot = family.table.slotCount() - 1; slot >= 0; slot--) {
            if (family.table.state(slot) != FlowState.FREE && family.isTranslated(slot) && !adopt(family, slot)) {
                family.table.remove(slot, RemovalCause.FLUSHED);
            }
        }
    }

    private boolean adopt(final FamilyNat family, final int slot) {
        readPod(family, slot);
        final int portIndex = config.portIndex(family.replyPorts(slot) & 0xffff);
        if (NatTuples.hasTranslatedPort(told)) {
            if (portIndex < 0 || endpointPorts != null && !endpointPorts.isFreeFor(told, portIndex)) {
                return false;
            }
        }
        family.readTranslated(slot, told);
        if (!isNatAddress(told.sourceHigh, told.sourceLow)) {
            return false;
        }
        if (endpointPorts != null && NatTuples.hasTranslatedPort(told)) {
            readPod(family, slot);
            endpointPorts.add(told, portIndex);
        }
        listener.bound(incoming(family, slot));
        return true;
    }

    /** Whether a flow that ends now has a binding that was told of. */
    void released(final FlowTable table, final int slot) {
        final FamilyNat family = table.ipVersion() == 4 ? ipv4 : ipv6;
        if (!family.isTranslated(slot)) {
            return;
        }
        readPod(family, slot);
        final int portIndex = config.portIndex(family.replyPorts(slot) & 0xffff);
        if (endpointPorts != null && NatTuples.hasTranslatedPort(told)) {
            endpointPorts.remove(told, portIndex);
        }
        listener.released(incoming(family, slot));
    }

    @Override
    public int workerOfPort(final int port) {
        return config.workerOfPort(port);
    }

    @Override
    public boolean isNatAddress(final long high, final long low) {
        return high == 0 && low == NatTuple.mapped(config.ipv4()) && config.ipv4() != 0
            || high == config.ipv6().high() && low == config.ipv6().low() && (high | low) != 0;
    }

    @Override
    public boolean bind(final NatTuple tuple, final long nowNs) {
        final FamilyNat family = family(tuple);
        final int found = findLeaving(family, tuple);
        if (found == FlowTable.MISS) {
            return false;
        }
        final int slot = found >> 1;
        if ((found & 1) == FlowTable.REPLY) {
            return true;
        }
        if (!family.isTranslated(slot) && !translate(family, slot, tuple)) {
            counters.add(ConntrackCounter.NAT_EXHAUSTED, 1);
            exhaustion.count(natHigh(tuple), family == ipv4 ? natLow(tuple) & 0xffff_ffffL : natLow(tuple));
            return false;
        }
        family.readTranslated(slot, tuple);
        tuple.sourcePort = family.replyPorts(slot) & 0xffff;
        return true;
    }

    private boolean translate(final FamilyNat family, final int slot, final NatTuple tuple) {
        if (!isNatAddress(natHigh(tuple), natLow(tuple))) {
            return false;
        }
        asked = tuple;
        final int port;
        if (NatTuples.hasTranslatedPort(tuple)) {
            final int portIndex = choosePort(tuple);
            if (portIndex == NatPorts.NONE) {
                return false;
            }
            port = config.port(portIndex);
        } else {
            port = tuple.sourcePort;
            if (isTaken(port)) {
                return false;
            }
        }
        if (!family.translate(slot, natHigh(tuple), natLow(tuple), port)) {
            return false;
        }
        if (endpointPorts != null && NatTuples.hasTranslatedPort(tuple)) {
            endpointPorts.add(tuple, config.portIndex(port));
        }
        counters.add(ConntrackCounter.NAT_BOUND, 1);
        listener.bound(incoming(family, slot));
        return true;
    }

    private int choosePort(final NatTuple tuple) {
        if (endpointPorts != null) {
            final int own = endpointPorts.find(tuple);
            if (own != EndpointPorts.NONE) {
                return isTaken(config.port(own)) ? NatPorts.NONE : own;
            }
        }
        return ports.choose(this);
    }

    @Override
    public boolean isTaken(final int port) {
        final FamilyNat family = family(asked);
        if (endpointPorts != null && NatTuples.hasTranslatedPort(asked)
            && !endpointPorts.isFreeFor(asked, config.portIndex(port))) {
            return true;
        }
        if (!NatTuples.isIcmp(asked)) {
            return isAnswerOfAFlow(family, asked.destinationPort << Short.SIZE | port);
        }
        for (final int request : requests(family)) {
            if (isAnswerOfAFlow(family, request << Short.SIZE | port)) {
                return true;
            }
        }
        return false;
    }

    private boolean isAnswerOfAFlow(final FamilyNat family, final int answerPorts) {
        return family.findAnswer(asked, natHigh(asked), natLow(asked), answerPorts) != FlowTable.MISS;
    }

    @Override
    public boolean findOutgoing(final NatTuple tuple) {
        final FamilyNat family = family(tuple);
        final int found = findLeaving(family, tuple);
        if (found == FlowTable.MISS || (found & 1) != FlowTable.ORIGINAL || !family.isTranslated(found >> 1)) {
            return false;
        }
        family.readTranslated(found >> 1, tuple);
        tuple.sourcePort = family.replyPorts(found >> 1) & 0xffff;
        return true;
    }

    @Override
    public boolean findIncoming(final NatTuple tuple, final long nowNs) {
        final FamilyNat family = family(tuple);
        final int found = findArriving(family, tuple);
        if (found == FlowTable.MISS || (found & 1) != FlowTable.REPLY || !family.isTranslated(found >> 1)) {
            return false;
        }
        family.readPod(found >> 1, tuple);
        tuple.destinationPort = family.originalPorts(found >> 1) >>> Short.SIZE;
        return true;
    }

    /** Flows expire by their own timers. */
    @Override
    public void expire(final long nowNs) {
        /* The table does it, see FlowTable.expire. */
    }

    private int findLeaving(final FamilyNat family, final NatTuple tuple) {
        if (!NatTuples.isIcmp(tuple)) {
            return family.find(tuple, tuple.sourcePort << Short.SIZE | tuple.destinationPort);
        }
        for (final int request : requests(family)) {
            int found = family.find(tuple, tuple.sourcePort << Short.SIZE | request);
            if (found == FlowTable.MISS) {
                found = family.find(tuple, request << Short.SIZE | tuple.sourcePort);
            }
            if (found != FlowTable.MISS) {
                return found;
            }
        }
        return FlowTable.MISS;
    }

    private int findArriving(final FamilyNat family, final NatTuple tuple) {
        if (!NatTuples.isIcmp(tuple)) {
            return family.find(tuple, tuple.sourcePort << Short.SIZE | tuple.destinationPort);
        }
        for (final int request : requests(family)) {
            final int found = family.find(tuple, request << Short.SIZE | tuple.destinationPort);
            if (found != FlowTable.MISS) {
                return found;
            }
        }
        return FlowTable.MISS;
    }

    private int[] requests(final FamilyNat family) {
        return family == ipv4 ? IPV4_REQUESTS : IPV6_REQUESTS;
    }

    /** Fills {@link #told} with the pod's end of a flow. */
    private void readPod(final FamilyNat family, final int slot) {
        family.readOriginal(slot, told);
        told.sourcePort = family.originalPorts(slot) >>> Short.SIZE;
        told.destinationPort = family.originalPorts(slot) & 0xffff;
    }

    /** What the answers of a flow look like. */
    private NatTuple incoming(final FamilyNat family, final int slot) {
        readPod(family, slot);
        family.readTranslated(slot, told);
        told.sourcePort = family.replyPorts(slot) & 0xffff;
        if (NatTuples.isIcmp(told)) {
            told.destinationPort = told.sourcePort;
        }
        told.reverse();
        return told;
    }

    private FamilyNat family(final NatTuple tuple) {
        return NatTuples.isIpv4(tuple) ? ipv4 : ipv6;
    }

    private long natHigh(final NatTuple tuple) {
        return NatTuples.isIpv4(tuple) ? 0 : config.ipv6().high();
    }

    private long natLow(final NatTuple tuple) {
        return NatTuples.isIpv4(tuple) ? NatTuple.mapped(config.ipv4()) : config.ipv6().low();
    }
}

package io.caracal.policy;

import io.caracal.policy.lookup.BitScratch;
import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.lookup.IntervalVectors;
import io.caracal.policy.lookup.RangeSet;
import io.caracal.policy.model.IpProtocol;
import java.util.BitSet;
import java.util.List;

/**
 * The transport dimensions of a list of rules: protocol with destination port (or ICMP type and code) in one, source
 * port in another. Protocols that no rule names share one group. Immutable; any thread.
 */
final class TransportIndex {
    private static final int[] PORT_PROTOCOLS = {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.UDPLITE};

    private final boolean v6;
    private final int[] protocols;
    private final Group[] groups;
    private final IntervalVectors sourcePorts;
    private final int withoutSourcePort;
    private final boolean coarse;

    /** One protocol: its rules without, and with, a criterion on port or type. */
    private record Group(int plain, IntervalVectors ported) {
    }

    TransportIndex(final List<RuleCriteria> rules, final boolean v6, final BitVectors vectors) {
        this.v6 = v6;
        final BitSet named = named(rules);
        protocols = named.stream().toArray();
        groups = new Group[protocols.length + 1];
        boolean joined = false;
        for (int i = 0; i < groups.length; i++) {
            groups[i] = group(rules, i < protocols.length ? protocols[i] : named.nextClearBit(0), vectors);
            joined |= groups[i].ported != null && groups[i].ported.coarse();
        }
        final BitSet any = new BitSet();
        final RangeSet[] ranges = new RangeSet[rules.size()];
        boolean wanted = false;
        for (int rule = 0; rule < ranges.length; rule++) {
            if (rules.get(rule) == null) {
                continue;
            }
            ranges[rule] = rules.get(rule).sourcePorts();
            any.set(rule, ranges[rule] == null);
            wanted |= ranges[rule] != null;
        }
        sourcePorts = wanted ? new IntervalVectors(any, ranges, vectors) : null;
        withoutSourcePort = wanted ? append(any, rules.size(), vectors) : 0;
        coarse = joined || wanted && sourcePorts.coarse();
    }

    /** Protocols to tell apart: those that some rule names, and those with ports or types if some rule wants these. */
    private BitSet named(final List<RuleCriteria> rules) {
        final BitSet named = new BitSet();
        for (final RuleCriteria rule : rules) {
            if (rule == null) {
                continue;
            }
            final BitSet accepted = rule.protocols();
            if (accepted.cardinality() <= 1) {
                named.or(accepted);
            } else {
                final BitSet refused = (BitSet)accepted.clone();
                refused.flip(0, IpProtocol.MAX + 1);
                named.or(refused);
            }
            if (rule.icmp() != null) {
                named.set(icmp());
            }
            for (final int protocol : PORT_PROTOCOLS) {
                named.set(protocol, named.get(protocol) || rule.destinationPorts() != null);
            }
        }
        return named;
    }

    private int icmp() {
        return v6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP;
    }

    private Group group(final List<RuleCriteria> rules, final int protocol, final BitVectors vectors) {
        final boolean ports = IpProtocol.hasPorts(protocol);
        final RangeSet[] ranges = new RangeSet[rules.size()];
        final BitSet plain = new BitSet();
        boolean wanted = false;
        for (int i = 0; i < ranges.length; i++) {
            final RuleCriteria rule = rules.get(i);
            if (rule == null || !rule.protocols().get(protocol)) {
                continue;
            }
            if (rule.destinationPorts() == null && rule.icmp() == null) {
                plain.set(i);
            } else if (ports || protocol == icmp()) {
                ranges[i] = ports ? rule.destinationPorts() : rule.icmp();
                wanted |= ranges[i] != null;
            }
        }
        return new Group(append(plain, ranges.length, vectors),
            wanted ? new IntervalVectors(plain, ranges, vectors) : null);
    }

    private static int append(final BitSet rules, final int count, final BitVectors vectors) {
        final BitScratch scratch = new BitScratch(count);
        rules.stream().forEach(scratch::set);
        return vectors.append(scratch, true);
    }

    /** The rules that accept the packet's protocol and destination port or ICMP type: offset of a vector. */
    int offset(final PolicyPacket packet) {
        int i = 0;
        while (i < protocols.length && protocols[i] != packet.protocol) {
            i++;
        }
        final Group group = groups[i];
        return group.ported == null || !packet.hasPorts() && !packet.isIcmp()
            ? group.plain : group.ported.offset(packet.destinationPort);
    }

    /** Whether some rule has a criterion on the source port. */
    boolean usesSourcePort() {
        return sourcePorts != null;
    }

    /** The rules that accept the packet's source port: offset of a vector. */
    int sourcePortOffset(final PolicyPacket packet) {
        return packet.hasPorts() ? sourcePorts.offset(packet.sourcePort) : withoutSourcePort;
    }

    /** Whether a vector may show rules that do not accept the port, so that each rule is to be checked. */
    boolean coarse() {
        return coarse;
    }
}

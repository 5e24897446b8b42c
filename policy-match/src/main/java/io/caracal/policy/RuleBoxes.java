package io.caracal.policy;

import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.RangeSet;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A rule as boxes, if it is a few of them: prefixes, ports and protocols without IP sets and negated addresses. A rule
 * with lists in several dimensions is each combination of their entries.
 */
final class RuleBoxes {
    /** More combinations are better held as sets, which cost the same for any number of prefixes. */
    private static final int MOST = 8;
    private static final int[] PORT_PROTOCOLS = {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.UDPLITE};

    private RuleBoxes() {
    }

    /**
     * The boxes of a rule.
     *
     * @param rule its criteria.
     * @param index its index in the list.
     * @return its boxes; empty if it is no box, or too many.
     */
    static List<Box> of(final RuleCriteria rule, final int index) {
        if (!rule.withoutSets() || rule.sourceNets().size() > 1 || rule.destinationNets().size() > 1) {
            return List.of();
        }
        final List<Prefix> sources = nets(rule.sourceNets(), rule.v6());
        final List<Prefix> destinations = nets(rule.destinationNets(), rule.v6());
        final List<PortRange> sourcePorts = ranges(rule.sourcePorts());
        final RangeSet wanted = rule.icmp() == null ? rule.destinationPorts() : rule.icmp();
        final List<PortRange> destinationPorts = ranges(wanted);
        final int[] protocols = protocols(rule);
        final long count = (long)sources.size() * destinations.size() * sourcePorts.size() * destinationPorts.size()
            * protocols.length;
        if (count > MOST) {
            return List.of();
        }
        final int needs = rule.icmp() != null ? Box.NEEDS_ICMP
            : rule.sourcePorts() != null || rule.destinationPorts() != null ? Box.NEEDS_PORTS : 0;
        final List<Box> boxes = new ArrayList<>();
        sources.forEach(source -> destinations.forEach(destination -> sourcePorts.forEach(sourcePort ->
            destinationPorts.forEach(destinationPort -> {
                for (final int protocol : protocols) {
                    boxes.add(new Box(index, source, destination, sourcePort, destinationPort, protocol, needs));
                }
            }))));
        return boxes;
    }

    private static List<Prefix> nets(final List<List<Prefix>> lists, final boolean v6) {
        return lists.isEmpty() ? List.of(new Prefix(v6, 0, 0, 0)) : lists.getFirst();
    }

    private static List<PortRange> ranges(final RangeSet set) {
        return set == null ? List.of(Box.ANY_PORT) : set.ranges();
    }

    /** The protocols to tell apart: a rule with ports needs none where it accepts all that have ports. */
    private static int[] protocols(final RuleCriteria rule) {
        final BitSet accepted = rule.protocols();
        boolean any = accepted.cardinality() > IpProtocol.MAX || rule.icmp() != null
            && accepted.get(rule.v6() ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
        boolean ported = rule.icmp() == null && (rule.sourcePorts() != null || rule.destinationPorts() != null);
        for (final int protocol : PORT_PROTOCOLS) {
            ported &= accepted.get(protocol);
        }
        any |= ported;
        return any ? new int[] {Box.ANY_PROTOCOL} : accepted.stream().toArray();
    }
}

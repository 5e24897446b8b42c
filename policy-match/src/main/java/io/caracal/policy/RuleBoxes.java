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
 * Prefixes, ports and protocols of a rule as boxes: each combination of the entries of its lists. Where these are too
 * many, ports and protocols become one box around all of them, and the rule is to be checked once more.
 */
final class RuleBoxes {
    /** More copies of a rule cost more memory than a check costs time. */
    private static final int MOST = 8;
    private static final int[] PORT_PROTOCOLS = {IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP, IpProtocol.UDPLITE};
    private static final int[] ANY_PROTOCOL = {Box.ANY_PROTOCOL};

    private final List<Prefix> sources;
    private final List<Prefix> destinations;
    private final int needs;
    private final boolean exact;
    private List<PortRange> sourcePorts;
    private List<PortRange> destinationPorts;
    private int[] protocols;

    /**
     * Reads a rule.
     *
     * @param rule its criteria; its prefixes fit ({@link #fit}) if they are wanted.
     * @param withNets whether prefixes are part of the boxes; otherwise they stand elsewhere.
     */
    RuleBoxes(final RuleCriteria rule, final boolean withNets) {
        sources = nets(withNets ? rule.sourceNets() : List.of(), rule.v6());
        destinations = nets(withNets ? rule.destinationNets() : List.of(), rule.v6());
        sourcePorts = ranges(rule.sourcePorts());
        destinationPorts = ranges(rule.icmp() == null ? rule.destinationPorts() : rule.icmp());
        protocols = protocols(rule);
        needs = rule.icmp() != null ? Box.NEEDS_ICMP
            : rule.sourcePorts() != null || rule.destinationPorts() != null ? Box.NEEDS_PORTS : 0;
        exact = (long)sources.size() * destinations.size() * sourcePorts.size() * destinationPorts.size()
            * protocols.length <= MOST;
        if (!exact) {
            sourcePorts = hull(sourcePorts);
            destinationPorts = hull(destinationPorts);
            protocols = protocols.length == 1 ? protocols : ANY_PROTOCOL;
        }
    }

    /** Whether a rule's prefixes are few combinations; otherwise they are better held as sets. */
    static boolean fit(final RuleCriteria rule) {
        return rule.sourceNets().size() <= 1 && rule.destinationNets().size() <= 1
            && nets(rule.sourceNets(), rule.v6()).size() * nets(rule.destinationNets(), rule.v6()).size() <= MOST;
    }

    /** Whether the boxes hold no packet that ports and protocols refuse. */
    boolean exact() {
        return exact;
    }

    /**
     * The boxes.
     *
     * @param index the rule's index in the list.
     * @param checked whether the rule has criteria beyond them.
     */
    List<Box> list(final int index, final boolean checked) {
        final int wanted = needs | (checked ? Box.NEEDS_CHECK : 0);
        final List<Box> boxes = new ArrayList<>(1);
        sources.forEach(source -> destinations.forEach(destination -> sourcePorts.forEach(sourcePort ->
            destinationPorts.forEach(destinationPort -> {
                for (final int protocol : protocols) {
                    boxes.add(new Box(index, source, destination, sourcePort, destinationPort, protocol, wanted));
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

    private static List<PortRange> hull(final List<PortRange> ranges) {
        return List.of(new PortRange(ranges.getFirst().first(), ranges.getLast().last()));
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
        return any ? ANY_PROTOCOL : accepted.stream().toArray();
    }
}

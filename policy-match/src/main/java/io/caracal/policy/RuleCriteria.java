package io.caracal.policy;

import io.caracal.policy.lookup.RangeSet;
import io.caracal.policy.lookup.SetCriteria;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * One rule as one family sees it, sorted by the dimensions of the index. A rule that no packet of the family can match
 * has none ({@link #of} gives null).
 */
final class RuleCriteria {
    private static final BitSet ANY_PROTOCOL = all();
    private static final SetCriteria NOTHING = new SetCriteria(List.of(), new int[0]);

    private final boolean v6;
    private final SetNumbers numbers;
    private final List<int[]> sourceAny = new ArrayList<>(0);
    private final List<Integer> sourceNone = new ArrayList<>(0);
    private final List<int[]> destinationAny = new ArrayList<>(0);
    private final List<Integer> destinationNone = new ArrayList<>(0);
    private final List<int[]> portAny = new ArrayList<>(0);
    private final List<Integer> portNone = new ArrayList<>(0);
    private final List<MatchDimension.Ports> portMatches = new ArrayList<>(0);
    private final List<List<Prefix>> sourceNets = new ArrayList<>(0);
    private final List<List<Prefix>> destinationNets = new ArrayList<>(0);
    private BitSet protocols = ANY_PROTOCOL;
    private SetCriteria source;
    private SetCriteria destination;
    private RangeSet sourcePorts;
    private RangeSet destinationPorts;
    private RangeSet icmp;
    private boolean inexact;
    private boolean possible = true;

    private RuleCriteria(final boolean v6, final SetNumbers numbers) {
        this.v6 = v6;
        this.numbers = numbers;
    }

    private static BitSet all() {
        final BitSet all = new BitSet(IpProtocol.MAX + 1);
        all.set(0, IpProtocol.MAX + 1);
        return all;
    }

    /**
     * Reads a rule.
     *
     * @param rule the rule.
     * @param v6 the family.
     * @param numbers gives sets their numbers.
     * @return its criteria, or null if no packet of the family can match.
     */
    static RuleCriteria of(final Rule rule, final boolean v6, final SetNumbers numbers) {
        final RuleCriteria criteria = new RuleCriteria(v6, numbers);
        for (final MatchDimension match : rule.matches()) {
            criteria.take(match);
        }
        return criteria.possible && !criteria.contradicts() ? criteria : null;
    }

    private void take(final MatchDimension match) {
        switch (match) {
            case MatchDimension.Family family -> possible &= family.v6() == v6;
            case MatchDimension.Protocol protocol -> takeProtocol(protocol);
            case MatchDimension.Nets nets -> takeNets(nets);
            case MatchDimension.InIpSet set -> takeSet(set.side(), numbers.ofSet(set.setId()), set.negated());
            case MatchDimension.InIpPortSet set -> portAny.add(new int[] {numbers.ofSet(set.setId())});
            case MatchDimension.Ports ports -> takePorts(ports);
            case MatchDimension.Icmp type -> takeIcmp(type);
        }
    }

    private void takeProtocol(final MatchDimension.Protocol match) {
        final BitSet wanted = match.negated() ? all() : new BitSet(IpProtocol.MAX + 1);
        wanted.set(match.protocol(), !match.negated());
        wanted.and(protocols);
        protocols = wanted;
    }

    private void takeNets(final MatchDimension.Nets match) {
        final List<Prefix> family = match.nets().stream().filter(net -> net.v6() == v6).sorted(Prefixes.ORDER).toList();
        final boolean everything = family.stream().anyMatch(Prefix::isEverything);
        if (family.isEmpty() || everything && match.negated()) {
            possible = false;
        } else if (!everything) {
            takeNets(match, family);
        }
    }

    /** Whether lists of prefixes become sets depends on where the rule is indexed: that is decided later. */
    private void takeNets(final MatchDimension.Nets match, final List<Prefix> family) {
        if (match.negated()) {
            takeSet(match.side(), numbers.ofNets(family), true);
        } else {
            (match.side() == PeerSide.SOURCE ? sourceNets : destinationNets).add(family);
        }
    }

    private void takeSet(final PeerSide side, final int number, final boolean negated) {
        final boolean source = side == PeerSide.SOURCE;
        if (negated) {
            (source ? sourceNone : destinationNone).add(number);
        } else {
            (source ? sourceAny : destinationAny).add(new int[] {number});
        }
    }

    private void takePorts(final MatchDimension.Ports match) {
        portMatches.add(match);
        final boolean source = match.side() == PeerSide.SOURCE;
        final boolean named = !match.namedPortSets().isEmpty();
        if (named && (source || !match.negated() && !match.ranges().isEmpty())) {
            inexact = true;
            return;
        }
        if (named) {
            final int[] sets = match.namedPortSets().stream().mapToInt(numbers::ofSet).toArray();
            if (match.negated()) {
                java.util.Arrays.stream(sets).forEach(portNone::add);
            } else {
                portAny.add(sets);
            }
        }
        if (!match.ranges().isEmpty()) {
            final RangeSet ranges = RangeSet.of(match.ranges());
            narrow(source, match.negated() ? ranges.complement() : ranges);
        }
    }

    private void narrow(final boolean source, final RangeSet ranges) {
        if (source) {
            sourcePorts = sourcePorts == null ? ranges : sourcePorts.and(ranges);
        } else {
            destinationPorts = destinationPorts == null ? ranges : destinationPorts.and(ranges);
        }
    }

    private void takeIcmp(final MatchDimension.Icmp match) {
        final int first = match.type() << Byte.SIZE | Math.max(match.code(), 0);
        final int last = match.code() == MatchDimension.Icmp.ANY_CODE ? first | 0xff : first;
        final RangeSet range = new RangeSet(List.of(new PortRange(first, last)));
        final RangeSet wanted = match.negated() ? range.complement() : range;
        icmp = icmp == null ? wanted : icmp.and(wanted);
    }

    private boolean contradicts() {
        return protocols.isEmpty() || icmp != null && (sourcePorts != null || destinationPorts != null)
            || isEmpty(sourcePorts) || isEmpty(destinationPorts) || isEmpty(icmp);
    }

    private static boolean isEmpty(final RangeSet ranges) {
        return ranges != null && ranges.ranges().isEmpty();
    }

    /** What it wants of the source's memberships; from the first call on its prefixes are in use as sets. */
    SetCriteria source() {
        if (source == null) {
            sourceNets.forEach(nets -> sourceAny.add(new int[] {numbers.ofNets(nets)}));
            source = criteria(sourceAny, sourceNone);
        }
        return source;
    }

    /** What it wants of the destination's memberships; from the first call on its prefixes are in use as sets. */
    SetCriteria destination() {
        if (destination == null) {
            destinationNets.forEach(nets -> destinationAny.add(new int[] {numbers.ofNets(nets)}));
            destination = criteria(destinationAny, destinationNone);
        }
        return destination;
    }

    /** The sets that must not contain the source. */
    SetCriteria excludedSources() {
        return criteria(List.of(), sourceNone);
    }

    /** The sets that must not contain the destination. */
    SetCriteria excludedDestinations() {
        return criteria(List.of(), destinationNone);
    }

    /** Whether it names no set that an address must be in: nothing but prefixes, ports and what is excluded. */
    boolean withoutAnchor() {
        return sourceAny.isEmpty() && destinationAny.isEmpty() && portAny.isEmpty();
    }

    /** Whether it wants nothing of any IP set, and no address is to be outside of something. */
    boolean withoutSets() {
        return !inexact && sourceAny.isEmpty() && sourceNone.isEmpty() && destinationAny.isEmpty()
            && destinationNone.isEmpty() && portAny.isEmpty() && portNone.isEmpty();
    }

    /** Lists of prefixes, of each of which one must contain the source. */
    List<List<Prefix>> sourceNets() {
        return sourceNets;
    }

    /** Lists of prefixes, of each of which one must contain the destination. */
    List<List<Prefix>> destinationNets() {
        return destinationNets;
    }

    /** Whether every packet matches. */
    boolean matchesEverything() {
        return withoutSets() && sourceNets.isEmpty() && destinationNets.isEmpty() && sourcePorts == null
            && destinationPorts == null && icmp == null && protocols.cardinality() > IpProtocol.MAX;
    }

    boolean v6() {
        return v6;
    }

    SetCriteria portSets() {
        return criteria(portAny, portNone);
    }

    private static SetCriteria criteria(final List<int[]> any, final List<Integer> none) {
        return any.isEmpty() && none.isEmpty() ? NOTHING
            : new SetCriteria(any, none.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Protocols that it accepts. */
    BitSet protocols() {
        return protocols;
    }

    /** Whether it has a criterion for source ports, of whatever form. */
    boolean looksAtSourcePort() {
        return portMatches.stream().anyMatch(match -> match.side() == PeerSide.SOURCE);
    }

    /** Source ports that it accepts, null if it has no such criterion. */
    RangeSet sourcePorts() {
        return sourcePorts;
    }

    /** Destination ports that it accepts, null if it has no such criterion. */
    RangeSet destinationPorts() {
        return destinationPorts;
    }

    /** ICMP types and codes that it accepts, null if it has no such criterion. */
    RangeSet icmp() {
        return icmp;
    }

    /** Whether the dimensions show more packets than it accepts. */
    boolean inexact() {
        return inexact;
    }

    /** Checks its port and ICMP criteria once more; null if it has none. */
    PortCheck check() {
        return portMatches.isEmpty() && icmp == null ? null : new PortCheck(portMatches, icmp, numbers);
    }
}

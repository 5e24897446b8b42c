package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.MatchDimension.Icmp;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleAction;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Counts which kinds of criteria random tests have really met, and how: the table that the oracle test prints. */
final class MatchCoverage {
    private static final List<String> EXPECTED = expected();

    private final Map<String, long[]> matches = new TreeMap<>();
    private final Map<DecisionReason, long[]> reasons = new EnumMap<>(DecisionReason.class);
    private final Map<RuleAction, Long> actions = new EnumMap<>(RuleAction.class);

    private static List<String> expected() {
        final List<String> kinds = new ArrayList<>(List.of("family", "ip-port-set"));
        for (final String not : new String[] {"", "not "}) {
            kinds.addAll(List.of(not + "protocol", not + "icmp type", not + "icmp type and code"));
            for (final String side : new String[] {"src", "dst"}) {
                for (final String kind : new String[] {"nets", "ip-set", "ports", "named-ports", "ports or named-ports"}) {
                    kinds.add(not + side + " " + kind);
                }
            }
        }
        return kinds.stream().flatMap(kind -> java.util.stream.Stream.of(kind + " v4", kind + " v6")).sorted().toList();
    }

    /** Asks each criterion of each rule about a packet. */
    void sample(final PolicySet set, final PolicyPacket packet) {
        final RuleReference reference = new RuleReference(set.objects().ipSets().stream()
            .collect(Collectors.toMap(IpSet::id, IpSet::members)));
        set.objects().policies().stream().flatMap(policy -> policy.ingress().stream()).map(Rule::matches)
            .flatMap(List::stream).forEach(match -> {
                final boolean found = reference.matches(new Rule(RuleAction.ALLOW, List.of(match), ""), packet);
                matches.computeIfAbsent(kind(match) + (packet.v6 ? " v6" : " v4"), key -> new long[2])[found ? 1 : 0]++;
            });
    }

    void decided(final Decision decision) {
        reasons.computeIfAbsent(decision.reason(), key -> new long[2])[decision.allowed() ? 1 : 0]++;
        decision.steps().stream().map(DecisionStep::rule).filter(position -> position != null && position.rule() != null)
            .forEach(position -> actions.merge(position.rule().action(), 1L, Long::sum));
    }

    private static String kind(final MatchDimension match) {
        return switch (match) {
            case MatchDimension.Family family -> "family";
            case MatchDimension.Protocol protocol -> not(protocol.negated()) + "protocol";
            case MatchDimension.Nets nets -> not(nets.negated()) + nets.side().word() + " nets";
            case MatchDimension.InIpSet set -> not(set.negated()) + set.side().word() + " ip-set";
            case MatchDimension.InIpPortSet set -> "ip-port-set";
            case MatchDimension.Ports ports -> not(ports.negated()) + ports.side().word() + " "
                + (ports.namedPortSets().isEmpty() ? "ports" : ports.ranges().isEmpty() ? "named-ports" : "ports or named-ports");
            case Icmp icmp -> not(icmp.negated()) + (icmp.code() == Icmp.ANY_CODE ? "icmp type" : "icmp type and code");
        };
    }

    private static String not(final boolean negated) {
        return negated ? "not " : "";
    }

    /** Prints the table and demands that nothing is missing from it. */
    void printAndCheck() {
        System.out.printf("%-32s %12s %12s%n", "criterion and family", "matched", "not matched");
        matches.forEach((kind, counts) -> System.out.printf("%-32s %12d %12d%n", kind, counts[1], counts[0]));
        System.out.printf("%-32s %12s %12s%n", "decided by", "allowed", "denied");
        reasons.forEach((reason, counts) -> System.out.printf("%-32s %12d %12d%n", reason, counts[1], counts[0]));
        System.out.println("rules on the ways taken: " + actions);
        assertEquals(EXPECTED, List.copyOf(matches.keySet()), "kinds of criteria met");
        assertEquals(List.of(), matches.keySet().stream()
            .filter(kind -> matches.get(kind)[0] == 0 || matches.get(kind)[1] == 0).toList(), "met one way only");
        assertEquals(List.of(RuleAction.values()), List.copyOf(actions.keySet()), "actions met");
        final Function<DecisionReason, Boolean> met = reasons::containsKey;
        assertEquals(List.of(DecisionReason.NO_MATCH), List.of(DecisionReason.values()).stream()
            .filter(reason -> !met.apply(reason)).toList(), "reasons that decided nothing (only NO_MATCH never decides)");
    }
}

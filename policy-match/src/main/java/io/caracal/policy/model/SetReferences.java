package io.caracal.policy.model;

import java.util.List;
import java.util.function.Function;

/** Checks that rules name only IP sets that exist and are of the kind that the match needs. */
public final class SetReferences {
    private SetReferences() {
    }

    /**
     * Checks a policy.
     *
     * @param policy the policy.
     * @param kindOf kind of a set by its id, null if there is none.
     * @throws PolicyException naming policy, direction, rule and set.
     */
    public static void check(final Policy policy, final Function<String, IpSetKind> kindOf) {
        check(policy.id() + " ingress", policy.ingress(), kindOf);
        check(policy.id() + " egress", policy.egress(), kindOf);
    }

    /**
     * Checks a profile.
     *
     * @param profile the profile.
     * @param kindOf kind of a set by its id, null if there is none.
     * @throws PolicyException naming profile, direction, rule and set.
     */
    public static void check(final Profile profile, final Function<String, IpSetKind> kindOf) {
        check("profile " + profile.name() + " ingress", profile.ingress(), kindOf);
        check("profile " + profile.name() + " egress", profile.egress(), kindOf);
    }

    private static void check(final String owner, final List<Rule> rules, final Function<String, IpSetKind> kindOf) {
        for (int i = 0; i < rules.size(); i++) {
            for (final MatchDimension match : rules.get(i).matches()) {
                final IpSetKind wanted = wantedKind(match);
                for (final String id : setsOf(match)) {
                    check(owner + " rule " + i, id, wanted, kindOf.apply(id));
                }
            }
        }
    }

    private static void check(final String rule, final String id, final IpSetKind wanted, final IpSetKind found) {
        if (found != wanted) {
            throw new PolicyException(rule, "uses IP set " + id + " as " + wanted
                + (found == null ? ", but there is no such set" : ", but it is " + found));
        }
    }

    private static IpSetKind wantedKind(final MatchDimension match) {
        return match instanceof MatchDimension.InIpSet ? IpSetKind.NET : IpSetKind.IP_AND_PORT;
    }

    /**
     * The sets that a match names.
     *
     * @param match the match.
     * @return ids, maybe none.
     */
    public static List<String> setsOf(final MatchDimension match) {
        return switch (match) {
            case MatchDimension.InIpSet(var side, var setId, var negated) -> List.of(setId);
            case MatchDimension.InIpPortSet(var setId) -> List.of(setId);
            case MatchDimension.Ports ports -> ports.namedPortSets();
            case MatchDimension.Family family -> List.of();
            case MatchDimension.Protocol protocol -> List.of();
            case MatchDimension.Nets nets -> List.of();
            case MatchDimension.Icmp icmp -> List.of();
        };
    }
}

package io.caracal.policy;

import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.SetReferences;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A policy or profile as lists use it: its rules' places, shared by every list that contains it. Identity matters: a
 * changed policy is another source, and so is one whose sets got new numbers ({@link #renewed()}), and lists are
 * compiled again exactly when one of their sources is another.
 */
final class RuleSource {
    private final List<RulePlace> ingress;
    private final List<RulePlace> egress;
    private final Set<String> sets;
    private final Object object;

    private RuleSource(final Object object, final List<RulePlace> ingress, final List<RulePlace> egress) {
        this.object = object;
        this.ingress = ingress;
        this.egress = egress;
        sets = new HashSet<>();
        collect(ingress);
        collect(egress);
    }

    private void collect(final List<RulePlace> places) {
        for (final RulePlace place : places) {
            for (final MatchDimension match : place.rule().matches()) {
                sets.addAll(SetReferences.setsOf(match));
            }
        }
    }

    static RuleSource of(final Policy policy, final RuleNumbers numbers) {
        final String name = policy.id().toString();
        final RulePlace.Owner in = new RulePlace.Owner(policy.id(), name, policy.tier(), PolicyDirection.INGRESS,
            numbers.next(), numbers.take(policy.ingress().size()));
        final RulePlace.Owner out = new RulePlace.Owner(policy.id(), name, policy.tier(), PolicyDirection.EGRESS,
            numbers.next(), numbers.take(policy.egress().size()));
        return new RuleSource(policy, places(in, policy.ingress()), places(out, policy.egress()));
    }

    static RuleSource of(final Profile profile, final RuleNumbers numbers) {
        final String name = "profile " + profile.name();
        final RulePlace.Owner in = new RulePlace.Owner(null, name, "", PolicyDirection.INGRESS, numbers.next(),
            numbers.take(profile.ingress().size()));
        final RulePlace.Owner out = new RulePlace.Owner(null, name, "", PolicyDirection.EGRESS, numbers.next(),
            numbers.take(profile.egress().size()));
        return new RuleSource(profile, places(in, profile.ingress()), places(out, profile.egress()));
    }

    private static List<RulePlace> places(final RulePlace.Owner owner, final List<Rule> rules) {
        final List<RulePlace> places = new ArrayList<>(rules.size());
        for (int i = 0; i < rules.size(); i++) {
            places.add(new RulePlace(owner.firstId() + i, owner, i, rules.get(i)));
        }
        return List.copyOf(places);
    }

    /** The same rules and counters, to be compiled again. */
    RuleSource renewed() {
        return new RuleSource(object, ingress, egress);
    }

    List<RulePlace> places(final PolicyDirection direction) {
        return direction == PolicyDirection.INGRESS ? ingress : egress;
    }

    List<RulePlace> allPlaces() {
        final List<RulePlace> all = new ArrayList<>(ingress);
        all.addAll(egress);
        return all;
    }

    /** Ids of the IP sets that its rules name. */
    Set<String> sets() {
        return sets;
    }

    /** The policy or profile that it was made of. */
    Object object() {
        return object;
    }
}

package io.caracal.policy;

import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleAction;
import java.util.ArrayList;
import java.util.List;

/**
 * Lays one list of tiers and profiles out as a sequence of rules and has it indexed: what jumps where is decided here,
 * once, so that the packet path only follows indices. Used once; control thread only.
 */
final class RuleListCompiler implements SetNumbers {
    private static final Rule EVERYTHING = new Rule(RuleAction.ALLOW, List.of(), "");

    private final SetRegistry sets;
    private final RuleListKey key;
    private final List<RuleIndex.Draft> drafts = new ArrayList<>();
    private final List<SetRegistry.NetList> netLists = new ArrayList<>();

    /**
     * A compiled list with what it keeps in use.
     *
     * @param index the list.
     * @param netLists to be released when the list is dropped.
     */
    record Compiled(RuleIndex index, List<SetRegistry.NetList> netLists) {
    }

    private RuleListCompiler(final RuleListKey key, final SetRegistry sets) {
        this.key = key;
        this.sets = sets;
    }

    /**
     * Compiles a list.
     *
     * @param name whose list it is, for errors.
     * @param key the list.
     * @param sets numbers of sets.
     * @return the list; the caller releases its prefixes in the end.
     */
    static Compiled compile(final String name, final RuleListKey key, final SetRegistry sets) {
        final RuleListCompiler compiler = new RuleListCompiler(key, sets);
        try {
            compiler.layOut();
            return new Compiled(new RuleIndex(name, compiler.drafts, key.v6()), compiler.netLists);
        } catch (final RuntimeException e) {
            compiler.netLists.forEach(sets::release);
            throw e;
        }
    }

    private void layOut() {
        for (final RuleListKey.TierPart tier : key.tiers()) {
            final int begin = drafts.size();
            tier.sources().forEach(source -> add(source, tier.name()));
            if (tier.drops()) {
                final RulePosition end = new RulePosition(tier.name(), "end of tier", RulePosition.NO_RULE, null);
                addEnd(RuleIndex.DENY, DecisionReason.END_OF_TIER, end);
            }
            setPassTargets(begin);
        }
        if (key.profiles() == null) {
            addEnd(RuleIndex.CONTINUE, DecisionReason.NO_MATCH, null);
            return;
        }
        for (final RuleListKey.ProfilePart profile : key.profiles()) {
            final int begin = drafts.size();
            if (profile.source() == null) {
                addEnd(RuleIndex.DENY, DecisionReason.PROFILE_MISSING,
                    new RulePosition("", "profile " + profile.name(), RulePosition.NO_RULE, null));
            } else {
                add(profile.source(), "");
            }
            setPassTargets(begin);
        }
        addEnd(RuleIndex.DENY, DecisionReason.NO_PROFILE_MATCHED, null);
    }

    private void add(final RuleSource source, final String tier) {
        for (final RulePlace place : source.places(key.direction())) {
            final RuleCriteria criteria = RuleCriteria.of(place.rule(), key.v6(), this);
            if (criteria != null) {
                final RuleIndex.Line line = new RuleIndex.Line(place, tier, DecisionReason.RULE, null);
                drafts.add(new RuleIndex.Draft(criteria, action(place.rule().action()), drafts.size() + 1, line));
            }
        }
    }

    private static byte action(final RuleAction action) {
        return switch (action) {
            case ALLOW -> RuleIndex.ALLOW;
            case DENY -> RuleIndex.DENY;
            case PASS -> RuleIndex.PASS;
            case LOG -> RuleIndex.LOG;
        };
    }

    private void addEnd(final byte action, final DecisionReason reason, final RulePosition position) {
        drafts.add(new RuleIndex.Draft(RuleCriteria.of(EVERYTHING, key.v6(), this), action, 0,
            new RuleIndex.Line(null, "", reason, position)));
    }

    /** Pass leaves the tier, or the profile, that ends here. */
    private void setPassTargets(final int begin) {
        for (int i = begin; i < drafts.size(); i++) {
            final RuleIndex.Draft draft = drafts.get(i);
            if (draft.action() == RuleIndex.PASS) {
                drafts.set(i, new RuleIndex.Draft(draft.criteria(), draft.action(), drafts.size(), draft.line()));
            }
        }
    }

    @Override
    public int ofSet(final String id) {
        return sets.number(id);
    }

    @Override
    public int ofNets(final List<Prefix> nets) {
        final SetRegistry.NetList list = sets.use(nets);
        netLists.add(list);
        return list.number();
    }
}

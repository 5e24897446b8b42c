package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Rules that a report calls shadowed, in random policies, against the reference: over all packets that are tried, the
 * rule that hides one takes whatever the hidden one matches, and the hidden one never decides. {@code -Dcaracal.seed=S}
 * repeats a run.
 */
class ShadowedRulesTest {
    private static final int SETS = 150;
    private static final int RULES = 30;
    private static final int PACKETS = 1000;
    /** Rules found, and packets that such a rule matches by itself, without which the test would show nothing. */
    private static final int FEWEST = 1000;

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final PolicyPacket packet = new PolicyPacket();
    private long found;
    private long matched;
    private long decided;

    @Test
    void shouldCallNoRuleShadowedThatCanMatch() {
        System.out.println("ShadowedRulesTest seed " + seed);
        for (int i = 0; i < SETS; i++) {
            final RandomPolicy world = new RandomPolicy(random, RULES);
            ask(world.next(), world);
        }
        System.out.println(found + " shadowed rules matched " + matched + " packets by themselves, among "
            + decided + " decisions");
        assertTrue(found >= FEWEST && matched >= FEWEST, "the random policies hide too few rules");
    }

    private void ask(final PolicySet set, final RandomPolicy world) {
        final List<PolicyReport.Shadowed> shadowed = new PolicyReport(set).shadowed();
        found += shadowed.size();
        final ReferenceMatcher reference = new ReferenceMatcher(set);
        final RuleReference rules = new RuleReference(set.objects().ipSets().stream()
            .collect(Collectors.toMap(IpSet::id, IpSet::members)));
        for (int i = 0; i < PACKETS; i++) {
            world.packet(packet);
            final List<String> steps = steps(reference.decide(packet));
            decided += steps.size();
            for (final PolicyReport.Shadowed hidden : shadowed) {
                checkHidden(set, hidden, rules, steps);
            }
        }
    }

    private void checkHidden(final PolicySet set, final PolicyReport.Shadowed hidden, final RuleReference rules,
        final List<String> steps) {
        if (!rules.matches(hidden.rule(), packet)) {
            return;
        }
        matched++;
        final Policy policy = set.objects().policies().stream().filter(one -> one.id().equals(hidden.policy()))
            .findFirst().orElseThrow();
        final List<Rule> own = "ingress".equals(hidden.direction()) ? policy.ingress() : policy.egress();
        assertTrue(rules.matches(own.get(hidden.shadowedBy()), packet),
            () -> "seed " + seed + ": the rule before it does not match " + packet + ": " + hidden);
        assertFalse(steps.contains(key(hidden.direction(), hidden.policy().toString(), hidden.index())),
            () -> "seed " + seed + ": it decides about " + packet + ": " + hidden);
    }

    private static List<String> steps(final Decision decision) {
        final List<String> steps = new ArrayList<>();
        for (final DecisionStep step : decision.steps()) {
            if (step.rule() != null) {
                steps.add(key(step.chain().direction().name().toLowerCase(Locale.ROOT), step.rule().owner(),
                    step.rule().index()));
            }
        }
        return steps;
    }

    private static String key(final String direction, final String owner, final int index) {
        return direction + " " + owner + " " + index;
    }
}

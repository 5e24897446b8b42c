package io.caracal.control.probe;

import io.caracal.policy.Decision;
import io.caracal.policy.DecisionStep;
import io.caracal.policy.RulePosition;
import java.util.Optional;

/**
 * What a node decides about a probe, and why.
 *
 * @param probe    the packet.
 * @param allowed  whether this node lets it through.
 * @param decision every step of policy; absent where the packet was dropped before policy was asked.
 * @param reason   a sentence without full stop.
 */
public record ProbeVerdict(Probe probe, boolean allowed, Optional<Decision> decision, String reason) {
    /**
     * Whether the file expected this.
     *
     * @return true also where it expected nothing.
     */
    public boolean agrees() {
        return probe.expected() == null || probe.expected() == allowed;
    }

    /**
     * Where the deciding rule stands: of the step that dropped the packet, or of the last one with a rule.
     *
     * @return absent where no rule, tier or profile decided.
     */
    public Optional<RulePosition> position() {
        return decision.flatMap(each -> each.steps().reversed().stream().map(DecisionStep::rule)
            .filter(rule -> rule != null).findFirst());
    }

    /**
     * Allow or deny, as the file has it.
     *
     * @return the word.
     */
    public String word() {
        return allowed ? "allow" : "deny";
    }
}

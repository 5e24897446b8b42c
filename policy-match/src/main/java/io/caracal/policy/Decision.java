package io.caracal.policy;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A verdict and how it came about.
 *
 * @param allowed whether the packet may go on.
 * @param steps every rule that matched (log and pass too) and every other thing that decided, in order; the last step
 *     is the one that decided.
 */
public record Decision(boolean allowed, List<DecisionStep> steps) {
    /** Copies the list. */
    public Decision {
        steps = List.copyOf(steps);
    }

    /**
     * Why it was decided so.
     *
     * @return the reason of the last step.
     */
    public DecisionReason reason() {
        return steps.getLast().reason();
    }

    @Override
    public String toString() {
        return (allowed ? "allow" : "deny")
            + steps.stream().map(step -> "\n  " + step).collect(Collectors.joining());
    }
}

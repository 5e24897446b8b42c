package io.caracal.policy;

/**
 * One step of an evaluation.
 *
 * @param chain where it happened; null for what concerns no endpoint.
 * @param endpoint the endpoint that was asked; empty where there is none.
 * @param reason why.
 * @param rule the rule, tier or profile that it was about; null where there is none.
 */
public record DecisionStep(PolicyChain chain, String endpoint, DecisionReason reason, RulePosition rule) {
    @Override
    public String toString() {
        return (chain == null ? "" : chain + " of " + endpoint + ": ")
            + (rule == null ? "" : rule + ": ") + reason.sentence();
    }
}

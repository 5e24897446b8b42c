package io.caracal.policy.model;

/** What a rule does with a packet that it matches. */
public enum RuleAction {
    /** Ends the evaluation of this endpoint: the packet may pass it. */
    ALLOW,
    /** Ends the evaluation: the packet is dropped. */
    DENY,
    /** Leaves the tier: the next one goes on, after the last one the profiles. */
    PASS,
    /** Notes the packet and goes on with the next rule. */
    LOG;

    /**
     * Reads Felix's word for an action (felix/rules/policy.go: nothing means allow).
     *
     * @param word {@code Rule.action}.
     * @return the action.
     * @throws PolicyException if Felix has no such action.
     */
    public static RuleAction parse(final String word) {
        return switch (word) {
            case "", "allow" -> ALLOW;
            case "deny" -> DENY;
            case "pass", "next-tier" -> PASS;
            case "log" -> LOG;
            default -> throw new PolicyException("action " + word, "is none of allow, deny, pass, next-tier, log");
        };
    }
}

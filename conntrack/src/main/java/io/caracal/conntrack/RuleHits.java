package io.caracal.conntrack;

/** Hears of connections that rules have let through without being asked. The worker's thread; allocates nothing. */
@FunctionalInterface
public interface RuleHits {
    /**
     * One more connection.
     *
     * @param sourceRule the rule that approves the source's leg, 0 for none.
     * @param destinationRule the rule that approves the destination's leg, 0 for none.
     */
    void count(int sourceRule, int destinationRule);
}

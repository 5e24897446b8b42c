package io.caracal.policy.lookup;

/** Tells whether a rule that an index has found accepts the packet, where the index alone cannot know. */
@FunctionalInterface
public interface RuleFilter {
    /**
     * Asks the rest of a rule's criteria.
     *
     * @param rule its index in the list.
     * @return whether the packet that is being looked up meets them.
     */
    boolean accepts(int rule);
}

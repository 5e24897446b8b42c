package io.caracal.policy;

/**
 * An endpoint with the lists of its chains, for both families. Immutable; any thread.
 *
 * @param name kind and id, for people.
 * @param active whether packets may pass at all.
 * @param lists the list of each chain; see {@link #list}.
 */
record CompiledEndpoint(String name, boolean active, RuleIndex[] lists) {
    static int slot(final PolicyChain chain, final boolean v6) {
        return chain.ordinal() * 2 + (v6 ? 1 : 0);
    }

    static int slots() {
        return PolicyChain.values().length * 2;
    }

    RuleIndex list(final PolicyChain chain, final boolean v6) {
        return lists[slot(chain, v6)];
    }
}

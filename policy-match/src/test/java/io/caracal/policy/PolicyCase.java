package io.caracal.policy;

import io.caracal.policy.model.PolicySet;

/**
 * What Felix's rule language says, as a table: a policy set, a packet, the verdict and why. Numbers P1-P23, E1-E18 are
 * the rows of the feature table that the case stands for.
 */
record PolicyCase(String name, PolicySet set, PolicyPacket packet, boolean allowed, DecisionReason reason) {
    @Override
    public String toString() {
        return name;
    }
}

package io.caracal.policy.model;

import java.util.List;

/**
 * The four lists of tiers of a host endpoint.
 *
 * @param normal for packets that end or begin at the host.
 * @param untracked before connection tracking.
 * @param preDnat before destination NAT, ingress only.
 * @param forward for packets that the host forwards.
 */
public record HostTiers(List<Tier> normal, List<Tier> untracked, List<Tier> preDnat, List<Tier> forward) {
    /** Copies the lists. */
    public HostTiers {
        normal = List.copyOf(normal);
        untracked = List.copyOf(untracked);
        preDnat = List.copyOf(preDnat);
        forward = List.copyOf(forward);
    }
}

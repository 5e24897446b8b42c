package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.caracal.control.PolicyChange;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleAction;
import io.caracal.policy.model.Tier;

/**
 * What of host endpoints packets do not meet: the host's own packets do not pass the engine, so that normal, untracked
 * and pre-DNAT policy, and the profiles of an endpoint without normal policy, are evaluated by {@code check} and {@code
 * explain} and by nothing else. Forward policy is enforced on what passes the engine.
 *
 * <p>Control thread only.</p>
 */
final class HostEndpointScope {
    private final SortedMap<String, HostEndpoint> hosts = new TreeMap<>();
    private final Map<String, Profile> profiles = new HashMap<>();

    /** Takes a change that the policy compiler has taken; all but host endpoints and profiles mean nothing here. */
    void onChange(final PolicyChange change) {
        switch (change) {
            case PolicyChange.HostEndpointUpdate(var endpoint) -> hosts.put(endpoint.id(), endpoint);
            case PolicyChange.HostEndpointRemove(var id) -> hosts.remove(id);
            case PolicyChange.ProfileUpdate(var profile) -> profiles.put(profile.name(), profile);
            case PolicyChange.ProfileRemove(var name) -> profiles.remove(name);
            default -> { }
        }
    }

    /** A sentence for each host endpoint whose policy would drop some of the host's packets and does not. */
    List<String> notEnforced() {
        final List<String> sentences = new ArrayList<>();
        for (final HostEndpoint endpoint : hosts.values()) {
            final List<String> parts = parts(endpoint);
            if (!parts.isEmpty()) {
                sentences.add(endpoint + " (" + place(endpoint) + "): not enforced on packets: "
                    + String.join("; ", parts));
            }
        }
        return sentences;
    }

    /**
     * State of each host endpoint in Felix's words: {@code error} where policy is not enforced, else {@code up} where
     * its interface is there, else {@code down}.
     *
     * @param interfaces of the node.
     */
    Map<String, String> states(final Collection<NodeInterface> interfaces) {
        final Map<String, String> states = new TreeMap<>();
        for (final HostEndpoint endpoint : hosts.values()) {
            final boolean isThere = endpoint.coversAll() || interfaces.stream().anyMatch(endpoint::isOf);
            states.put(endpoint.id(), !parts(endpoint).isEmpty() ? "error" : isThere ? "up" : "down");
        }
        return states;
    }

    private static String place(final HostEndpoint endpoint) {
        return endpoint.interfaceName().isEmpty()
            ? "addresses " + endpoint.expectedAddresses() : "interface " + endpoint.interfaceName();
    }

    private List<String> parts(final HostEndpoint endpoint) {
        final List<String> parts = new ArrayList<>();
        addTiers(parts, "normal policy", endpoint.tiers().normal());
        addTiers(parts, "untracked policy", endpoint.tiers().untracked());
        addTiers(parts, "pre-DNAT policy", endpoint.tiers().preDnat());
        for (final PolicyDirection direction : PolicyDirection.values()) {
            if (isLeftToProfiles(endpoint, direction) && !profilesAllowAll(endpoint, direction)) {
                parts.add(direction.name().toLowerCase(java.util.Locale.ROOT)
                    + " of the host by profiles " + endpoint.profiles());
            }
        }
        return parts;
    }

    private static void addTiers(final List<String> parts, final String what, final List<Tier> tiers) {
        final List<String> policies = new ArrayList<>();
        for (final Tier tier : tiers) {
            for (final PolicyDirection direction : PolicyDirection.values()) {
                tier.enforced(direction).stream().map(Object::toString).filter(name -> !policies.contains(name))
                    .forEach(policies::add);
            }
        }
        if (!policies.isEmpty()) {
            parts.add(what + ' ' + policies);
        }
    }

    private static boolean isLeftToProfiles(final HostEndpoint endpoint, final PolicyDirection direction) {
        return endpoint.tiers().normal().stream().allMatch(tier -> tier.enforced(direction).isEmpty());
    }

    private boolean profilesAllowAll(final HostEndpoint endpoint, final PolicyDirection direction) {
        for (final String name : endpoint.profiles()) {
            final Profile profile = profiles.get(name);
            final List<Rule> rules = profile == null ? List.of() : profile.rules(direction);
            for (final Rule rule : rules) {
                if (rule.action() == RuleAction.ALLOW && rule.matches().isEmpty()) {
                    return true;
                }
                if (rule.action() != RuleAction.LOG && rule.action() != RuleAction.ALLOW) {
                    return false;
                }
            }
        }
        return false;
    }
}

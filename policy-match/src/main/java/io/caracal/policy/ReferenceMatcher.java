package io.caracal.policy;

import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.FailsafePort;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyDirection;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The verdict in the plainest words: Felix's evaluation (felix/rules/static.go, endpoints.go) walked rule by rule. It
 * is the oracle of the classifier's tests and shares no code with it but the model; speed does not matter here. Not
 * thread-safe.
 */
public final class ReferenceMatcher {
    /** What a chain says: the packet is accepted here, dropped, or goes on undecided. */
    private enum Outcome {
        ACCEPT, DROP, CONTINUE
    }

    private final PolicyConfig config;
    private final Map<Integer, NodeInterface> nodes;
    private final Map<Integer, WorkloadEndpoint> workloads = new HashMap<>();
    private final Map<Integer, HostEndpoint> ownHosts = new HashMap<>();
    private final Map<Integer, HostEndpoint> hosts = new HashMap<>();
    private final Map<PolicyId, Policy> policies;
    private final Map<String, Profile> profiles;
    private final RuleReference rules;
    private List<DecisionStep> steps;

    /**
     * Reads a policy set.
     *
     * @param set what to evaluate.
     */
    public ReferenceMatcher(final PolicySet set) {
        config = set.config();
        nodes = set.endpoints().interfaces().stream()
            .collect(Collectors.toMap(NodeInterface::index, Function.identity()));
        nodes.values().forEach(node -> findEndpoints(set.endpoints(), node));
        policies = set.objects().policies().stream().collect(Collectors.toMap(Policy::id, Function.identity()));
        profiles = set.objects().profiles().stream().collect(Collectors.toMap(Profile::name, Function.identity()));
        rules = new RuleReference(set.objects().ipSets().stream().collect(Collectors.toMap(IpSet::id, IpSet::members)));
    }

    /**
     * Decides about the first packet of a flow.
     *
     * @param packet the packet.
     * @return verdict and path.
     */
    public Decision decide(final PolicyPacket packet) {
        steps = new ArrayList<>();
        return new Decision(evaluate(packet), steps);
    }

    private boolean evaluate(final PolicyPacket packet) {
        if (unknown(packet.inInterface) || unknown(packet.outInterface)) {
            return end(false, DecisionReason.INTERFACE_UNKNOWN);
        }
        if (packet.inInterface == PolicyPacket.HOST) {
            return evaluateFromHost(packet);
        }
        final Outcome early = evaluateBeforeNat(packet);
        if (early == Outcome.DROP) {
            return false;
        }
        return packet.outInterface == PolicyPacket.HOST
            ? evaluateToHost(packet, early == Outcome.ACCEPT)
            : evaluateForwarded(packet, early == Outcome.ACCEPT);
    }

    private Outcome evaluateBeforeNat(final PolicyPacket packet) {
        final HostEndpoint own = ownHosts.get(packet.inInterface);
        if (own != null && workloads.get(packet.inInterface) == null) {
            final Outcome outcome = askHost(packet, own, PolicyChain.UNTRACKED_INGRESS);
            if (outcome != Outcome.CONTINUE) {
                return outcome;
            }
        }
        return askHost(packet, hosts.get(packet.inInterface), PolicyChain.PRE_DNAT);
    }

    private boolean evaluateForwarded(final PolicyPacket packet, final boolean accepted) {
        if (!accepted
            && askHost(packet, hosts.get(packet.inInterface), PolicyChain.FORWARD_INGRESS) == Outcome.DROP) {
            return false;
        }
        final WorkloadEndpoint from = workloads.get(packet.inInterface);
        if (from != null && askWorkload(packet, from, PolicyChain.WORKLOAD_EGRESS) != Outcome.ACCEPT) {
            return false;
        }
        final WorkloadEndpoint to = workloads.get(packet.outInterface);
        if (to != null && askWorkload(packet, to, PolicyChain.WORKLOAD_INGRESS) != Outcome.ACCEPT) {
            return false;
        }
        return askHost(packet, hosts.get(packet.outInterface), PolicyChain.FORWARD_EGRESS) != Outcome.DROP
            && end(true, DecisionReason.FORWARDED);
    }

    private boolean evaluateToHost(final PolicyPacket packet, final boolean accepted) {
        final WorkloadEndpoint from = workloads.get(packet.inInterface);
        if (from == null) {
            final HostEndpoint host = hosts.get(packet.inInterface);
            return accepted || (host == null
                ? end(true, DecisionReason.NO_HOST_ENDPOINT)
                : askHost(packet, host, PolicyChain.HOST_INGRESS) == Outcome.ACCEPT);
        }
        if (isNeighbourDiscovery(packet)) {
            return end(true, DecisionReason.NEIGHBOUR_DISCOVERY);
        }
        return askWorkload(packet, from, PolicyChain.WORKLOAD_EGRESS) == Outcome.ACCEPT
            && end(config.endpointToHost().allows(), DecisionReason.ENDPOINT_TO_HOST);
    }

    private boolean evaluateFromHost(final PolicyPacket packet) {
        if (workloads.get(packet.outInterface) != null || packet.outInterface == PolicyPacket.HOST) {
            return end(true, DecisionReason.HOST_TO_WORKLOAD);
        }
        final HostEndpoint own = ownHosts.get(packet.outInterface);
        final Outcome untracked = askHost(packet, own, PolicyChain.UNTRACKED_EGRESS);
        if (untracked != Outcome.CONTINUE) {
            return untracked == Outcome.ACCEPT;
        }
        final HostEndpoint host = hosts.get(packet.outInterface);
        return host == null
            ? end(true, DecisionReason.NO_HOST_ENDPOINT)
            : askHost(packet, host, PolicyChain.HOST_EGRESS) == Outcome.ACCEPT;
    }

    private Outcome askWorkload(final PolicyPacket packet, final WorkloadEndpoint endpoint, final PolicyChain chain) {
        if (!endpoint.active()) {
            return outcome(Outcome.DROP, chain, endpoint, DecisionReason.ENDPOINT_DOWN);
        }
        if (packet.invalid && config.denyInvalid()) {
            return outcome(Outcome.DROP, chain, endpoint, DecisionReason.CONNECTION_INVALID);
        }
        if (chain == PolicyChain.WORKLOAD_EGRESS && isTunnel(packet)) {
            return outcome(Outcome.DROP, chain, endpoint, DecisionReason.TUNNEL_FROM_WORKLOAD);
        }
        return askTiers(packet, chain, endpoint, endpoint.tiers(), endpoint.profiles());
    }

    private Outcome askHost(final PolicyPacket packet, final HostEndpoint endpoint, final PolicyChain chain) {
        if (endpoint == null) {
            return Outcome.CONTINUE;
        }
        if (packet.invalid && config.denyInvalid() && !chain.untracked()) {
            return outcome(Outcome.DROP, chain, endpoint, DecisionReason.CONNECTION_INVALID);
        }
        if (chain.hasFailsafes() && isFailsafe(packet, chain)) {
            final Outcome passed = chain.normal() ? Outcome.ACCEPT : Outcome.CONTINUE;
            return outcome(passed, chain, endpoint, DecisionReason.FAILSAFE);
        }
        final List<Tier> tiers = switch (chain) {
            case UNTRACKED_INGRESS, UNTRACKED_EGRESS -> endpoint.tiers().untracked();
            case PRE_DNAT -> endpoint.tiers().preDnat();
            case FORWARD_INGRESS, FORWARD_EGRESS -> endpoint.tiers().forward();
            case HOST_INGRESS, HOST_EGRESS, WORKLOAD_INGRESS, WORKLOAD_EGRESS -> endpoint.tiers().normal();
        };
        return askTiers(packet, chain, endpoint, tiers, endpoint.profiles());
    }

    private Outcome askTiers(final PolicyPacket packet, final PolicyChain chain, final Object endpoint,
        final List<Tier> tiers, final List<String> profileNames) {
        for (final Tier tier : tiers) {
            final Outcome outcome = askTier(packet, chain, endpoint, tier);
            if (outcome != Outcome.CONTINUE) {
                return outcome;
            }
        }
        if (!chain.normal()) {
            return outcome(Outcome.CONTINUE, chain, endpoint, DecisionReason.NO_MATCH);
        }
        for (final String name : profileNames) {
            final Profile profile = profiles.get(name);
            if (profile == null) {
                final RulePosition missing = new RulePosition("", "profile " + name, RulePosition.NO_RULE, null);
                steps.add(new DecisionStep(chain, endpoint.toString(), DecisionReason.PROFILE_MISSING, missing));
                return Outcome.DROP;
            }
            final Walk walk = new Walk(chain, endpoint, "", "profile " + name);
            final Outcome outcome = askRules(packet, walk, profile.rules(chain.direction()));
            if (outcome == Outcome.ACCEPT || outcome == Outcome.DROP) {
                return outcome;
            }
        }
        return outcome(Outcome.DROP, chain, endpoint, DecisionReason.NO_PROFILE_MATCHED);
    }

    private Outcome askTier(final PolicyPacket packet, final PolicyChain chain, final Object endpoint,
        final Tier tier) {
        final List<PolicyId> enforced = tier.enforced(chain.direction());
        for (final PolicyId id : enforced) {
            final Walk walk = new Walk(chain, endpoint, tier.name(), id);
            final Outcome outcome = askRules(packet, walk, policies.get(id).rules(chain.direction()));
            if (outcome != null) {
                return outcome;
            }
        }
        if (enforced.isEmpty() || tier.defaultPass() || !chain.dropsAtEndOfTier()) {
            return Outcome.CONTINUE;
        }
        final RulePosition position = new RulePosition(tier.name(), "end of tier", RulePosition.NO_RULE, null);
        steps.add(new DecisionStep(chain, endpoint.toString(), DecisionReason.END_OF_TIER, position));
        return Outcome.DROP;
    }

    /** Where the rules that are being walked stand. */
    private record Walk(PolicyChain chain, Object endpoint, String tier, Object owner) {
        DecisionStep step(final int index, final Rule rule) {
            return new DecisionStep(chain, endpoint.toString(), DecisionReason.RULE,
                new RulePosition(tier, owner.toString(), index, rule));
        }
    }

    /** ACCEPT or DROP by a rule, CONTINUE for pass, null when no rule decided. */
    private Outcome askRules(final PolicyPacket packet, final Walk walk, final List<Rule> list) {
        for (int i = 0; i < list.size(); i++) {
            final Rule rule = list.get(i);
            if (!rules.matches(rule, packet)) {
                continue;
            }
            steps.add(walk.step(i, rule));
            switch (rule.action()) {
                case ALLOW -> {
                    return Outcome.ACCEPT;
                }
                case DENY -> {
                    return Outcome.DROP;
                }
                case PASS -> {
                    return Outcome.CONTINUE;
                }
                case LOG -> { }
            }
        }
        return null;
    }

    private boolean isFailsafe(final PolicyPacket packet, final PolicyChain chain) {
        final boolean in = chain.direction() == PolicyDirection.INGRESS;
        final List<FailsafePort> towards = in ? config.failsafes().inbound() : config.failsafes().outbound();
        final List<FailsafePort> answers = in ? config.failsafes().outbound() : config.failsafes().inbound();
        return packet.hasPorts() && (isFailsafe(packet, towards, in, packet.destinationPort)
            || chain.untracked() && isFailsafe(packet, answers, in, packet.sourcePort));
    }

    private static boolean isFailsafe(final PolicyPacket packet, final List<FailsafePort> failsafes, final boolean in,
        final int port) {
        final long remoteHigh = in ? packet.sourceHigh : packet.destinationHigh;
        final long remoteLow = in ? packet.sourceLow : packet.destinationLow;
        boolean found = false;
        for (final FailsafePort failsafe : failsafes) {
            found |= packet.protocol == failsafe.protocol() && port == failsafe.port()
                && (failsafe.net() == null || failsafe.net().contains(packet.v6, remoteHigh, remoteLow));
        }
        return found;
    }

    private boolean isTunnel(final PolicyPacket packet) {
        final boolean vxlan = packet.protocol == IpProtocol.UDP && packet.hasTransport
            && packet.destinationPort == config.guard().vxlanPort();
        return vxlan && !config.guard().allowVxlan()
            || packet.protocol == IpProtocol.IPIP && !config.guard().allowIpip();
    }

    private static boolean isNeighbourDiscovery(final PolicyPacket packet) {
        return packet.v6 && packet.isIcmp()
            && List.of(130, 131, 132, 133, 135, 136).contains(packet.destinationPort >>> Byte.SIZE);
    }

    private void findEndpoints(final EndpointSet endpoints, final NodeInterface node) {
        workloads.put(node.index(), PolicySet.lowest(endpoints.workloads().stream()
            .filter(workload -> workload.interfaceName().equals(node.name())).toList(), WorkloadEndpoint::id));
        final HostEndpoint own = PolicySet.lowest(endpoints.hosts().stream()
            .filter(host -> !host.coversAll() && host.isOf(node)).toList(), HostEndpoint::id);
        final HostEndpoint all = PolicySet.lowest(
            endpoints.hosts().stream().filter(HostEndpoint::coversAll).toList(), HostEndpoint::id);
        ownHosts.put(node.index(), own);
        hosts.put(node.index(), own == null ? all : own);
    }

    private boolean unknown(final int index) {
        final NodeInterface node = nodes.get(index);
        return index != PolicyPacket.HOST
            && (node == null || config.isWorkloadInterface(node.name()) && workloads.get(index) == null);
    }

    private Outcome outcome(final Outcome outcome, final PolicyChain chain, final Object endpoint,
        final DecisionReason reason) {
        steps.add(new DecisionStep(chain, endpoint.toString(), reason, null));
        return outcome;
    }

    private boolean end(final boolean allowed, final DecisionReason reason) {
        steps.add(new DecisionStep(null, "", reason, null));
        return allowed;
    }
}

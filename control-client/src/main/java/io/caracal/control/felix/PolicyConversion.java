package io.caracal.control.felix;

import io.caracal.control.EndpointState;
import io.caracal.control.MacAddress;
import io.caracal.control.ControlUpdate;
import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.proto.ActivePolicyUpdate;
import io.caracal.control.proto.ActiveProfileUpdate;
import io.caracal.control.proto.HostEndpointUpdate;
import io.caracal.control.proto.IPSetUpdate.IPSetType;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.TierInfo;
import io.caracal.control.proto.WorkloadEndpointUpdate;
import io.caracal.policy.model.HostEndpoint;
import io.caracal.policy.model.HostTiers;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Felix's policies, profiles and endpoints → the model's; what cannot be is refused with its name. */
final class PolicyConversion {
    private static final String ACTIVE = "active";

    private PolicyConversion() {
    }

    /** Felix never sends its third type, IP (calico.md P15); its members read as addresses. */
    static IpSetKind kind(final IPSetType type) {
        return switch (type) {
            case IP, NET -> IpSetKind.NET;
            case IP_AND_PORT -> IpSetKind.IP_AND_PORT;
            case UNRECOGNIZED -> throw new PolicyException("type of IP set", "is none of IP, IP_AND_PORT, NET");
        };
    }

    static IpSetMembers members(final IpSetKind kind, final Collection<String> texts) {
        return IpSetMembers.parse(kind, texts);
    }

    static PolicyId policyId(final PolicyID id) {
        return new PolicyId(id.getName(), id.getNamespace(), id.getKind());
    }

    static Policy policy(final ActivePolicyUpdate update) {
        return new Policy(policyId(update.getId()), update.getPolicy().getTier(),
            RuleConversion.rules("ingress", update.getPolicy().getInboundRulesList()),
            RuleConversion.rules("egress", update.getPolicy().getOutboundRulesList()));
    }

    static Profile profile(final ActiveProfileUpdate update) {
        return new Profile(update.getId().getName(),
            RuleConversion.rules("ingress", update.getProfile().getInboundRulesList()),
            RuleConversion.rules("egress", update.getProfile().getOutboundRulesList()));
    }

    static WorkloadPolicyUpdate workload(final String id, final WorkloadEndpointUpdate update) {
        final var endpoint = update.getEndpoint();
        final List<Prefix> addresses = prefixes(endpoint.getIpv4NetsList());
        addresses.addAll(prefixes(endpoint.getIpv6NetsList()));
        return new WorkloadPolicyUpdate(new WorkloadEndpoint(id, endpoint.getName(), ACTIVE.equals(endpoint.getState()),
            addresses, tiers(endpoint.getTiersList()), endpoint.getProfileIdsList()),
            prefixes(endpoint.getAllowSpoofedSourcePrefixesList()));
    }

    static ControlUpdate.WorkloadEndpointUpdate attachment(final WorkloadEndpointUpdate update) {
        final var endpoint = update.getEndpoint();
        final var id = update.getId();
        try {
            return new ControlUpdate.WorkloadEndpointUpdate(
                new WorkloadEndpointId(id.getOrchestratorId(), id.getWorkloadId(), id.getEndpointId()),
                ACTIVE.equals(endpoint.getState()) ? EndpointState.ACTIVE : EndpointState.INACTIVE, endpoint.getName(),
                endpoint.getMac().isEmpty() ? Optional.empty() : Optional.of(MacAddress.parse(endpoint.getMac())),
                networks(endpoint.getIpv4NetsList(), Ipv4Prefix::parse),
                networks(endpoint.getIpv6NetsList(), Ipv6Prefix::parse));
        } catch (final IllegalArgumentException e) {
            throw new PolicyException("its interface", e.getMessage());
        }
    }

    private static <T> List<T> networks(final List<String> texts, final Function<String, T> parser) {
        return texts.stream().map(parser).distinct().toList();
    }

    static HostEndpoint host(final HostEndpointUpdate update) {
        final var endpoint = update.getEndpoint();
        final List<Prefix> addresses = prefixes(endpoint.getExpectedIpv4AddrsList());
        addresses.addAll(prefixes(endpoint.getExpectedIpv6AddrsList()));
        return new HostEndpoint(update.getId().getEndpointId(), endpoint.getName(), addresses,
            new HostTiers(tiers(endpoint.getTiersList()), tiers(endpoint.getUntrackedTiersList()),
                tiers(endpoint.getPreDnatTiersList()), tiers(endpoint.getForwardTiersList())),
            endpoint.getProfileIdsList());
    }

    private static List<Prefix> prefixes(final List<String> texts) {
        final List<Prefix> prefixes = new ArrayList<>(texts.size());
        texts.forEach(text -> prefixes.add(Prefix.parse(text)));
        return prefixes;
    }

    private static List<Tier> tiers(final List<TierInfo> tiers) {
        return tiers.stream().map(tier -> new Tier(tier.getName(),
            tier.getIngressPoliciesList().stream().map(PolicyConversion::policyId).toList(),
            tier.getEgressPoliciesList().stream().map(PolicyConversion::policyId).toList(),
            Tier.parseDefaultPass(tier.getDefaultAction()))).toList();
    }

    /** Fields of a workload endpoint that ask for something that Caracal does not do. */
    static List<String> notApplied(final WorkloadEndpointUpdate update) {
        final var endpoint = update.getEndpoint();
        final List<String> notes = new ArrayList<>();
        if (endpoint.getIpv4NatCount() + endpoint.getIpv6NatCount() > 0) {
            notes.add("floating addresses (ipv4_nat, ipv6_nat) are not translated");
        }
        if (endpoint.hasQosControls()) {
            notes.add("limits of bandwidth, packets and connections (qos_controls) are not enforced");
        }
        if (endpoint.getQosPoliciesCount() > 0) {
            notes.add("DSCP marking (qos_policies) is not done");
        }
        if (endpoint.hasLocalBgpPeer()) {
            notes.add("the local BGP peer is not told to BIRD");
        }
        if (endpoint.getIsIstioAmbient()) {
            notes.add("Istio ambient mode is not supported");
        }
        if (endpoint.getLiveMigrationRoleValue() != 0) {
            notes.add("live migration gives its route no other priority");
        }
        return notes;
    }
}

package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.Application;
import io.caracal.control.manifest.ManifestModel.PolicyResource;
import io.caracal.control.manifest.ManifestModel.TierResource;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.TierInfo;
import io.caracal.policy.model.PolicyId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which policies an endpoint has, sorted into tiers (felix/calc/policy_resolver.go, event_sequencer.go). */
final class TierCompiler {
    private static final String PASS = "Pass";

    private final Map<String, Map<String, String>> profileLabels;
    private final Map<String, TierResource> tiers;
    private final List<PolicyResource> policies;
    private final List<String> tierNames;

    TierCompiler(final ManifestModel model, final Map<String, Map<String, String>> profileLabels) {
        this.profileLabels = profileLabels;
        tiers = model.tiers;
        policies = model.policies.stream().sorted(PolicyResource::compareInTier).toList();
        final Set<String> names = new TreeSet<>(Hashes.BYTE_ORDER);
        names.addAll(tiers.keySet());
        policies.forEach(policy -> names.add(policy.tier()));
        tierNames = names.stream().sorted(this::compare).toList();
    }

    /** A tier that is not there comes after all that are. */
    private int compare(final String one, final String other) {
        final int presence = Boolean.compare(tiers.containsKey(other), tiers.containsKey(one));
        return presence != 0 ? presence : Double.compare(order(one), order(other));
    }

    private double order(final String tier) {
        return tiers.containsKey(tier) ? tiers.get(tier).order() : Double.POSITIVE_INFINITY;
    }

    /** The policies that select an endpoint, each tier's in order. */
    List<PolicyResource> matching(final SetMembership endpoint) {
        return policies.stream()
            .filter(policy -> policy.selector().matches(label -> endpoint.label(label, profileLabels))).toList();
    }

    /** The tiers of an endpoint for some of the places where policies apply. */
    List<TierInfo> tiers(final List<PolicyResource> matching, final Set<Application> applications) {
        final boolean decides = applications.contains(Application.NORMAL_AND_FORWARD);
        final Map<String, TierInfo.Builder> byName = new TreeMap<>();
        for (final PolicyResource policy : matching) {
            if (applications.contains(policy.application())) {
                final TierInfo.Builder tier = byName.computeIfAbsent(policy.tier(),
                    name -> TierInfo.newBuilder().setName(name).setDefaultAction(decides ? defaultAction(name) : PASS));
                if (policy.governsIngress()) {
                    tier.addIngressPolicies(id(policy.id()));
                }
                if (policy.governsEgress() && policy.application() != Application.PRE_DNAT) {
                    tier.addEgressPolicies(id(policy.id()));
                }
            }
        }
        final List<TierInfo> infos = new ArrayList<>();
        for (final String name : tierNames) {
            final TierInfo.Builder tier = byName.get(name);
            if (tier != null && tier.getIngressPoliciesCount() + tier.getEgressPoliciesCount() > 0) {
                infos.add(tier.build());
            }
        }
        return infos;
    }

    private String defaultAction(final String tier) {
        return tiers.containsKey(tier) ? tiers.get(tier).defaultAction() : "";
    }

    static PolicyID id(final PolicyId id) {
        return PolicyID.newBuilder().setName(id.name()).setNamespace(id.namespace()).setKind(id.kind()).build();
    }
}

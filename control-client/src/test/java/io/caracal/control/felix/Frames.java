package io.caracal.control.felix;

import com.google.protobuf.MessageLite;
import io.caracal.control.proto.ActivePolicyUpdate;
import io.caracal.control.proto.ConfigUpdate;
import io.caracal.control.proto.IPSetUpdate;
import io.caracal.control.proto.IPSetUpdate.IPSetType;
import io.caracal.control.proto.InSync;
import io.caracal.control.proto.Policy;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.PolicyID.Builder;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.TierInfo;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.control.proto.WorkloadEndpointUpdate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;

/** Messages for tests, short to write. */
final class Frames {
    private Frames() {
    }

    static byte[] bytes(final MessageLite... messages) throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final FelixFrameWriter writer = new FelixFrameWriter(out);
        for (final MessageLite message : messages) {
            writer.write(message);
        }
        return out.toByteArray();
    }

    static ToDataplane config() {
        return ToDataplane.newBuilder().setConfigUpdate(
            ConfigUpdate.newBuilder().putConfig("FelixHostname", "node1")).build();
    }

    static ToDataplane inSync() {
        return ToDataplane.newBuilder().setInSync(InSync.getDefaultInstance()).build();
    }

    static ToDataplane set(final String id, final String... members) {
        return ToDataplane.newBuilder().setIpsetUpdate(IPSetUpdate.newBuilder().setId(id).setType(IPSetType.NET)
            .addAllMembers(Arrays.asList(members))).build();
    }

    static ToDataplane policy(final String name, final Rule.Builder... ingress) {
        final Policy.Builder policy = Policy.newBuilder().setTier("default");
        Arrays.asList(ingress).forEach(policy::addInboundRules);
        return ToDataplane.newBuilder().setActivePolicyUpdate(
            ActivePolicyUpdate.newBuilder().setId(policyId(name)).setPolicy(policy)).build();
    }

    static Builder policyId(final String name) {
        return PolicyID.newBuilder().setName(name).setKind("GlobalNetworkPolicy");
    }

    static ToDataplane endpoint(final String pod, final String interfaceName, final String... policies) {
        final WorkloadEndpoint.Builder endpoint = WorkloadEndpoint.newBuilder().setState("active").setName(interfaceName)
            .addIpv4Nets("10.65.0.2/32");
        if (policies.length > 0) {
            final TierInfo.Builder tier = TierInfo.newBuilder().setName("default");
            Arrays.asList(policies).forEach(policy -> tier.addIngressPolicies(policyId(policy)));
            endpoint.addTiers(tier);
        }
        return ToDataplane.newBuilder().setWorkloadEndpointUpdate(WorkloadEndpointUpdate.newBuilder()
            .setId(WorkloadEndpointID.newBuilder().setOrchestratorId("k8s").setWorkloadId("app/" + pod)
                .setEndpointId("eth0")).setEndpoint(endpoint)).build();
    }
}

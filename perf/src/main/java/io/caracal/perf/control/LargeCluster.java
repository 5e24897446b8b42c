package io.caracal.perf.control;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.caracal.control.proto.ActivePolicyUpdate;
import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.IPSetUpdate;
import io.caracal.control.proto.Policy;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.TierInfo;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.control.proto.WorkloadEndpointUpdate;

/** What Felix says of a large cluster, and of its changes. Stateless but for its size. */
final class LargeCluster {
    private static final int SHARE_OF_POLICIES = 10;

    private final int policies;
    private final int sets;
    private final int membersOfEach;
    private final int endpoints;

    LargeCluster(final int policies, final int sets, final int membersOfEach, final int endpoints) {
        this.policies = policies;
        this.sets = sets;
        this.membersOfEach = membersOfEach;
        this.endpoints = endpoints;
    }

    @Override
    public String toString() {
        return policies + " policies, " + sets + " IP sets with " + (long)sets * membersOfEach + " members, "
            + endpoints + " local endpoints";
    }

    /** Sets, then policies, then endpoints, as Felix orders them. */
    List<ToDataplane> messages() {
        final List<ToDataplane> messages = new ArrayList<>();
        for (int number = 0; number < sets; number++) {
            messages.add(set(number));
        }
        for (int number = 0; number < policies; number++) {
            messages.add(policy(number, number));
        }
        for (int number = 0; number < endpoints; number++) {
            messages.add(endpoint(number));
        }
        return messages;
    }

    /** One change: eight of ten are of a set's member, the others of a policy and of an endpoint. */
    ToDataplane change(final int number) {
        return switch (number % SHARE_OF_POLICIES) {
            case 0 -> policy(number % policies, number);
            case 1 -> endpoint(number % endpoints);
            default -> ToDataplane.newBuilder().setIpsetDeltaUpdate(IPSetDeltaUpdate.newBuilder()
                .setId(setId(number)).addAddedMembers(address(13, number))).build();
        };
    }

    /** Names of the endpoints' interfaces. */
    List<String> interfaces() {
        return IntStream.range(0, endpoints).mapToObj(LargeCluster::interfaceName).toList();
    }

    private static String interfaceName(final int number) {
        return "calis" + number;
    }

    private String setId(final int number) {
        return "s:" + number % sets;
    }

    private static String address(final int first, final int number) {
        return first + "." + (number >> 16 & 0xff) + "." + (number >> 8 & 0xff) + "." + (number & 0xff) + "/32";
    }

    private ToDataplane set(final int number) {
        final IPSetUpdate.Builder set =
            IPSetUpdate.newBuilder().setId(setId(number)).setType(IPSetUpdate.IPSetType.NET);
        for (int member = 0; member < membersOfEach; member++) {
            set.addMembers(address(11, number * membersOfEach + member));
        }
        return ToDataplane.newBuilder().setIpsetUpdate(set).build();
    }

    private static PolicyID policyId(final int number) {
        return PolicyID.newBuilder().setName("p" + number).setKind("GlobalNetworkPolicy").build();
    }

    private ToDataplane policy(final int number, final int set) {
        return ToDataplane.newBuilder().setActivePolicyUpdate(ActivePolicyUpdate.newBuilder().setId(policyId(number))
            .setPolicy(Policy.newBuilder().setTier("default")
                .addInboundRules(Rule.newBuilder().setAction("allow").addSrcIpSetIds(setId(set)))
                .addInboundRules(Rule.newBuilder().setAction("deny").addSrcIpSetIds(setId(set + 1))))).build();
    }

    private ToDataplane endpoint(final int number) {
        final TierInfo.Builder tier = TierInfo.newBuilder().setName("default");
        final int ofEach = policies / endpoints;
        for (int policy = 0; policy < ofEach; policy++) {
            tier.addIngressPolicies(policyId(number * ofEach + policy));
        }
        return ToDataplane.newBuilder().setWorkloadEndpointUpdate(WorkloadEndpointUpdate.newBuilder()
            .setId(WorkloadEndpointID.newBuilder().setOrchestratorId("k8s").setWorkloadId("scale/pod" + number)
                .setEndpointId("eth0"))
            .setEndpoint(WorkloadEndpoint.newBuilder().setState("active").setName(interfaceName(number))
                .setMac("02:00:00:00:00:01").addIpv4Nets(address(12, number)).addTiers(tier))).build();
    }
}

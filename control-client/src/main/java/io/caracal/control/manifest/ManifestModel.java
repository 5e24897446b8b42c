package io.caracal.control.manifest;

import io.caracal.control.proto.GlobalBGPConfigUpdate;
import io.caracal.control.proto.HostEndpoint;
import io.caracal.control.proto.ServiceUpdate;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All resources of a set of manifests, read but not yet put together. Filled by the readers of each kind. */
final class ManifestModel {
    final List<Workload> workloads = new ArrayList<>();
    final List<Host> hosts = new ArrayList<>();
    final List<SetMembership> networkSets = new ArrayList<>();
    final Map<String, ProfileResource> profiles = new TreeMap<>();
    final List<PolicyResource> policies = new ArrayList<>();
    final Map<String, TierResource> tiers = new TreeMap<>();
    final Map<String, NodeResource> nodes = new TreeMap<>();
    final Map<Prefix, PoolResource> pools = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
    final Map<Prefix, String> blocks = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
    final Map<String, Map<String, String>> felixConfigurations = new TreeMap<>();
    final Map<String, ServiceUpdate> services = new TreeMap<>();
    final List<Backends> backends = new ArrayList<>();
    GlobalBGPConfigUpdate bgp = GlobalBGPConfigUpdate.getDefaultInstance();

    /**
     * A workload endpoint of any node.
     *
     * @param object     where it was written.
     * @param node       its node.
     * @param id         Felix's id.
     * @param endpoint   everything but its tiers.
     * @param membership what it brings into IP sets.
     */
    record Workload(ManifestObject object, String node, WorkloadEndpointID id, WorkloadEndpoint endpoint,
                    SetMembership membership) {
        String key() {
            return id.getOrchestratorId() + "/" + id.getWorkloadId() + "/" + id.getEndpointId();
        }
    }

    /**
     * A host endpoint of any node.
     *
     * @param object     where it was written.
     * @param node       its node.
     * @param name       its id.
     * @param endpoint   everything but its tiers.
     * @param membership what it brings into IP sets.
     */
    record Host(ManifestObject object, String node, String name, HostEndpoint endpoint, SetMembership membership) {
    }

    /**
     * A profile.
     *
     * @param object  where it was written; null for one that is made here.
     * @param labels  labels that its endpoints inherit.
     * @param ingress rules.
     * @param egress  rules.
     */
    record ProfileResource(ManifestObject object, Map<String, String> labels, CompiledRules ingress,
                           CompiledRules egress) {
    }

    /** Where a policy applies. */
    enum Application {
        NORMAL, NORMAL_AND_FORWARD, UNTRACKED, PRE_DNAT
    }

    /**
     * A policy of whatever kind.
     *
     * @param object          where it was written.
     * @param id              Felix's id.
     * @param tier            its tier.
     * @param order           its place in the tier; positive infinity where it has none.
     * @param selector        which endpoints.
     * @param governsIngress  whether it is about packets to them.
     * @param governsEgress   whether it is about packets from them.
     * @param application     where it applies.
     * @param ingress         rules.
     * @param egress          rules.
     * @param performanceHints as written.
     */
    record PolicyResource(ManifestObject object, PolicyId id, String tier, double order, Selector selector,
                          boolean governsIngress, boolean governsEgress, Application application,
                          CompiledRules ingress, CompiledRules egress, List<String> performanceHints) {
        /** Felix's order inside a tier (felix/calc/policy_sorter.go). */
        int compareInTier(final PolicyResource other) {
            final int byOrder = Double.compare(order, other.order);
            return byOrder != 0 ? byOrder : Hashes.BYTE_ORDER.compare(sortName(), other.sortName());
        }

        private String sortName() {
            return id.name() + "/" + id.namespace() + "/" + id.kind();
        }
    }

    /**
     * A tier.
     *
     * @param order         its place; positive infinity where it has none.
     * @param defaultAction Deny or Pass.
     */
    record TierResource(double order, String defaultAction) {
    }

    /**
     * A node.
     *
     * @param name      its name.
     * @param families  what it has of IPv4 and of IPv6, null where nothing.
     * @param addresses further addresses of its own.
     * @param labels    its labels.
     * @param asNumber  its BGP AS number, as text; empty where it has none.
     */
    record NodeResource(String name, NodeFamilies families, List<Prefix> addresses, Map<String, String> labels,
                        String asNumber) {
    }

    /**
     * A node's networks.
     *
     * @param ipv4 null where it has none.
     * @param ipv6 null where it has none.
     */
    record NodeFamilies(NodeFamily ipv4, NodeFamily ipv6) {
        NodeFamily of(final boolean v6) {
            return v6 ? ipv6 : ipv4;
        }
    }

    /**
     * One family of a node.
     *
     * @param address    of full length; null where it is not known.
     * @param cidr       address and subnet's length as written; empty where the address is not known.
     * @param subnet     the node's subnet; null where the address is not known.
     * @param vxlan      tunnel address for VXLAN; null where it has none.
     * @param vxlanMac   MAC of its overlay device; empty for the derived one.
     * @param ipip       tunnel address for IPIP; null where it has none.
     */
    record NodeFamily(Prefix address, String cidr, Prefix subnet, Prefix vxlan, String vxlanMac, Prefix ipip) {
    }

    /**
     * An address pool.
     *
     * @param ipipMode    {@code never}, {@code always} or {@code cross-subnet}.
     * @param vxlanMode   likewise.
     * @param natOutgoing whether packets to outside are masqueraded.
     * @param blockLength prefix length of its blocks.
     * @param allowedUses what its addresses are for.
     */
    record PoolResource(String ipipMode, String vxlanMode, boolean natOutgoing, int blockLength,
                        List<String> allowedUses) {
        boolean crossSubnet() {
            return "cross-subnet".equals(ipipMode) || "cross-subnet".equals(vxlanMode);
        }

        boolean vxlan() {
            return !"never".equals(vxlanMode);
        }

        boolean ipip() {
            return !"never".equals(ipipMode);
        }

        boolean loadBalancerOnly() {
            return allowedUses.equals(List.of("LoadBalancer"));
        }
    }

    /**
     * Addresses behind a service, out of one EndpointSlice.
     *
     * @param service   {@code namespace/name}.
     * @param addresses of full length.
     * @param ports     protocol and port of each of its ports.
     */
    record Backends(String service, List<Prefix> addresses, List<SetMembership.NamedPort> ports) {
    }
}

package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.NodeFamilies;
import io.caracal.control.manifest.ManifestModel.NodeFamily;
import io.caracal.control.manifest.ManifestModel.NodeResource;
import io.caracal.control.manifest.ManifestModel.PoolResource;
import io.caracal.control.proto.GlobalBGPConfigUpdate;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Calico's Node, IPPool, BlockAffinity and BGPConfiguration. */
final class NodeReader {
    private static final int BLOCK_LENGTH_IPV4 = 26;
    private static final int BLOCK_LENGTH_IPV6 = 122;
    private static final Map<String, String> MODES =
        Map.of("Never", "never", "Always", "always", "CrossSubnet", "cross-subnet");

    private final ManifestModel model;

    NodeReader(final ManifestModel model) {
        this.model = model;
    }

    /** Fields of the API that say nothing to a dataplane (status, orchestrator references) are left alone. */
    void readNode(final ManifestFields root) {
        final ManifestFields metadata = root.at("/metadata");
        final String name = metadata.required("name");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        final ManifestFields bgp = spec.part("bgp");
        final NodeFamily ipv4 = new NodeFamily(address(bgp, "ipv4Address"), cidr(bgp, "ipv4Address"),
            subnet(bgp, "ipv4Address"), tunnel(spec, "ipv4VXLANTunnelAddr"), spec.optional("vxlanTunnelMACAddr"),
            tunnel(bgp, "ipv4IPIPTunnelAddr"));
        final NodeFamily ipv6 = new NodeFamily(address(bgp, "ipv6Address"), cidr(bgp, "ipv6Address"),
            subnet(bgp, "ipv6Address"), tunnel(spec, "ipv6VXLANTunnelAddr"),
            spec.optional("vxlanTunnelMACAddrV6"), null);
        final List<Prefix> addresses = new ArrayList<>();
        for (final ManifestFields entry : spec.objects("addresses")) {
            final Prefix address = address(entry, "address");
            if (address != null) {
                addresses.add(address);
            }
        }
        model.nodes.put(name, new NodeResource(name, new NodeFamilies(ipv4, ipv6), addresses, metadata.map("labels"),
            bgp == null ? "" : bgp.value("asNumber").asText()));
    }

    private static Prefix address(final ManifestFields fields, final String field) {
        final String text = fields == null ? "" : fields.optional(field);
        final int slash = text.indexOf('/');
        return text.isEmpty() ? null
            : fields.read("/" + field, slash < 0 ? text : text.substring(0, slash), EndpointReader::prefix);
    }

    private static Prefix subnet(final ManifestFields fields, final String field) {
        final String text = fields == null ? "" : fields.optional(field);
        return text.isEmpty() ? null : fields.read("/" + field, text, EndpointReader::prefix);
    }

    private static String cidr(final ManifestFields fields, final String field) {
        final Prefix address = address(fields, field);
        final Prefix subnet = subnet(fields, field);
        return address == null || subnet == null ? "" : CidrText.address(address) + "/" + subnet.length();
    }

    private static Prefix tunnel(final ManifestFields fields, final String field) {
        return address(fields, field);
    }

    void readPool(final ManifestFields root) {
        root.at("/metadata").required("name");
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        spec.allowOnly(Set.of("cidr", "vxlanMode", "ipipMode", "natOutgoing", "ipip", "nat-outgoing", "disabled",
            "disableBGPExport", "blockSize", "nodeSelector", "namespaceSelector", "allowedUses", "awsSubnetID",
            "assignmentMode"));
        final Prefix cidr = spec.read("/cidr", spec.required("cidr"), EndpointReader::prefix);
        final String vxlan = MODES.get(spec.oneOf("vxlanMode", "Never", "Always", "CrossSubnet"));
        final String ipip = MODES.get(spec.oneOf("ipipMode", "Never", "Always", "CrossSubnet"));
        if (cidr == null || vxlan == null || ipip == null) {
            return;
        }
        if (!vxlan.equals("never") && !ipip.equals("never")) {
            spec.refuse("/ipipMode", "and vxlanMode cannot both be on");
        }
        final Integer block = spec.whole("blockSize", cidr.length(), Prefix.bits(cidr.v6()));
        final List<String> uses = spec.texts("allowedUses");
        final int usual = Math.max(cidr.length(), cidr.v6() ? BLOCK_LENGTH_IPV6 : BLOCK_LENGTH_IPV4);
        model.pools.put(cidr, new PoolResource(ipip, vxlan, spec.flag("natOutgoing"), block == null ? usual : block,
            uses.isEmpty() ? List.of("Workload", "Tunnel") : uses));
    }

    void readBlockAffinity(final ManifestFields root) {
        final ManifestFields spec = root.requiredPart("spec");
        if (spec == null) {
            return;
        }
        spec.allowOnly(Set.of("cidr", "node", "state", "deleted", "type"));
        final Prefix cidr = spec.read("/cidr", spec.required("cidr"), EndpointReader::prefix);
        final String node = spec.required("node");
        final boolean isDeleted = "true".equals(spec.value("deleted").asText());
        final String state = spec.oneOf("state", "confirmed", "pending", "pendingDeletion");
        if (cidr != null && !isDeleted && "confirmed".equals(state)) {
            model.blocks.put(cidr, node);
        }
    }

    /** Only the default one is global; its service addresses are all that a dataplane is told. */
    void readBgpConfiguration(final ManifestFields root) {
        final ManifestFields spec = root.part("spec");
        if (spec == null || !"default".equals(root.at("/metadata").required("name"))) {
            return;
        }
        final GlobalBGPConfigUpdate.Builder bgp = GlobalBGPConfigUpdate.newBuilder();
        serviceCidrs(spec, "serviceClusterIPs").forEach(bgp::addServiceClusterCidrs);
        serviceCidrs(spec, "serviceExternalIPs").forEach(bgp::addServiceExternalCidrs);
        serviceCidrs(spec, "serviceLoadBalancerIPs").forEach(bgp::addServiceLoadbalancerCidrs);
        model.bgp = bgp.setLocalWorkloadPeeringIpV4(spec.optional("localWorkloadPeeringIPV4"))
            .setLocalWorkloadPeeringIpV6(spec.optional("localWorkloadPeeringIPV6")).build();
    }

    private static List<String> serviceCidrs(final ManifestFields spec, final String field) {
        final List<String> cidrs = new ArrayList<>();
        for (final ManifestFields entry : spec.objects(field)) {
            final Prefix cidr = entry.read("/cidr", entry.required("cidr"), EndpointReader::prefix);
            if (cidr != null) {
                cidrs.add(CidrText.cidr(cidr));
            }
        }
        return cidrs;
    }
}

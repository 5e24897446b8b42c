package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.NodeFamily;
import io.caracal.control.manifest.ManifestModel.NodeResource;
import io.caracal.control.manifest.ManifestModel.PoolResource;
import io.caracal.control.proto.ConfigUpdate;
import io.caracal.control.proto.Encapsulation;
import io.caracal.control.proto.HostMetadataUpdate;
import io.caracal.control.proto.IPAMPool;
import io.caracal.control.proto.IPAMPoolUpdate;
import io.caracal.control.proto.NamespaceID;
import io.caracal.control.proto.NamespaceUpdate;
import io.caracal.control.proto.ServiceAccountID;
import io.caracal.control.proto.ServiceAccountUpdate;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.VXLANTunnelEndpointUpdate;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Everything around policy: settings, nodes, pools, tunnel endpoints, routes, namespaces, services. */
final class NetworkCompiler {
    private static final String NAMESPACE_PROFILE = "kns.";
    private static final String ACCOUNT_PROFILE = "ksa.";
    private static final String NEVER = "never";

    private final ManifestModel model;
    private final String node;
    private final Map<String, String> settings;
    private final Encapsulation encapsulation;
    private final List<ToDataplane> messages = new ArrayList<>();

    NetworkCompiler(final ManifestModel model, final String node, final Map<String, String> overrides) {
        this.model = model;
        this.node = node;
        settings = settings(overrides);
        encapsulation = encapsulation();
    }

    List<ToDataplane> messages() {
        put(builder -> builder.setConfigUpdate(ConfigUpdate.newBuilder().putAllConfig(settings)));
        put(builder -> builder.setEncapsulation(encapsulation));
        put(builder -> builder.setGlobalBgpConfigUpdate(model.bgp));
        model.services.values().forEach(service -> put(builder -> builder.setServiceUpdate(service)));
        model.profiles.forEach((name, profile) -> putProfileLabels(name, profile.labels()));
        model.pools.forEach(this::putPool);
        model.nodes.values().forEach(this::putNode);
        final boolean vxlan = encapsulation.getVxlanEnabled() || encapsulation.getVxlanEnabledV6();
        if (vxlan) {
            model.nodes.values().forEach(this::putTunnel);
        }
        /* Felix computes routes only for those encapsulations whose routes it programs (felix/calc/calc_graph.go). */
        if (vxlan || encapsulation.getNoEncapEnabled() || encapsulation.getIpipEnabled() && programsRoutes()) {
            new RouteCompiler(model, node).routes().forEach(route -> put(builder -> builder.setRouteUpdate(route)));
        }
        return messages;
    }

    private void put(final Consumer<ToDataplane.Builder> payload) {
        final ToDataplane.Builder builder = ToDataplane.newBuilder();
        payload.accept(builder);
        messages.add(builder.build());
    }

    private boolean programsRoutes() {
        return !"Disabled".equals(settings.get("ProgramClusterRoutes"));
    }

    /** The node's own settings win over the cluster's, and overrides over all. */
    private Map<String, String> settings(final Map<String, String> overrides) {
        final Map<String, String> merged = new TreeMap<>();
        for (final String layer : List.of("cluster", "default", "node." + node)) {
            merged.putAll(model.felixConfigurations.getOrDefault(layer, Map.of()));
        }
        final NodeResource own = model.nodes.get(node);
        if (own != null) {
            putAddress(merged, "IPv4VXLANTunnelAddr", own.families().ipv4().vxlan());
            putAddress(merged, "IPv6VXLANTunnelAddr", own.families().ipv6().vxlan());
            putAddress(merged, "IpInIpTunnelAddr", own.families().ipv4().ipip());
            putText(merged, "VXLANTunnelMACAddr", own.families().ipv4().vxlanMac());
            putText(merged, "VXLANTunnelMACAddrV6", own.families().ipv6().vxlanMac());
        }
        merged.put("FelixHostname", node);
        merged.putAll(overrides);
        return merged;
    }

    private static void putAddress(final Map<String, String> target, final String name, final Prefix address) {
        putText(target, name, address == null ? "" : CidrText.address(address));
    }

    private static void putText(final Map<String, String> target, final String name, final String text) {
        if (!text.isEmpty()) {
            target.put(name, text);
        }
    }

    private Encapsulation encapsulation() {
        final Encapsulation.Builder builder = Encapsulation.newBuilder();
        model.pools.forEach((cidr, pool) -> {
            builder.setIpipEnabled(builder.getIpipEnabled() || pool.ipip());
            builder.setVxlanEnabled(builder.getVxlanEnabled() || pool.vxlan() && !cidr.v6());
            builder.setVxlanEnabledV6(builder.getVxlanEnabledV6() || pool.vxlan() && cidr.v6());
            builder.setNoEncapEnabled(builder.getNoEncapEnabled()
                || !pool.ipip() && !pool.vxlan() && "Enabled".equals(settings.get("ProgramClusterRoutes")));
        });
        if (settings.containsKey("VXLANEnabled")) {
            builder.setVxlanEnabled(Boolean.parseBoolean(settings.get("VXLANEnabled")));
        }
        if (settings.containsKey("IpInIpEnabled")) {
            builder.setIpipEnabled(Boolean.parseBoolean(settings.get("IpInIpEnabled")));
        }
        return builder.build();
    }

    /** Namespaces and service accounts are told by their profiles' labels (felix/calc/profile_decoder.go). */
    private void putProfileLabels(final String name, final Map<String, String> labels) {
        if (name.startsWith(NAMESPACE_PROFILE)) {
            put(builder -> builder.setNamespaceUpdate(NamespaceUpdate.newBuilder()
                .setId(NamespaceID.newBuilder().setName(name.substring(NAMESPACE_PROFILE.length())))
                .putAllLabels(withoutPrefix(labels, PeerReader.NAMESPACE_PREFIX))));
        }
        final String[] parts = name.split("\\.", 3);
        if (name.startsWith(ACCOUNT_PROFILE) && parts.length == 3) {
            put(builder -> builder.setServiceAccountUpdate(ServiceAccountUpdate.newBuilder()
                .setId(ServiceAccountID.newBuilder().setNamespace(parts[1]).setName(parts[2]))
                .putAllLabels(withoutPrefix(labels, PeerReader.SERVICE_ACCOUNT_PREFIX))));
        }
    }

    private static Map<String, String> withoutPrefix(final Map<String, String> labels, final String prefix) {
        final Map<String, String> plain = new TreeMap<>();
        labels.forEach((name, value) ->
            plain.put(name.startsWith(prefix) ? name.substring(prefix.length()) : name, value));
        return plain;
    }

    private void putPool(final Prefix cidr, final PoolResource pool) {
        final String text = CidrText.cidr(cidr);
        put(builder -> builder.setIpamPoolUpdate(IPAMPoolUpdate.newBuilder().setId(text.replace('/', '-'))
            .setPool(IPAMPool.newBuilder().setCidr(text).setMasquerade(pool.natOutgoing())
                .setIpipMode(NEVER.equals(pool.ipipMode()) ? "" : pool.ipipMode())
                .setVxlanMode(NEVER.equals(pool.vxlanMode()) ? "" : pool.vxlanMode())
                .addAllAllowedUses(pool.allowedUses()))));
    }

    private void putNode(final NodeResource each) {
        put(builder -> builder.setHostMetadataUpdate(HostMetadataUpdate.newBuilder().setHostname(each.name())
            .setIpv4Addr(each.families().ipv4().cidr()).setIpv6Addr(each.families().ipv6().cidr())
            .setAsnumber(each.asNumber()).putAllLabels(each.labels())));
    }

    private void putTunnel(final NodeResource each) {
        final VXLANTunnelEndpointUpdate.Builder tunnel = VXLANTunnelEndpointUpdate.newBuilder().setNode(each.name());
        final NodeFamily ipv4 = each.families().ipv4();
        final NodeFamily ipv6 = each.families().ipv6();
        if (ipv4.vxlan() != null && ipv4.address() != null) {
            tunnel.setIpv4Addr(CidrText.address(ipv4.vxlan())).setParentDeviceIp(CidrText.address(ipv4.address()))
                .setMac(ipv4.vxlanMac().isEmpty() ? Hashes.tunnelMac(each.name()) : ipv4.vxlanMac());
        }
        if (ipv6.vxlan() != null && ipv6.address() != null) {
            tunnel.setIpv6Addr(CidrText.address(ipv6.vxlan())).setParentDeviceIpv6(CidrText.address(ipv6.address()))
                .setMacV6(ipv6.vxlanMac().isEmpty() ? Hashes.tunnelMac(each.name() + "-v6") : ipv6.vxlanMac());
        }
        if (!tunnel.getIpv4Addr().isEmpty() || !tunnel.getIpv6Addr().isEmpty()) {
            put(builder -> builder.setVtepUpdate(tunnel));
        }
    }
}

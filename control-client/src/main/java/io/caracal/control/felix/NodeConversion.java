package io.caracal.control.felix;

import io.caracal.control.MacAddress;
import io.caracal.control.NodeChange;
import io.caracal.control.NodeChange.EncapsulationUpdate;
import io.caracal.control.NodeChange.HostAddress;
import io.caracal.control.NodeChange.HostUpdate;
import io.caracal.control.NodeChange.NodePort;
import io.caracal.control.NodeChange.PoolEncapsulation;
import io.caracal.control.NodeChange.PoolUpdate;
import io.caracal.control.NodeChange.Route;
import io.caracal.control.NodeChange.RouteType;
import io.caracal.control.NodeChange.ServiceCidrsUpdate;
import io.caracal.control.NodeChange.TunnelAddress;
import io.caracal.control.NodeChange.VtepUpdate;
import io.caracal.control.proto.Encapsulation;
import io.caracal.control.proto.GlobalBGPConfigUpdate;
import io.caracal.control.proto.HostMetadataUpdate;
import io.caracal.control.proto.IPAMPoolUpdate;
import io.caracal.control.proto.IPPoolType;
import io.caracal.control.proto.RouteUpdate;
import io.caracal.control.proto.ServiceUpdate;
import io.caracal.control.proto.VXLANTunnelEndpointUpdate;
import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Felix's routes, tunnel endpoints, nodes, pools and services → {@link NodeChange}s. */
final class NodeConversion {
    private static final String LOAD_BALANCER = "LoadBalancer";

    private NodeConversion() {
    }

    static Route route(final RouteUpdate update) {
        return new Route(Prefix.parse(update.getDst()), types(update.getTypesValue()),
            encapsulation(update.getIpPoolType()),
            update.getDstNodeName(), address(update.getDstNodeIp()), update.getSameSubnet(), update.getNatOutgoing(),
            update.getLocalWorkload(), update.getBorrowed());
    }

    /** The bits of felixbackend.proto's RouteType, lowest first, are the order of the enum. */
    private static Set<RouteType> types(final int bits) {
        final Set<RouteType> types = EnumSet.noneOf(RouteType.class);
        for (final RouteType type : RouteType.values()) {
            if ((bits & 1 << type.ordinal()) != 0) {
                types.add(type);
            }
        }
        if (bits >>> RouteType.values().length != 0) {
            throw new PolicyException("route types " + bits, "has bits that this version does not know");
        }
        return types;
    }

    private static PoolEncapsulation encapsulation(final IPPoolType type) {
        return switch (type) {
            case NONE -> PoolEncapsulation.UNKNOWN;
            case NO_ENCAP -> PoolEncapsulation.NONE;
            case VXLAN -> PoolEncapsulation.VXLAN;
            case IPIP -> PoolEncapsulation.IPIP;
            case UNRECOGNIZED -> throw new PolicyException("ip_pool_type", "is none of NONE, NO_ENCAP, VXLAN, IPIP");
        };
    }

    private static Optional<Prefix> address(final String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Prefix.parse(text));
    }

    static VtepUpdate vtep(final VXLANTunnelEndpointUpdate update) {
        return new VtepUpdate(update.getNode(),
            tunnel(update.getMac(), update.getIpv4Addr(), update.getParentDeviceIp()),
            tunnel(update.getMacV6(), update.getIpv6Addr(), update.getParentDeviceIpv6()));
    }

    private static Optional<TunnelAddress> tunnel(final String mac, final String address, final String parent) {
        if (address.isEmpty() || parent.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new TunnelAddress(MacAddress.parse(mac), Prefix.parse(address), Prefix.parse(parent)));
        } catch (final IllegalArgumentException e) {
            throw new PolicyException("its MAC", e.getMessage());
        }
    }

    static HostUpdate host(final HostMetadataUpdate update) {
        return new HostUpdate(update.getHostname(), hostAddress(update.getIpv4Addr()),
            hostAddress(update.getIpv6Addr()));
    }

    private static Optional<HostAddress> hostAddress(final String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        final int slash = text.indexOf('/');
        final String address = slash < 0 ? text : text.substring(0, slash);
        return Optional.of(new HostAddress(Prefix.parse(address), Prefix.parse(text)));
    }

    static PoolUpdate pool(final IPAMPoolUpdate update) {
        final var pool = update.getPool();
        return new PoolUpdate(update.getId(), Prefix.parse(pool.getCidr()), pool.getMasquerade(), pool.getVxlanMode(),
            pool.getIpipMode(), List.of(LOAD_BALANCER).equals(pool.getAllowedUsesList()));
    }

    static EncapsulationUpdate encapsulation(final Encapsulation update) {
        return new EncapsulationUpdate(update.getIpipEnabled(), update.getVxlanEnabled(), update.getVxlanEnabledV6(),
            update.getNoEncapEnabled());
    }

    static ServiceCidrsUpdate serviceCidrs(final GlobalBGPConfigUpdate update) {
        final List<Prefix> cidrs = new ArrayList<>();
        for (final List<String> list : List.<List<String>>of(update.getServiceClusterCidrsList(),
            update.getServiceExternalCidrsList(), update.getServiceLoadbalancerCidrsList())) {
            list.forEach(text -> cidrs.add(Prefix.parse(text)));
        }
        return new ServiceCidrsUpdate(cidrs);
    }

    static NodeChange.ServiceUpdate service(final String id, final ServiceUpdate update) {
        final List<Prefix> addresses = new ArrayList<>();
        for (final List<String> list : List.<List<String>>of(update.getClusterIpsList(), update.getExternalIpsList(),
            update.getLoadbalancerIngressIpsList(), List.of(update.getLoadbalancerIp()))) {
            list.stream().filter(text -> !text.isEmpty() && !"None".equals(text))
                .forEach(text -> addresses.add(Prefix.parse(text)));
        }
        return new NodeChange.ServiceUpdate(id, addresses.stream().distinct().toList(), update.getPortsList().stream()
            .filter(port -> port.getNodePort() != 0)
            .map(port -> new NodePort(IpProtocol.parse(port.getProtocol()), port.getNodePort())).toList());
    }
}

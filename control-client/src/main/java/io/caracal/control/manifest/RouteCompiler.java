package io.caracal.control.manifest;

import io.caracal.control.manifest.ManifestModel.NodeFamily;
import io.caracal.control.manifest.ManifestModel.NodeResource;
import io.caracal.control.manifest.ManifestModel.PoolResource;
import io.caracal.control.manifest.ManifestModel.Workload;
import io.caracal.control.proto.IPPoolType;
import io.caracal.control.proto.RouteUpdate;
import io.caracal.control.proto.TunnelType;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Routes as one node sees them (felix/calc/l3_route_resolver.go): every pool, block, node address, tunnel address and
 * local pod is a destination, and what is known of the prefixes around it says where it leads.
 */
final class RouteCompiler {
    private static final int LOCAL_SHIFT = 2;
    private static final int WORKLOAD = 1;
    private static final int HOST = 2;
    private static final int TUNNEL = 16;

    private final String node;
    private final ManifestModel model;
    private final Map<Prefix, Destination> destinations = new HashMap<>();

    /** What is known of one prefix. */
    private static final class Destination {
        private PoolResource pool;
        private String block;
        private String host;
        private final List<Reference> references = new ArrayList<>();
    }

    /** In the order in which Felix prefers them. */
    private enum ReferenceKind {
        WORKLOAD, IPIP, VXLAN
    }

    private record Reference(String node, ReferenceKind kind) {
    }

    RouteCompiler(final ManifestModel model, final String node) {
        this.model = model;
        this.node = node;
        model.pools.forEach((cidr, pool) -> at(cidr).pool = pool);
        new BlockFinder(model).blocks().forEach((cidr, owner) -> at(cidr).block = owner);
        model.nodes.values().forEach(this::addNode);
        for (final Workload workload : model.workloads) {
            if (workload.node().equals(node)) {
                workload.membership().nets().forEach(
                    net -> at(net).references.add(new Reference(node, ReferenceKind.WORKLOAD)));
            }
        }
    }

    private Destination at(final Prefix prefix) {
        return destinations.computeIfAbsent(prefix, key -> new Destination());
    }

    private void addNode(final NodeResource each) {
        for (final boolean v6 : List.of(false, true)) {
            final NodeFamily family = each.families().of(v6);
            addReference(family.vxlan(), each.name(), ReferenceKind.VXLAN);
            addReference(family.ipip(), each.name(), ReferenceKind.IPIP);
            addHost(family.address(), each.name());
        }
        each.addresses().forEach(address -> addHost(address, each.name()));
    }

    private void addReference(final Prefix address, final String name, final ReferenceKind kind) {
        if (address != null) {
            final List<Reference> references = at(address).references;
            references.add(new Reference(name, kind));
            references.sort(Comparator.comparing(Reference::node, Hashes.BYTE_ORDER).thenComparing(Reference::kind));
        }
    }

    private void addHost(final Prefix address, final String name) {
        if (address != null) {
            final Destination destination = at(address);
            destination.host =
                destination.host == null || name.compareTo(destination.host) < 0 ? name : destination.host;
        }
    }

    List<RouteUpdate> routes() {
        final List<RouteUpdate> routes = new ArrayList<>();
        destinations.keySet().forEach(prefix -> {
            if (prefix.length() > 0) {
                routes.add(new Walk(prefix).route());
            }
        });
        return routes;
    }

    /** From the widest known prefix around a destination down to itself; the narrower knows better. */
    private final class Walk {
        private final Prefix prefix;
        private final RouteUpdate.Builder route;
        private boolean crossSubnet;
        private String blockOwner;
        private boolean isBlock;
        private boolean isHost;
        private boolean isTunnel;
        private int blockTypes;
        private int types;

        Walk(final Prefix prefix) {
            this.prefix = prefix;
            route = RouteUpdate.newBuilder().setDst(CidrText.cidr(prefix));
        }

        RouteUpdate route() {
            for (int length = 0; length <= prefix.length(); length++) {
                final Prefix around = new Prefix(prefix.v6(), prefix.high(), prefix.low(), length);
                final Destination known = destinations.get(around);
                if (known != null) {
                    takePool(known);
                    takeBlock(known, around);
                    takeHost(known);
                    takeReferences(known);
                }
            }
            if (blockOwner != null && !isHost && (isBlock || !isTunnel)) {
                types |= blockTypes;
            }
            final NodeResource behind = model.nodes.get(route.getDstNodeName());
            if (behind != null && behind.families().of(prefix.v6()).address() != null) {
                route.setDstNodeIp(CidrText.address(behind.families().of(prefix.v6()).address()));
            }
            return route.setTypesValue(types).setSameSubnet(crossSubnet && isInOurSubnet(behind)).build();
        }

        private void takePool(final Destination known) {
            if (known.pool == null) {
                return;
            }
            if (!known.pool.loadBalancerOnly()) {
                route.setIpPoolType(known.pool.vxlan() ? IPPoolType.VXLAN
                    : known.pool.ipip() ? IPPoolType.IPIP : IPPoolType.NO_ENCAP);
            }
            route.setNatOutgoing(route.getNatOutgoing() || known.pool.natOutgoing());
            crossSubnet |= known.pool.crossSubnet();
        }

        private void takeBlock(final Destination known, final Prefix at) {
            if (known.block == null) {
                return;
            }
            if (blockOwner != null && !blockOwner.equals(known.block)) {
                route.setBorrowed(true);
            } else {
                blockOwner = known.block;
            }
            route.setDstNodeName(known.block);
            isBlock |= at.equals(prefix);
            blockTypes |= type(WORKLOAD, known.block);
        }

        private void takeHost(final Destination known) {
            if (known.host != null) {
                route.setDstNodeName(known.host);
                isHost = true;
                types |= type(HOST, known.host);
            }
        }

        private void takeReferences(final Destination known) {
            if (known.references.isEmpty()) {
                return;
            }
            final Reference first = known.references.getFirst();
            route.setDstNodeName(first.node());
            if (blockOwner != null && !blockOwner.equals(first.node())) {
                route.setBorrowed(true);
            }
            if (first.kind() == ReferenceKind.WORKLOAD) {
                route.setLocalWorkload(first.node().equals(node));
                types |= type(WORKLOAD, first.node());
                return;
            }
            isTunnel = true;
            types |= type(TUNNEL, first.node());
            route.setTunnelType(TunnelType.newBuilder()
                .setIpip(known.references.contains(new Reference(first.node(), ReferenceKind.IPIP)))
                .setVxlan(known.references.contains(new Reference(first.node(), ReferenceKind.VXLAN))));
        }

        /** felixbackend.proto's bits: the local kind is four times the remote one, but twice for tunnels. */
        private int type(final int remote, final String owner) {
            return !owner.equals(node) ? remote : remote == TUNNEL ? remote << 1 : remote << LOCAL_SHIFT;
        }

        private boolean isInOurSubnet(final NodeResource other) {
            final NodeResource own = model.nodes.get(node);
            if (own == null || other == null) {
                return false;
            }
            final Prefix subnet = own.families().of(prefix.v6()).subnet();
            final Prefix address = other.families().of(prefix.v6()).address();
            return subnet != null && address != null && subnet.contains(address.v6(), address.high(), address.low());
        }
    }
}

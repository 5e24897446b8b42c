package io.caracal.control;

import io.caracal.policy.model.Prefix;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A change of the network around the workloads: routes, tunnel endpoints, nodes, pools, services and the settings that
 * govern them. Updates replace what was known of the same destination, node, pool or service. No order is promised
 * between kinds (a VXLAN route may come before its tunnel endpoint). Values are immutable.
 */
public sealed interface NodeChange extends ControlUpdate {
    /**
     * Felix's settings as it wrote them; only those that were set (docs/felix-configuration.md).
     *
     * @param settings name to value.
     */
    record FelixSettings(Map<String, String> settings) implements NodeChange {
        /** Copies the map. */
        public FelixSettings {
            settings = Map.copyOf(settings);
        }
    }

    /** What lies behind a route; Felix may name several at once. */
    enum RouteType {
        /** Pods of another node. */
        REMOTE_WORKLOAD,
        /** Another node's own address. */
        REMOTE_HOST,
        /** A pod of this node or, without {@link Route#localWorkload()}, a block of addresses that this node owns. */
        LOCAL_WORKLOAD,
        /** This node's own address. */
        LOCAL_HOST,
        /** The tunnel address of another node. */
        REMOTE_TUNNEL,
        /** The tunnel address of this node. */
        LOCAL_TUNNEL
    }

    /** How packets to a pool's addresses on other nodes travel. */
    enum PoolEncapsulation {
        /** The destination is in no pool, or the pool is not known yet. */
        UNKNOWN,
        /** As they are. */
        NONE,
        /** In VXLAN. */
        VXLAN,
        /** In IPIP, which Caracal does not speak. */
        IPIP
    }

    /**
     * A route as Felix sees it.
     *
     * @param destination   addresses that it is for.
     * @param types         what is behind it; none for a pool as a whole.
     * @param encapsulation of its pool.
     * @param nodeName      the node behind it; empty where there is none.
     * @param nodeAddress   that node's address, of full length; absent while it is not known.
     * @param sameSubnet    whether that node is in this node's subnet and the pool encapsulates between subnets only.
     * @param natOutgoing   whether packets from here to outside the pools are masqueraded.
     * @param localWorkload whether it is one pod of this node.
     * @param borrowed      whether the address is out of a block of another node.
     */
    record Route(Prefix destination, Set<RouteType> types, PoolEncapsulation encapsulation, String nodeName,
                 Optional<Prefix> nodeAddress, boolean sameSubnet, boolean natOutgoing, boolean localWorkload,
                 boolean borrowed) {
        /** Copies the set. */
        public Route {
            types = Set.copyOf(types);
            Objects.requireNonNull(destination, "destination");
            Objects.requireNonNull(nodeAddress, "nodeAddress");
        }

        /**
         * Whether it is a block of this node's: what no pod has of it must not leave the node again.
         *
         * @return true for a local block, false for a local pod.
         */
        public boolean isLocalBlock() {
            return types.contains(RouteType.LOCAL_WORKLOAD) && !localWorkload;
        }
    }

    /**
     * A route is there, or has changed.
     *
     * @param route all of it.
     */
    record RouteUpdate(Route route) implements NodeChange {
    }

    /**
     * A route is gone.
     *
     * @param destination which.
     */
    record RouteRemove(Prefix destination) implements NodeChange {
    }

    /**
     * One family of a VXLAN tunnel endpoint.
     *
     * @param mac     MAC address of the node's overlay device: destination of inner frames.
     * @param address the tunnel address, of full length.
     * @param parent  the node's own address, of full length: outer destination.
     */
    record TunnelAddress(MacAddress mac, Prefix address, Prefix parent) {
    }

    /**
     * A node's VXLAN tunnel endpoint is there, or has changed. This node's own comes too.
     *
     * @param node the node's name.
     * @param ipv4 for IPv4 pods.
     * @param ipv6 for IPv6 pods.
     */
    record VtepUpdate(String node, Optional<TunnelAddress> ipv4, Optional<TunnelAddress> ipv6) implements NodeChange {
    }

    /**
     * A node's VXLAN tunnel endpoint is gone.
     *
     * @param node the node's name.
     */
    record VtepRemove(String node) implements NodeChange {
    }

    /**
     * A node is there, or has changed; this node's own comes too.
     *
     * @param name its name.
     * @param ipv4 its address, with the prefix length of its subnet where that is known.
     * @param ipv6 likewise.
     */
    record HostUpdate(String name, Optional<HostAddress> ipv4, Optional<HostAddress> ipv6) implements NodeChange {
    }

    /**
     * An address in its subnet.
     *
     * @param address of full length.
     * @param subnet  the subnet; the address itself where it is not known.
     */
    record HostAddress(Prefix address, Prefix subnet) {
    }

    /**
     * A node is gone.
     *
     * @param name its name.
     */
    record HostRemove(String name) implements NodeChange {
    }

    /**
     * An address pool is there, or has changed.
     *
     * @param id            Felix's id.
     * @param cidr          its addresses.
     * @param masquerade    whether packets from it to outside every pool are masqueraded.
     * @param vxlanMode     {@code never}, {@code always}, {@code cross-subnet} or empty.
     * @param ipipMode      likewise.
     * @param loadBalancerOnly whether its addresses are for services alone, so that masquerading ignores it.
     */
    record PoolUpdate(String id, Prefix cidr, boolean masquerade, String vxlanMode, String ipipMode,
                      boolean loadBalancerOnly) implements NodeChange {
    }

    /**
     * A pool is gone.
     *
     * @param id Felix's id.
     */
    record PoolRemove(String id) implements NodeChange {
    }

    /**
     * Which encapsulations any pool uses.
     *
     * @param ipip    IPIP.
     * @param vxlan   VXLAN for IPv4 pools.
     * @param vxlanV6 VXLAN for IPv6 pools.
     * @param none    some pool is not encapsulated.
     */
    record EncapsulationUpdate(boolean ipip, boolean vxlan, boolean vxlanV6, boolean none) implements NodeChange {
    }

    /**
     * Addresses that services may have: packets to one that nothing claims must not loop (ServiceLoopPrevention).
     *
     * @param cidrs of cluster addresses, external addresses and load balancers together.
     */
    record ServiceCidrsUpdate(List<Prefix> cidrs) implements NodeChange {
        /** Copies the list. */
        public ServiceCidrsUpdate {
            cidrs = List.copyOf(cidrs);
        }
    }

    /**
     * A service is there, or has changed; Felix names no backends, the host's kube-proxy knows them.
     *
     * @param id        {@code namespace/name}.
     * @param addresses cluster, external and load balancer addresses, of full length.
     * @param nodePorts ports of it on every node.
     */
    record ServiceUpdate(String id, List<Prefix> addresses, List<NodePort> nodePorts) implements NodeChange {
        /** Copies the lists. */
        public ServiceUpdate {
            addresses = List.copyOf(addresses);
            nodePorts = List.copyOf(nodePorts);
        }
    }

    /**
     * A port of every node that leads to a service.
     *
     * @param protocol IP protocol number.
     * @param port     the node's port.
     */
    record NodePort(int protocol, int port) {
    }

    /**
     * A service is gone.
     *
     * @param id {@code namespace/name}.
     */
    record ServiceRemove(String id) implements NodeChange {
    }
}

package io.caracal.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A route of the kernel. Made by {@link #to} and the {@code with} methods:
 * {@code Route.to(podAddress, 32).via(null, caliIfindex).withProtocol(80)}.
 *
 * @param destination network address.
 * @param prefixLength its bits; 0 for the default route.
 * @param nextHops where packets go, several for ECMP; none for a blackhole and its kind.
 * @param source preferred source address; null for the kernel's choice.
 * @param table routing table; 254 is main.
 * @param protocol who made it (RTPROT_*): 2 kernel, 3 boot, 4 static; Calico uses 80.
 * @param scope RT_SCOPE_*: 0 everywhere, 253 on the link, 254 this host. Always 0 for IPv6.
 * @param type RTN_*, such as {@link #UNICAST}.
 * @param metric lower is better; 0 for the kernel's default.
 * @param mtu largest packet on this route in bytes; 0 for that of its interface.
 */
public record Route(InetAddress destination, int prefixLength, List<NextHop> nextHops, InetAddress source, int table,
    int protocol, int scope, int type, int metric, int mtu) {
    /** Type: goes to the next hops. */
    public static final int UNICAST = 1;
    /** Type: an address of this host. */
    public static final int LOCAL = 2;
    /** Type: dropped silently. */
    public static final int BLACKHOLE = 6;
    /** Type: answered with ICMP unreachable. */
    public static final int UNREACHABLE = 7;
    /** Type: answered with ICMP administratively prohibited. */
    public static final int PROHIBIT = 8;
    /** Type: ends the search in this table; the next rule's table is asked. */
    public static final int THROW = 9;

    /** The table main. */
    public static final int TABLE_MAIN = 254;
    /** The table of the host's own addresses. */
    public static final int TABLE_LOCAL = 255;

    /** Scope: everywhere. */
    public static final int SCOPE_UNIVERSE = 0;
    /** Scope: on the link, without a gateway. */
    public static final int SCOPE_LINK = 253;

    /** Protocol: made by an administrator at run time, which {@code ip route} uses. */
    public static final int PROTOCOL_BOOT = 3;
    /** Protocol: made by Calico (Felix's VXLAN and blackhole routes; defs.VXLANDefaultProto). */
    public static final int PROTOCOL_CALICO = 80;

    /**
     * One way of a route.
     *
     * @param gateway next router; null where the destination is on the link.
     * @param ifindex interface by which packets leave; 0 for the kernel's choice by gateway.
     * @param isOnLink true to take the gateway for reachable though no route says so.
     * @param weight share of the flows, from 1.
     */
    public record NextHop(InetAddress gateway, int ifindex, boolean isOnLink, int weight) {
        @Override
        public String toString() {
            return (gateway == null ? "" : "via " + gateway.getHostAddress() + ' ') + "by interface " + ifindex
                + (isOnLink ? " on link" : "") + " weight " + weight;
        }
    }

    /**
     * Checks the destination.
     *
     * @param destination network address.
     * @param prefixLength its bits; 0 for the default route.
     * @param nextHops where packets go, several for ECMP; none for a blackhole and its kind.
     * @param source preferred source address; null for the kernel's choice.
     * @param table routing table; 254 is main.
     * @param protocol who made it.
     * @param scope RT_SCOPE_*.
     * @param type RTN_*.
     * @param metric lower is better; 0 for the kernel's default.
     * @param mtu largest packet on this route in bytes; 0 for that of its interface.
     */
    public Route {
        Objects.requireNonNull(destination);
        nextHops = List.copyOf(nextHops);
        final int bits = destination.getAddress().length * Byte.SIZE;
        if (prefixLength < 0 || prefixLength > bits) {
            throw new IllegalArgumentException("prefix of " + prefixLength + " bits: " + destination);
        }
    }

    /**
     * A route without a next hop yet, in table main.
     *
     * @param destination network address.
     * @param prefixLength its bits.
     * @return the route, to be completed by {@link #via} or {@link #withType}.
     */
    public static Route to(final InetAddress destination, final int prefixLength) {
        return new Route(destination, prefixLength, List.of(), null, TABLE_MAIN, PROTOCOL_BOOT, SCOPE_UNIVERSE,
            UNICAST, 0, 0);
    }

    /**
     * With one more next hop. An IPv4 route without gateway gets link scope, as {@code ip route} does.
     *
     * @param gateway next router; null where the destination is on the link.
     * @param ifindex interface by which packets leave.
     * @return a copy.
     */
    public Route via(final InetAddress gateway, final int ifindex) {
        final boolean isOnLinkOnly = gateway == null && destination instanceof Inet4Address;
        final Route scoped = isOnLinkOnly ? withScope(SCOPE_LINK) : this;
        return scoped.with(new NextHop(gateway, ifindex, false, 1));
    }

    /**
     * With one more next hop whose gateway is taken for reachable though no route says so.
     *
     * @param gateway next router.
     * @param ifindex interface by which packets leave.
     * @return a copy.
     */
    public Route viaOnLink(final InetAddress gateway, final int ifindex) {
        return with(new NextHop(Objects.requireNonNull(gateway), ifindex, true, 1));
    }

    /**
     * With one more next hop.
     *
     * @param nextHop the way.
     * @return a copy.
     */
    public Route with(final NextHop nextHop) {
        final List<NextHop> ways = new ArrayList<>(nextHops);
        ways.add(nextHop);
        return new Route(destination, prefixLength, ways, source, table, protocol, scope, type, metric, mtu);
    }

    /**
     * With a preferred source address.
     *
     * @param address of this host.
     * @return a copy.
     */
    public Route withSource(final InetAddress address) {
        return new Route(destination, prefixLength, nextHops, address, table, protocol, scope, type, metric, mtu);
    }

    /**
     * In another table.
     *
     * @param id such as {@link #TABLE_LOCAL}.
     * @return a copy.
     */
    public Route withTable(final int id) {
        return new Route(destination, prefixLength, nextHops, source, id, protocol, scope, type, metric, mtu);
    }

    /**
     * With another owner.
     *
     * @param owner RTPROT_*, 1 to 255.
     * @return a copy.
     */
    public Route withProtocol(final int owner) {
        return new Route(destination, prefixLength, nextHops, source, table, owner, scope, type, metric, mtu);
    }

    /**
     * With another scope.
     *
     * @param reach such as {@link #SCOPE_LINK}.
     * @return a copy.
     */
    public Route withScope(final int reach) {
        return new Route(destination, prefixLength, nextHops, source, table, protocol, reach, type, metric, mtu);
    }

    /**
     * Of another type.
     *
     * @param kind such as {@link #BLACKHOLE}.
     * @return a copy.
     */
    public Route withType(final int kind) {
        return new Route(destination, prefixLength, nextHops, source, table, protocol, scope, kind, metric, mtu);
    }

    /**
     * With another metric.
     *
     * @param value lower is better.
     * @return a copy.
     */
    public Route withMetric(final int value) {
        return new Route(destination, prefixLength, nextHops, source, table, protocol, scope, type, value, mtu);
    }

    /**
     * With a largest packet of its own, which the kernel also tells senders (path MTU).
     *
     * @param bytes without Ethernet header; 0 for that of its interface.
     * @return a copy.
     */
    public Route withMtu(final int bytes) {
        return new Route(destination, prefixLength, nextHops, source, table, protocol, scope, type, metric, bytes);
    }

    /**
     * Whether packets on it go nowhere: it has no next hops then.
     *
     * @return true for {@link #BLACKHOLE}, {@link #UNREACHABLE}, {@link #PROHIBIT} and {@link #THROW}.
     */
    public boolean isReject() {
        return type >= BLACKHOLE && type <= THROW;
    }

    /**
     * The interface of its first next hop.
     *
     * @return an ifindex, 0 where there is no next hop.
     */
    public int ifindex() {
        return nextHops.isEmpty() ? 0 : nextHops.getFirst().ifindex();
    }

    /**
     * The gateway of its first next hop.
     *
     * @return an address, null where there is none.
     */
    public InetAddress gateway() {
        return nextHops.isEmpty() ? null : nextHops.getFirst().gateway();
    }

    @Override
    public String toString() {
        return destination.getHostAddress() + '/' + prefixLength + ' ' + nextHops + " table " + table + " protocol "
            + protocol + " scope " + scope + " type " + type + " metric " + metric + (mtu == 0 ? "" : " mtu " + mtu);
    }
}

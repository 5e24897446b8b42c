package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.rtmsg;
import io.caracal.bindings.gen.rtnexthop;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Routes as rtnetlink messages ({@code linux/rtnetlink.h}, {@code net/ipv4/fib_frontend.c}). */
final class RouteMessages {
    /** Tables beyond fit only the attribute RTA_TABLE. */
    private static final int HEADER_TABLE_MAX = 255;
    private static final int IPV4_LENGTH = 4;
    private static final int IPV6_LENGTH = 16;
    /** struct rtvia: a family of 2 bytes, then the address. */
    private static final int VIA_ADDRESS_OFFSET = 2;

    private RouteMessages() {
    }

    static NetlinkRequest request(final int type, final int flags, final Route route) {
        final NetlinkRequest request = new NetlinkRequest(type, flags);
        final MemorySegment header = request.structure(rtmsg.layout());
        rtmsg.rtm_family(header, NetlinkRequest.family(route.destination()));
        rtmsg.rtm_dst_len(header, (byte)route.prefixLength());
        rtmsg.rtm_table(header, (byte)(route.table() <= HEADER_TABLE_MAX ? route.table() : RT_TABLE_UNSPEC()));
        rtmsg.rtm_protocol(header, (byte)route.protocol());
        rtmsg.rtm_scope(header, (byte)route.scope());
        rtmsg.rtm_type(header, (byte)route.type());
        request.attribute(RTA_TABLE(), route.table());
        if (route.prefixLength() > 0) {
            request.attribute(RTA_DST(), route.destination());
        }
        if (route.metric() != 0) {
            request.attribute(RTA_PRIORITY(), route.metric());
        }
        if (route.source() != null) {
            request.attribute(RTA_PREFSRC(), route.source());
        }
        if (route.mtu() != 0) {
            final int metrics = request.begin(RTA_METRICS());
            request.attribute(RTAX_MTU(), route.mtu()).end(metrics);
        }
        writeNextHops(request, header, route);
        return request;
    }

    private static void writeNextHops(final NetlinkRequest request, final MemorySegment header, final Route route) {
        if (route.nextHops().size() == 1) {
            final Route.NextHop only = route.nextHops().getFirst();
            rtmsg.rtm_flags(header, only.isOnLink() ? RTNH_F_ONLINK() : 0);
            writeGateway(request, only, route);
            request.attribute(RTA_OIF(), only.ifindex());
        } else if (!route.nextHops().isEmpty()) {
            writeMultipath(request, route);
        }
    }

    /** Asks which route a packet to an address takes. */
    static NetlinkRequest lookup(final InetAddress destination) {
        final NetlinkRequest request = new NetlinkRequest(RTM_GETROUTE(), 0);
        final MemorySegment header = request.structure(rtmsg.layout());
        rtmsg.rtm_family(header, NetlinkRequest.family(destination));
        rtmsg.rtm_dst_len(header, (byte)(destination.getAddress().length * Byte.SIZE));
        rtmsg.rtm_flags(header, RTM_F_LOOKUP_TABLE());
        return request.attribute(RTA_DST(), destination);
    }

    static NetlinkRequest dump() {
        final NetlinkRequest request = new NetlinkRequest(RTM_GETROUTE(), 0);
        request.structure(rtmsg.layout());
        return request;
    }

    /** False for multicast routes and for the cached exceptions of IPv6. */
    static boolean isRoute(final NetlinkMessage message) {
        final MemorySegment header = message.structure(rtmsg.layout());
        final byte family = rtmsg.rtm_family(header);
        final boolean isIp = family == Posix.AF_INET || family == Posix.AF_INET6;
        return isIp && (rtmsg.rtm_flags(header) & RTM_F_CLONED()) == 0;
    }

    static Route parse(final NetlinkMessage message) {
        final MemorySegment header = message.structure(rtmsg.layout());
        final NetlinkAttributes attributes = message.attributes(rtmsg.layout());
        final InetAddress destination = attributes.address(RTA_DST());
        final boolean isIpv4 = rtmsg.rtm_family(header) == Posix.AF_INET;
        final InetAddress anywhere = NetlinkAttributes.address(new byte[isIpv4 ? IPV4_LENGTH : IPV6_LENGTH]);
        final int headerTable = Byte.toUnsignedInt(rtmsg.rtm_table(header));
        return new Route(destination != null ? destination : anywhere,
            Byte.toUnsignedInt(rtmsg.rtm_dst_len(header)), nextHops(header, attributes),
            attributes.address(RTA_PREFSRC()), attributes.u32(RTA_TABLE(), headerTable),
            Byte.toUnsignedInt(rtmsg.rtm_protocol(header)), Byte.toUnsignedInt(rtmsg.rtm_scope(header)),
            Byte.toUnsignedInt(rtmsg.rtm_type(header)), attributes.u32(RTA_PRIORITY(), 0),
            attributes.nested(RTA_METRICS()).u32(RTAX_MTU(), 0));
    }

    private static void writeGateway(final NetlinkRequest request, final Route.NextHop nextHop, final Route route) {
        if (nextHop.gateway() == null) {
            return;
        }
        if (nextHop.gateway().getClass() != route.destination().getClass()) {
            throw new IllegalArgumentException("gateway of another IP version: " + route);
        }
        request.attribute(RTA_GATEWAY(), nextHop.gateway());
    }

    private static void writeMultipath(final NetlinkRequest request, final Route route) {
        final int multipath = request.begin(RTA_MULTIPATH());
        for (final Route.NextHop nextHop : route.nextHops()) {
            final int start = request.length();
            final MemorySegment header = request.structure(rtnexthop.layout());
            rtnexthop.rtnh_ifindex(header, nextHop.ifindex());
            rtnexthop.rtnh_hops(header, (byte)(nextHop.weight() - 1));
            rtnexthop.rtnh_flags(header, (byte)(nextHop.isOnLink() ? RTNH_F_ONLINK() : 0));
            writeGateway(request, nextHop, route);
            rtnexthop.rtnh_len(header, (short)(request.length() - start));
        }
        request.end(multipath);
    }

    /** NB: of an IPv6 route that goes nowhere the kernel says that it leaves by the loopback interface. */
    private static List<Route.NextHop> nextHops(final MemorySegment header, final NetlinkAttributes attributes) {
        final int type = Byte.toUnsignedInt(rtmsg.rtm_type(header));
        if (type >= RTN_BLACKHOLE() && type <= RTN_THROW()) {
            return List.of();
        }
        final MemorySegment multipath = attributes.bytes(RTA_MULTIPATH());
        if (multipath != null) {
            return multipath(multipath);
        }
        final int ifindex = attributes.u32(RTA_OIF(), 0);
        final InetAddress gateway = gateway(attributes);
        if (ifindex == 0 && gateway == null) {
            return List.of();
        }
        return List.of(new Route.NextHop(gateway, ifindex, (rtmsg.rtm_flags(header) & RTNH_F_ONLINK()) != 0, 1));
    }

    private static List<Route.NextHop> multipath(final MemorySegment bytes) {
        final List<Route.NextHop> nextHops = new ArrayList<>();
        long offset = 0;
        while (bytes.byteSize() - offset >= rtnexthop.sizeof()) {
            final MemorySegment header = bytes.asSlice(offset);
            final int length = Short.toUnsignedInt(rtnexthop.rtnh_len(header));
            if (length < rtnexthop.sizeof() || length > header.byteSize()) {
                throw new IllegalStateException("next hop of " + length + " bytes, " + header.byteSize() + " left");
            }
            final NetlinkAttributes attributes =
                NetlinkAttributes.parse(header.asSlice(rtnexthop.sizeof(), length - rtnexthop.sizeof()));
            nextHops.add(new Route.NextHop(gateway(attributes), rtnexthop.rtnh_ifindex(header),
                (rtnexthop.rtnh_flags(header) & RTNH_F_ONLINK()) != 0,
                Byte.toUnsignedInt(rtnexthop.rtnh_hops(header)) + 1));
            offset += length + 3 & ~3;
        }
        return nextHops;
    }

    /** RTA_VIA stands for a gateway of the other IP version (RFC 5549). */
    private static InetAddress gateway(final NetlinkAttributes attributes) {
        final InetAddress gateway = attributes.address(RTA_GATEWAY());
        final MemorySegment via = attributes.bytes(RTA_VIA());
        if (gateway != null || via == null) {
            return gateway;
        }
        return NetlinkAttributes.address(via.asSlice(VIA_ADDRESS_OFFSET).toArray(ValueLayout.JAVA_BYTE));
    }
}

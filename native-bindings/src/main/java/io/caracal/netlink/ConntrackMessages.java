package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.nfgenmsg;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;

/** Connections as netfilter's messages ({@code net/netfilter/nf_conntrack_netlink.c}); numbers are in network order. */
final class ConntrackMessages {
    private static final int TCP = 6;
    private static final int ICMP = 1;
    /** {@code IP_CT_TCP_FLAG_BE_LIBERAL} of nf_conntrack_tcp.h: the window of a connection made by hand is unknown. */
    private static final byte TCP_FLAG_BE_LIBERAL = 0x08;

    private ConntrackMessages() {
    }

    static NetlinkRequest request(final int operation, final int flags, final int family) {
        final NetlinkRequest request = new NetlinkRequest(NFNL_SUBSYS_CTNETLINK() << Byte.SIZE | operation, flags);
        nfgenmsg.nfgen_family(request.structure(nfgenmsg.layout()), (byte)family);
        return request;
    }

    /** About the connection that has a tuple, whichever its direction. */
    static NetlinkRequest about(final int operation, final ConntrackTuple tuple) {
        return writeTuple(request(operation, 0, NetlinkRequest.family(tuple.source())), CTA_TUPLE_ORIG(), tuple);
    }

    /**
     * NB: the reply is given as if nothing were translated: the kernel sets up the translation from what it is told and
     * changes the reply accordingly.
     */
    static NetlinkRequest create(final ConntrackEntry entry) {
        final NetlinkRequest request = request(IPCTNL_MSG_CT_NEW(), NLM_F_CREATE() | NLM_F_EXCL(),
            NetlinkRequest.family(entry.original().source()));
        final ConntrackTuple plainReply = entry.original().reversed();
        writeTuple(request, CTA_TUPLE_ORIG(), entry.original());
        writeTuple(request, CTA_TUPLE_REPLY(), plainReply);
        request.attributeBe32(CTA_TIMEOUT(), entry.timeoutSeconds());
        request.attributeBe32(CTA_STATUS(), entry.status() & ~(ConntrackEntry.SRC_NAT | ConntrackEntry.DST_NAT)
            | ConntrackEntry.CONFIRMED);
        if (entry.mark() != 0) {
            request.attributeBe32(CTA_MARK(), entry.mark());
        }
        if (entry.zone() != 0) {
            request.attributeBe16(CTA_ZONE(), entry.zone());
        }
        writeTranslation(request, CTA_NAT_SRC(), entry.reply().destination(), entry.reply().destinationPort(),
            plainReply.destination(), plainReply.destinationPort());
        writeTranslation(request, CTA_NAT_DST(), entry.reply().source(), entry.reply().sourcePort(),
            plainReply.source(), plainReply.sourcePort());
        if (entry.original().protocol() == TCP) {
            writeTcp(request, entry.tcpState());
        }
        return request;
    }

    private static void writeTranslation(final NetlinkRequest request, final int type, final InetAddress address,
        final int port, final InetAddress plainAddress, final int plainPort) {
        if (address.equals(plainAddress) && port == plainPort) {
            return;
        }
        final int translation = request.begin(type | NLA_F_NESTED());
        request.attribute(address instanceof Inet4Address ? CTA_NAT_V4_MINIP() : CTA_NAT_V6_MINIP(), address);
        final int ports = request.begin(CTA_NAT_PROTO() | NLA_F_NESTED());
        request.attributeBe16(CTA_PROTONAT_PORT_MIN(), port).attributeBe16(CTA_PROTONAT_PORT_MAX(), port);
        request.end(ports).end(translation);
    }

    private static void writeTcp(final NetlinkRequest request, final int state) {
        final int info = request.begin(CTA_PROTOINFO() | NLA_F_NESTED());
        final int tcp = request.begin(CTA_PROTOINFO_TCP() | NLA_F_NESTED());
        final byte[] liberal = {TCP_FLAG_BE_LIBERAL, TCP_FLAG_BE_LIBERAL};
        request.attribute(CTA_PROTOINFO_TCP_STATE(), (byte)state);
        request.attribute(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL(), liberal);
        request.attribute(CTA_PROTOINFO_TCP_FLAGS_REPLY(), liberal);
        request.end(tcp).end(info);
    }

    private static NetlinkRequest writeTuple(final NetlinkRequest request, final int type,
        final ConntrackTuple tuple) {
        final boolean isIpv4 = tuple.source() instanceof Inet4Address;
        final int outer = request.begin(type | NLA_F_NESTED());
        final int ip = request.begin(CTA_TUPLE_IP() | NLA_F_NESTED());
        request.attribute(isIpv4 ? CTA_IP_V4_SRC() : CTA_IP_V6_SRC(), tuple.source());
        request.attribute(isIpv4 ? CTA_IP_V4_DST() : CTA_IP_V6_DST(), tuple.destination()).end(ip);
        final int proto = request.begin(CTA_TUPLE_PROTO() | NLA_F_NESTED());
        request.attribute(CTA_PROTO_NUM(), (byte)tuple.protocol());
        if (tuple.isIcmp()) {
            final boolean isV4 = tuple.protocol() == ICMP;
            request.attributeBe16(isV4 ? CTA_PROTO_ICMP_ID() : CTA_PROTO_ICMPV6_ID(), tuple.sourcePort());
            request.attribute(isV4 ? CTA_PROTO_ICMP_TYPE() : CTA_PROTO_ICMPV6_TYPE(),
                (byte)(tuple.destinationPort() >>> Byte.SIZE));
            request.attribute(isV4 ? CTA_PROTO_ICMP_CODE() : CTA_PROTO_ICMPV6_CODE(), (byte)tuple.destinationPort());
        } else {
            request.attributeBe16(CTA_PROTO_SRC_PORT(), tuple.sourcePort());
            request.attributeBe16(CTA_PROTO_DST_PORT(), tuple.destinationPort());
        }
        return request.end(proto).end(outer);
    }

    /** False for what else a dump may hold: an end, or an address family that has no IP tuples. */
    static boolean isConnection(final NetlinkMessage message) {
        final byte family = nfgenmsg.nfgen_family(message.structure(nfgenmsg.layout()));
        return family == Posix.AF_INET || family == Posix.AF_INET6;
    }

    static ConntrackEntry parse(final NetlinkMessage message) {
        final NetlinkAttributes attributes = message.attributes(nfgenmsg.layout());
        return new ConntrackEntry(parseTuple(attributes.nested(CTA_TUPLE_ORIG())),
            parseTuple(attributes.nested(CTA_TUPLE_REPLY())), attributes.be32(CTA_STATUS(), 0),
            attributes.be32(CTA_TIMEOUT(), 0), attributes.be32(CTA_MARK(), 0),
            attributes.nested(CTA_PROTOINFO()).nested(CTA_PROTOINFO_TCP()).u8(CTA_PROTOINFO_TCP_STATE(), 0),
            attributes.be16(CTA_ZONE(), 0));
    }

    private static ConntrackTuple parseTuple(final NetlinkAttributes tuple) {
        final NetlinkAttributes ip = tuple.nested(CTA_TUPLE_IP());
        final NetlinkAttributes proto = tuple.nested(CTA_TUPLE_PROTO());
        final boolean isIpv4 = ip.has(CTA_IP_V4_SRC());
        final InetAddress source = ip.address(isIpv4 ? CTA_IP_V4_SRC() : CTA_IP_V6_SRC());
        final InetAddress destination = ip.address(isIpv4 ? CTA_IP_V4_DST() : CTA_IP_V6_DST());
        final int protocol = proto.u8(CTA_PROTO_NUM(), 0);
        if (proto.has(CTA_PROTO_ICMP_ID())) {
            return new ConntrackTuple(source, destination, protocol, proto.be16(CTA_PROTO_ICMP_ID(), 0),
                proto.u8(CTA_PROTO_ICMP_TYPE(), 0) << Byte.SIZE | proto.u8(CTA_PROTO_ICMP_CODE(), 0));
        }
        if (proto.has(CTA_PROTO_ICMPV6_ID())) {
            return new ConntrackTuple(source, destination, protocol, proto.be16(CTA_PROTO_ICMPV6_ID(), 0),
                proto.u8(CTA_PROTO_ICMPV6_TYPE(), 0) << Byte.SIZE | proto.u8(CTA_PROTO_ICMPV6_CODE(), 0));
        }
        return new ConntrackTuple(source, destination, protocol, proto.be16(CTA_PROTO_SRC_PORT(), 0),
            proto.be16(CTA_PROTO_DST_PORT(), 0));
    }
}

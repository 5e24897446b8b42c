package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.gen.ifinfomsg;
import java.lang.foreign.MemorySegment;

/** Links as rtnetlink messages ({@code linux/if_link.h}, {@code net/core/rtnetlink.c}). */
final class LinkMessages {
    private static final int UNSPECIFIED = 0;

    private LinkMessages() {
    }

    /** A request about the link with an index, 0 for one that is named by an attribute. */
    static NetlinkRequest request(final int type, final int flags, final int index) {
        return request(type, flags, index, 0, 0);
    }

    /** A request that sets the bits of {@code change} to those of {@code values}. */
    static NetlinkRequest request(final int type, final int flags, final int index, final int values,
        final int change) {
        final NetlinkRequest request = new NetlinkRequest(type, flags);
        write(request, index, values, change);
        return request;
    }

    static NetlinkRequest createVeth(final VethSpec spec) {
        final NetlinkRequest request = request(RTM_NEWLINK(), NLM_F_CREATE() | NLM_F_EXCL(), 0);
        writeEnd(request, spec.name(), spec, spec.mac());
        final int linkInfo = request.begin(IFLA_LINKINFO());
        request.attribute(IFLA_INFO_KIND(), "veth");
        final int kindAttributes = request.begin(IFLA_INFO_DATA());
        final int peer = request.begin(VETH_INFO_PEER());
        write(request, 0, 0, 0);
        writeEnd(request, spec.peerName(), spec, spec.peerMac());
        if (spec.peerNamespaceFd() >= 0) {
            request.attribute(IFLA_NET_NS_FD(), spec.peerNamespaceFd());
        }
        return request.end(peer).end(kindAttributes).end(linkInfo);
    }

    static Link parse(final NetlinkMessage message) {
        final MemorySegment header = message.structure(ifinfomsg.layout());
        final NetlinkAttributes attributes = message.attributes(ifinfomsg.layout());
        return new Link(ifinfomsg.ifi_index(header), attributes.text(IFLA_IFNAME(), ""),
            attributes.nested(IFLA_LINKINFO()).text(IFLA_INFO_KIND(), ""), attributes.mac(IFLA_ADDRESS()),
            attributes.u32(IFLA_MTU(), 0), ifinfomsg.ifi_flags(header), attributes.u8(IFLA_OPERSTATE(), 0),
            attributes.u32(IFLA_LINK(), 0), attributes.u32(IFLA_LINK_NETNSID(), -1),
            attributes.u32(IFLA_MASTER(), 0), attributes.u32(IFLA_NUM_TX_QUEUES(), 1),
            attributes.u32(IFLA_NUM_RX_QUEUES(), 1), attributes.nested(IFLA_XDP()).u32(IFLA_XDP_PROG_ID(), 0));
    }

    /** What only interfaces of its kind have. */
    static NetlinkAttributes kindAttributes(final NetlinkMessage message) {
        return message.attributes(ifinfomsg.layout()).nested(IFLA_LINKINFO()).nested(IFLA_INFO_DATA());
    }

    /** False for what bridges say about their ports, in messages of the same type. */
    static boolean isLink(final NetlinkMessage message) {
        return ifinfomsg.ifi_family(message.structure(ifinfomsg.layout())) == UNSPECIFIED;
    }

    private static void write(final NetlinkRequest request, final int index, final int values, final int change) {
        final MemorySegment header = request.structure(ifinfomsg.layout());
        ifinfomsg.ifi_index(header, index);
        ifinfomsg.ifi_flags(header, values);
        ifinfomsg.ifi_change(header, change);
    }

    private static void writeEnd(final NetlinkRequest request, final String name, final VethSpec spec,
        final MacAddress mac) {
        request.attribute(IFLA_IFNAME(), name);
        request.attribute(IFLA_NUM_TX_QUEUES(), spec.queueCount());
        request.attribute(IFLA_NUM_RX_QUEUES(), spec.queueCount());
        if (spec.mtu() > 0) {
            request.attribute(IFLA_MTU(), spec.mtu());
        }
        if (mac != null) {
            request.attribute(IFLA_ADDRESS(), mac);
        }
    }
}

package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.net.Inet6Address;
import java.net.InetAddress;

/** VXLAN interfaces as rtnetlink messages ({@code drivers/net/vxlan/vxlan_core.c}). */
final class VxlanMessages {
    private static final String KIND = "vxlan";
    private static final byte ON = 1;
    private static final byte OFF = 0;

    private VxlanMessages() {
    }

    static NetlinkRequest create(final VxlanSpec spec) {
        final NetlinkRequest request = LinkMessages.request(RTM_NEWLINK(), NLM_F_CREATE() | NLM_F_EXCL(), 0);
        request.attribute(IFLA_IFNAME(), spec.name());
        if (spec.mtu() > 0) {
            request.attribute(IFLA_MTU(), spec.mtu());
        }
        if (spec.mac() != null) {
            request.attribute(IFLA_ADDRESS(), spec.mac());
        }
        final int linkInfo = request.begin(IFLA_LINKINFO());
        request.attribute(IFLA_INFO_KIND(), KIND);
        final int kindAttributes = request.begin(IFLA_INFO_DATA());
        writeKind(request, spec);
        return request.end(kindAttributes).end(linkInfo);
    }

    /** The checksum flags say "without" for IPv6, where RFC 8200 wants one, and "with" for IPv4. */
    private static void writeKind(final NetlinkRequest request, final VxlanSpec spec) {
        final boolean isIpv6 = spec.local() instanceof Inet6Address;
        request.attribute(IFLA_VXLAN_ID(), spec.vni());
        request.attributeBe16(IFLA_VXLAN_PORT(), spec.port());
        request.attribute(isIpv6 ? IFLA_VXLAN_LOCAL6() : IFLA_VXLAN_LOCAL(), spec.local());
        if (spec.lowerIfindex() > 0) {
            request.attribute(IFLA_VXLAN_LINK(), spec.lowerIfindex());
        }
        request.attribute(IFLA_VXLAN_LEARNING(), spec.isLearning() ? ON : OFF);
        if (isIpv6) {
            request.attribute(IFLA_VXLAN_UDP_ZERO_CSUM6_TX(), spec.hasUdpChecksum() ? OFF : ON);
            request.attribute(IFLA_VXLAN_UDP_ZERO_CSUM6_RX(), spec.hasUdpChecksum() ? OFF : ON);
        } else {
            request.attribute(IFLA_VXLAN_UDP_CSUM(), spec.hasUdpChecksum() ? ON : OFF);
        }
    }

    static VxlanSpec parse(final NetlinkMessage message) {
        final Link link = LinkMessages.parse(message);
        if (!KIND.equals(link.kind())) {
            throw new NativeCallException("find VXLAN interface", link.name(), Errno.EINVAL,
                "an interface of kind '" + link.kind() + "' has that name");
        }
        final NetlinkAttributes kind = LinkMessages.kindAttributes(message);
        final InetAddress local6 = kind.address(IFLA_VXLAN_LOCAL6());
        final boolean hasChecksum = local6 != null ? kind.u8(IFLA_VXLAN_UDP_ZERO_CSUM6_TX(), 0) == 0
            : kind.u8(IFLA_VXLAN_UDP_CSUM(), 0) != 0;
        return new VxlanSpec(link.name(), kind.u32(IFLA_VXLAN_ID(), 0), kind.be16(IFLA_VXLAN_PORT(), 0),
            local6 != null ? local6 : kind.address(IFLA_VXLAN_LOCAL()), kind.u32(IFLA_VXLAN_LINK(), 0), link.mac(),
            link.mtu(), kind.u8(IFLA_VXLAN_LEARNING(), 0) != 0, hasChecksum);
    }
}

package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.gen.ifaddrmsg;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;

/** IP addresses of interfaces as rtnetlink messages ({@code linux/if_addr.h}). */
final class AddressMessages {
    private AddressMessages() {
    }

    /** IPv6 addresses are made without duplicate address detection, which would delay their use by a second or two. */
    static NetlinkRequest request(final int type, final int flags, final InterfaceAddress address) {
        final NetlinkRequest request = new NetlinkRequest(type, flags);
        final MemorySegment header = request.structure(ifaddrmsg.layout());
        ifaddrmsg.ifa_family(header, NetlinkRequest.family(address.address()));
        ifaddrmsg.ifa_prefixlen(header, (byte)address.prefixLength());
        ifaddrmsg.ifa_index(header, address.ifindex());
        if (address.address() instanceof Inet6Address) {
            ifaddrmsg.ifa_flags(header, (byte)IFA_F_NODAD());
        }
        return request.attribute(IFA_LOCAL(), address.address()).attribute(IFA_ADDRESS(), address.address());
    }

    static NetlinkRequest dump() {
        final NetlinkRequest request = new NetlinkRequest(RTM_GETADDR(), 0);
        request.structure(ifaddrmsg.layout());
        return request;
    }

    /** IFA_LOCAL is the address; IFA_ADDRESS is its peer on a point-to-point link, and the only one in IPv6. */
    static InterfaceAddress parse(final NetlinkMessage message) {
        final MemorySegment header = message.structure(ifaddrmsg.layout());
        final NetlinkAttributes attributes = message.attributes(ifaddrmsg.layout());
        final InetAddress local = attributes.address(IFA_LOCAL());
        return new InterfaceAddress(ifaddrmsg.ifa_index(header),
            local != null ? local : attributes.address(IFA_ADDRESS()),
            Byte.toUnsignedInt(ifaddrmsg.ifa_prefixlen(header)));
    }
}

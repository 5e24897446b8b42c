package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.ndmsg;
import java.lang.foreign.MemorySegment;

/** Forwarding entries as rtnetlink messages ({@code net/core/rtnetlink.c}, {@code drivers/net/vxlan/vxlan_core.c}). */
final class ForwardingMessages {
    private ForwardingMessages() {
    }

    static NetlinkRequest request(final int type, final int flags, final ForwardingEntry entry) {
        final NetlinkRequest request = new NetlinkRequest(type, flags);
        final MemorySegment header = request.structure(ndmsg.layout());
        ndmsg.ndm_family(header, (byte)Posix.AF_BRIDGE);
        ndmsg.ndm_ifindex(header, entry.ifindex());
        ndmsg.ndm_state(header, (short)entry.state());
        ndmsg.ndm_flags(header, (byte)NTF_SELF());
        return request.attribute(NDA_LLADDR(), entry.mac()).attribute(NDA_DST(), entry.destination());
    }

    static NetlinkRequest dump() {
        final NetlinkRequest request = new NetlinkRequest(RTM_GETNEIGH(), 0);
        ndmsg.ndm_family(request.structure(ndmsg.layout()), (byte)Posix.AF_BRIDGE);
        return request;
    }

    /** True for those of VXLAN interfaces: a bridge's own have no destination address. */
    static boolean isForwardingEntry(final NetlinkMessage message) {
        final NetlinkAttributes attributes = message.attributes(ndmsg.layout());
        return ndmsg.ndm_family(message.structure(ndmsg.layout())) == Posix.AF_BRIDGE
            && attributes.has(NDA_DST()) && attributes.mac(NDA_LLADDR()) != null;
    }

    static ForwardingEntry parse(final NetlinkMessage message) {
        final MemorySegment header = message.structure(ndmsg.layout());
        final NetlinkAttributes attributes = message.attributes(ndmsg.layout());
        return new ForwardingEntry(ndmsg.ndm_ifindex(header), attributes.mac(NDA_LLADDR()),
            attributes.address(NDA_DST()), Short.toUnsignedInt(ndmsg.ndm_state(header)));
    }
}

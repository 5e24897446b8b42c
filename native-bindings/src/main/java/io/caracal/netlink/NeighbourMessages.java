package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.ndmsg;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/** Neighbours as rtnetlink messages ({@code linux/neighbour.h}). */
final class NeighbourMessages {
    private NeighbourMessages() {
    }

    static NetlinkRequest request(final int type, final int flags, final int ifindex, final InetAddress address,
        final int state) {
        final NetlinkRequest request = new NetlinkRequest(type, flags);
        final MemorySegment header = request.structure(ndmsg.layout());
        ndmsg.ndm_family(header, NetlinkRequest.family(address));
        ndmsg.ndm_ifindex(header, ifindex);
        ndmsg.ndm_state(header, (short)state);
        return request.attribute(NDA_DST(), address);
    }

    /** Creates the entry where it is not there: only then is there something to resolve. */
    static NetlinkRequest use(final int ifindex, final InetAddress address) {
        final NetlinkRequest request = new NetlinkRequest(RTM_NEWNEIGH(), NLM_F_CREATE() | NLM_F_REPLACE());
        final MemorySegment header = request.structure(ndmsg.layout());
        ndmsg.ndm_family(header, NetlinkRequest.family(address));
        ndmsg.ndm_ifindex(header, ifindex);
        ndmsg.ndm_state(header, (short)NUD_NONE());
        ndmsg.ndm_flags(header, (byte)NTF_USE());
        return request.attribute(NDA_DST(), address);
    }

    static NetlinkRequest dump() {
        final NetlinkRequest request = new NetlinkRequest(RTM_GETNEIGH(), 0);
        request.structure(ndmsg.layout());
        return request;
    }

    /** False for forwarding entries of bridges and VXLAN, which come in messages of the same type. */
    static boolean isNeighbour(final NetlinkMessage message) {
        final byte family = ndmsg.ndm_family(message.structure(ndmsg.layout()));
        final boolean isIp = family == Posix.AF_INET || family == Posix.AF_INET6;
        return isIp && message.attributes(ndmsg.layout()).has(NDA_DST());
    }

    static Neighbour parse(final NetlinkMessage message) {
        final MemorySegment header = message.structure(ndmsg.layout());
        final NetlinkAttributes attributes = message.attributes(ndmsg.layout());
        return new Neighbour(ndmsg.ndm_ifindex(header), attributes.address(NDA_DST()), attributes.mac(NDA_LLADDR()),
            Short.toUnsignedInt(ndmsg.ndm_state(header)),
            Byte.toUnsignedInt(ndmsg.ndm_flags(header)) | attributes.u32(NDA_FLAGS_EXT(), 0) << Byte.SIZE);
    }
}

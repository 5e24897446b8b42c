package io.caracal.netlink;

import io.caracal.bindings.gen.nlmsghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A netlink message that was received.
 *
 * @param type such as RTM_NEWLINK.
 * @param flags such as NLM_F_MULTI.
 * @param sequence of the request that it answers; 0 for a notification.
 * @param payload what follows its header, a copy.
 */
record NetlinkMessage(int type, int flags, int sequence, MemorySegment payload) {
    private static final int HEADER_LENGTH = (int)nlmsghdr.sizeof();

    /** Takes a datagram apart; its bytes are copied, since the buffer is used again. */
    static List<NetlinkMessage> parse(final MemorySegment datagram) {
        final MemorySegment copy = Arena.ofAuto().allocate(datagram.byteSize(), Long.BYTES).copyFrom(datagram);
        final List<NetlinkMessage> messages = new ArrayList<>();
        long offset = 0;
        while (copy.byteSize() - offset >= HEADER_LENGTH) {
            final MemorySegment header = copy.asSlice(offset);
            final long length = Integer.toUnsignedLong(nlmsghdr.nlmsg_len(header));
            if (length < HEADER_LENGTH || length > header.byteSize()) {
                throw new IllegalStateException("netlink message of " + length + " bytes, " + header.byteSize()
                    + " bytes left in its datagram");
            }
            messages.add(new NetlinkMessage(Short.toUnsignedInt(nlmsghdr.nlmsg_type(header)),
                Short.toUnsignedInt(nlmsghdr.nlmsg_flags(header)), nlmsghdr.nlmsg_seq(header),
                header.asSlice(HEADER_LENGTH, length - HEADER_LENGTH)));
            offset += length + 3 & ~3L;
        }
        return messages;
    }

    /** The fixed structure at the start of the payload. */
    MemorySegment structure(final MemoryLayout layout) {
        return payload.asSlice(0, layout.byteSize());
    }

    /** The attributes after the fixed structure. */
    NetlinkAttributes attributes(final MemoryLayout structure) {
        final long start = Math.min(structure.byteSize() + 3 & ~3L, payload.byteSize());
        return NetlinkAttributes.parse(payload.asSlice(start));
    }
}

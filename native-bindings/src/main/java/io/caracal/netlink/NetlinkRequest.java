package io.caracal.netlink;

import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.kernel_h;
import io.caracal.bindings.gen.nlmsghdr;
import io.caracal.bindings.gen.rtattr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A netlink message being written: header, one fixed structure, attributes (type, length, value, padded to 4 bytes),
 * which may be nested. See {@code linux/netlink.h}. One thread; sent by a {@link NetlinkSocket}.
 */
final class NetlinkRequest {
    /** Far more than any request here; a list of next hops is the only part that could grow. */
    private static final int CAPACITY = 16 << 10;
    private static final int HEADER_LENGTH = (int)nlmsghdr.sizeof();
    private static final int ATTRIBUTE_HEADER_LENGTH = (int)rtattr.sizeof();

    private final MemorySegment buffer = Arena.ofAuto().allocate(CAPACITY, Long.BYTES);
    private int length = HEADER_LENGTH;

    /** Starts a message of a type such as RTM_NEWLINK; NLM_F_REQUEST is added to the flags. */
    NetlinkRequest(final int type, final int flags) {
        nlmsghdr.nlmsg_type(buffer, (short)type);
        nlmsghdr.nlmsg_flags(buffer, (short)(flags | kernel_h.NLM_F_REQUEST()));
    }

    /** Appends the family's fixed structure, zeroed; the caller fills it. */
    MemorySegment structure(final MemoryLayout layout) {
        final MemorySegment structure = buffer.asSlice(length, layout.byteSize());
        length = aligned(length + (int)layout.byteSize());
        return structure;
    }

    NetlinkRequest attribute(final int type, final byte[] value) {
        final int end = length + ATTRIBUTE_HEADER_LENGTH + value.length;
        if (aligned(end) > CAPACITY) {
            throw new IllegalArgumentException("netlink message of more than " + CAPACITY + " bytes");
        }
        final MemorySegment header = buffer.asSlice(length, ATTRIBUTE_HEADER_LENGTH);
        rtattr.rta_len(header, (short)(end - length));
        rtattr.rta_type(header, (short)type);
        MemorySegment.copy(value, 0, buffer, ValueLayout.JAVA_BYTE, length + ATTRIBUTE_HEADER_LENGTH, value.length);
        length = aligned(end);
        return this;
    }

    NetlinkRequest attribute(final int type, final int value) {
        attribute(type, new byte[Integer.BYTES]);
        buffer.set(ValueLayout.JAVA_INT, length - Integer.BYTES, value);
        return this;
    }

    NetlinkRequest attribute(final int type, final byte value) {
        return attribute(type, new byte[] {value});
    }

    /** A port: 16 bits in network order. */
    NetlinkRequest attributeBe16(final int type, final int value) {
        return attribute(type, new byte[] {(byte)(value >>> Byte.SIZE), (byte)value});
    }

    /** 32 bits in network order, as all numbers of netfilter are. */
    NetlinkRequest attributeBe32(final int type, final int value) {
        return attribute(type, ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
    }

    /** A C string: with its final zero. */
    NetlinkRequest attribute(final int type, final String value) {
        return attribute(type, (value + '\0').getBytes(StandardCharsets.UTF_8));
    }

    NetlinkRequest attribute(final int type, final InetAddress value) {
        return attribute(type, value.getAddress());
    }

    NetlinkRequest attribute(final int type, final MacAddress value) {
        return attribute(type, value.bytes());
    }

    /** Opens an attribute that holds others; {@link #end} takes what this returns. */
    int begin(final int type) {
        final int start = length;
        attribute(type, new byte[0]);
        return start;
    }

    /** Closes an attribute that {@link #begin} opened. */
    NetlinkRequest end(final int start) {
        rtattr.rta_len(buffer.asSlice(start, ATTRIBUTE_HEADER_LENGTH), (short)(length - start));
        return this;
    }

    /** How long it is so far: where the next structure will stand. */
    int length() {
        return length;
    }

    /** The finished message. */
    MemorySegment finish(final int sequence, final int flags) {
        nlmsghdr.nlmsg_len(buffer, length);
        nlmsghdr.nlmsg_seq(buffer, sequence);
        nlmsghdr.nlmsg_flags(buffer, (short)(nlmsghdr.nlmsg_flags(buffer) | flags));
        return buffer.asSlice(0, length);
    }

    static byte family(final InetAddress address) {
        return (byte)(address instanceof Inet4Address ? Posix.AF_INET : Posix.AF_INET6);
    }

    private static int aligned(final int value) {
        return value + 3 & ~3;
    }
}

package io.caracal.netlink;

import io.caracal.bindings.gen.kernel_h;
import io.caracal.bindings.gen.rtattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The attributes of a received message, by type. One that is not there has the value that the caller names.
 */
final class NetlinkAttributes {
    private static final int HEADER_LENGTH = (int)rtattr.sizeof();
    private static final int IPV6_LENGTH = 16;

    private final Map<Integer, MemorySegment> values = new HashMap<>();

    private NetlinkAttributes() {
    }

    static NetlinkAttributes parse(final MemorySegment bytes) {
        final NetlinkAttributes attributes = new NetlinkAttributes();
        long offset = 0;
        while (bytes.byteSize() - offset >= HEADER_LENGTH) {
            final MemorySegment header = bytes.asSlice(offset);
            final int length = Short.toUnsignedInt(rtattr.rta_len(header));
            if (length < HEADER_LENGTH || length > header.byteSize()) {
                throw new IllegalStateException("netlink attribute of " + length + " bytes, " + header.byteSize()
                    + " bytes left");
            }
            final int type = Short.toUnsignedInt(rtattr.rta_type(header)) & kernel_h.NLA_TYPE_MASK();
            attributes.values.put(type, header.asSlice(HEADER_LENGTH, length - HEADER_LENGTH));
            offset += length + 3 & ~3;
        }
        return attributes;
    }

    boolean has(final int type) {
        return values.containsKey(type);
    }

    int u32(final int type, final int absent) {
        final MemorySegment value = values.get(type);
        return value == null ? absent : value.get(ValueLayout.JAVA_INT, 0);
    }

    int u16(final int type, final int absent) {
        final MemorySegment value = values.get(type);
        return value == null ? absent : Short.toUnsignedInt(value.get(ValueLayout.JAVA_SHORT, 0));
    }

    int u8(final int type, final int absent) {
        final MemorySegment value = values.get(type);
        return value == null ? absent : Byte.toUnsignedInt(value.get(ValueLayout.JAVA_BYTE, 0));
    }

    /** 16 bits in network order. */
    int be16(final int type, final int absent) {
        final MemorySegment value = values.get(type);
        return value == null ? absent : Short.toUnsignedInt(Short.reverseBytes(value.get(ValueLayout.JAVA_SHORT, 0)));
    }

    /** 32 bits in network order. */
    int be32(final int type, final int absent) {
        final MemorySegment value = values.get(type);
        return value == null ? absent : Integer.reverseBytes(value.get(ValueLayout.JAVA_INT, 0));
    }

    /** A C string, whose final zero some attributes leave out. */
    String text(final int type, final String absent) {
        final MemorySegment value = values.get(type);
        if (value == null) {
            return absent;
        }
        final String text = new String(value.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        final int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }

    /** An IP address, or null; the kernel sends no other lengths here. */
    InetAddress address(final int type) {
        final MemorySegment value = values.get(type);
        return value == null ? null : address(value.toArray(ValueLayout.JAVA_BYTE));
    }

    /** An Ethernet address, or null where it is not there or of another link type. */
    MacAddress mac(final int type) {
        final MemorySegment value = values.get(type);
        final boolean isEthernet = value != null && value.byteSize() == MacAddress.LENGTH;
        return isEthernet ? MacAddress.of(value.toArray(ValueLayout.JAVA_BYTE)) : null;
    }

    /** The attributes within an attribute; none where it is not there. */
    NetlinkAttributes nested(final int type) {
        final MemorySegment value = values.get(type);
        return value == null ? new NetlinkAttributes() : parse(value);
    }

    /** The bytes of an attribute, or null. */
    MemorySegment bytes(final int type) {
        return values.get(type);
    }

    /** NB: InetAddress alone would make an IPv4 address of ::ffff:a.b.c.d, which is not what the kernel said. */
    static InetAddress address(final byte[] bytes) {
        try {
            final boolean isIpv6 = bytes.length == IPV6_LENGTH;
            return isIpv6 ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new IllegalStateException("IP address of " + bytes.length + " bytes", e);
        }
    }
}

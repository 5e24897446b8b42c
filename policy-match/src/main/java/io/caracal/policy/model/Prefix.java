package io.caracal.policy.model;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * A range of addresses of one family. The first address stands left-aligned in 128 bits, so that one code serves both
 * families: an IPv4 address is the upper half of {@code high}.
 *
 * @param v6 whether the family is IPv6.
 * @param high bits 0-63 of the address, host bits cleared.
 * @param low bits 64-127; 0 for IPv4.
 * @param length leading bits that count: 0-32 or 0-128.
 */
public record Prefix(boolean v6, long high, long low, int length) {
    /** Bits of an IPv4 address. */
    public static final int IPV4_BITS = 32;
    /** Bits of an IPv6 address. */
    public static final int IPV6_BITS = 128;

    private static final int HALF_BITS = 64;
    private static final int OCTETS = 4;

    /** Clears the host bits and checks the length. */
    public Prefix {
        if (length < 0 || length > bits(v6)) {
            throw new PolicyException("prefix length " + length, "is not in 0-" + bits(v6));
        }
        high &= highMask(length);
        low &= v6 ? highMask(length - HALF_BITS) : 0;
    }

    /**
     * Reads an address or CIDR in the usual notation, without asking any name service.
     *
     * @param text as {@code 10.0.0.0/8}, {@code 10.0.0.1}, {@code fd00::/64}.
     * @return the prefix; an address without length is a prefix of full length.
     * @throws PolicyException if it is not one.
     */
    public static Prefix parse(final String text) {
        final int slash = text.indexOf('/');
        final int end = slash < 0 ? text.length() : slash;
        final boolean v6 = text.lastIndexOf(':', end) >= 0;
        final int length = slash < 0 ? bits(v6) : parseLength(text, slash + 1, bits(v6));
        if (!v6) {
            return new Prefix(false, parseIpv4(text, end) << IPV4_BITS, 0, length);
        }
        final byte[] bytes = parseIpv6(text, text.substring(0, end));
        return new Prefix(true, longAt(bytes, 0), longAt(bytes, Long.BYTES), length);
    }

    private static int parseLength(final String text, final int from, final int max) {
        int length = 0;
        for (int i = from; i < text.length(); i++) {
            final int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9 || length > max) {
                throw refused(text);
            }
            length = length * 10 + digit;
        }
        if (from == text.length() || length > max) {
            throw refused(text);
        }
        return length;
    }

    /** By hand because a set may bring a million of them; {@link InetAddress} also takes one to three numbers. */
    private static long parseIpv4(final String text, final int end) {
        long address = 0;
        int octet = -1;
        int octets = 0;
        for (int i = 0; i <= end; i++) {
            final char c = i < end ? text.charAt(i) : '.';
            if (c == '.' && octet >= 0) {
                address = address << Byte.SIZE | octet;
                octets++;
                octet = -1;
            } else if (c >= '0' && c <= '9' && octet <= 25) {
                octet = Math.max(octet, 0) * 10 + c - '0';
            } else {
                throw refused(text);
            }
            if (octet > 255 || octets > OCTETS) {
                throw refused(text);
            }
        }
        if (octets != OCTETS) {
            throw refused(text);
        }
        return address;
    }

    private static byte[] parseIpv6(final String text, final String address) {
        try {
            final InetAddress parsed = InetAddress.ofLiteral(address);
            if (address.indexOf('%') >= 0 || address.indexOf('[') >= 0) {
                throw refused(text);
            }
            return parsed instanceof Inet4Address ? mapped(parsed.getAddress()) : parsed.getAddress();
        } catch (final IllegalArgumentException e) {
            throw refused(text);
        }
    }

    /** {@code ::ffff:a.b.c.d} is an IPv6 address here, as it is on the wire; Java folds it into IPv4. */
    private static byte[] mapped(final byte[] ipv4) {
        final byte[] bytes = new byte[IPV6_BITS / Byte.SIZE];
        bytes[10] = (byte)0xff;
        bytes[11] = (byte)0xff;
        System.arraycopy(ipv4, 0, bytes, 12, OCTETS);
        return bytes;
    }

    private static long longAt(final byte[] bytes, final int offset) {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << Byte.SIZE | bytes[offset + i] & 0xff;
        }
        return value;
    }

    private static PolicyException refused(final String text) {
        return new PolicyException("prefix " + text, "is neither an IPv4 nor an IPv6 address or CIDR");
    }

    /**
     * Bits of a family's addresses.
     *
     * @param v6 whether the family is IPv6.
     * @return 32 or 128.
     */
    public static int bits(final boolean v6) {
        return v6 ? IPV6_BITS : IPV4_BITS;
    }

    private static long highMask(final int length) {
        return length <= 0 ? 0 : length >= HALF_BITS ? -1L : -1L << (HALF_BITS - length);
    }

    /**
     * Whether an address is inside.
     *
     * @param ofV6 whether the address is IPv6.
     * @param addressHigh its bits 0-63, left-aligned as here.
     * @param addressLow its bits 64-127.
     * @return whether the family is the same and the leading bits agree.
     */
    public boolean contains(final boolean ofV6, final long addressHigh, final long addressLow) {
        return ofV6 == v6 && agree(addressHigh ^ high, addressLow ^ low, length);
    }

    /**
     * Whether two addresses have the same leading bits.
     *
     * @param highDifference exclusive or of their bits 0-63.
     * @param lowDifference exclusive or of their bits 64-127.
     * @param length leading bits to compare.
     * @return whether none of these bits is set in the difference.
     */
    public static boolean agree(final long highDifference, final long lowDifference, final int length) {
        return (highDifference & highMask(length)) == 0 && (lowDifference & highMask(length - HALF_BITS)) == 0;
    }

    /**
     * Whether it is a single address.
     *
     * @return whether no host bits are left.
     */
    public boolean isHost() {
        return length == bits(v6);
    }

    /**
     * Whether it holds every address of its family.
     *
     * @return whether the length is 0.
     */
    public boolean isEverything() {
        return length == 0;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Prefix that && v6 == that.v6 && high == that.high && low == that.low
            && length == that.length;
    }

    @Override
    public int hashCode() {
        return (Long.hashCode(high) * 31 + Long.hashCode(low)) * 31 + length;
    }

    @Override
    public String toString() {
        return Addresses.format(v6, high, low) + "/" + length;
    }
}

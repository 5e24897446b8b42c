package io.caracal.control;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IPv6 network, or one address as a /128.
 *
 * @param high   the upper 64 bits of the network's address, host order.
 * @param low    the lower 64 bits; bits beyond the length are zero.
 * @param length 0 to 128 bits.
 */
public record Ipv6Prefix(long high, long low, int length) {
    /** Bits of an IPv6 address: the length of a prefix that is one address. */
    public static final int MAX_LENGTH = 128;

    private static final int GROUPS = 8;
    private static final Pattern TEXT = Pattern.compile("([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?:/(0|[1-9]\\d{0,2}))?");

    /**
     * Checks length and host bits.
     *
     * @throws IllegalArgumentException naming what is wrong.
     */
    public Ipv6Prefix {
        if (length < 0 || length > MAX_LENGTH) {
            throw new IllegalArgumentException("IPv6 prefix length " + length + " is not 0 to " + MAX_LENGTH);
        }
        final long highHostMask = length >= 64 ? 0 : -1L >>> length;
        final long lowHostMask = length <= 64 ? -1L : length == MAX_LENGTH ? 0 : -1L >>> length - 64;
        if ((high & highHostMask) != 0 || (low & lowHostMask) != 0) {
            throw new IllegalArgumentException("IPv6 prefix " + format(high, low) + '/' + length
                + " has bits set beyond its length");
        }
    }

    /**
     * Reads RFC 4291 text with an optional length; an address alone is a /128. Never asks a resolver; zones
     * ({@code %eth0}) and IPv4-mapped addresses are refused.
     *
     * @param text such as {@code fd00:10:65::2/128}.
     * @return the prefix.
     * @throws IllegalArgumentException when it is anything else.
     */
    public static Ipv6Prefix parse(final String text) {
        final Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv6 address or prefix");
        }
        final ByteBuffer bytes = ByteBuffer.wrap(literal(matcher.group(1), text).getAddress());
        final String length = matcher.group(2);
        return new Ipv6Prefix(bytes.getLong(), bytes.getLong(), length == null ? MAX_LENGTH : Integer.parseInt(length));
    }

    private static Inet6Address literal(final String address, final String text) {
        final InetAddress literal;
        try {
            literal = InetAddress.ofLiteral(address);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv6 address or prefix", e);
        }
        if (literal instanceof final Inet6Address ipv6) {
            return ipv6;
        }
        throw new IllegalArgumentException("'" + text + "' is an IPv4-mapped address: write it as IPv4");
    }

    /**
     * Whether it is one address.
     *
     * @return true for a /128.
     */
    public boolean isSingleAddress() {
        return length == MAX_LENGTH;
    }

    /**
     * The address without the length.
     *
     * @return text as in RFC 5952.
     */
    public String addressText() {
        return format(high, low);
    }

    /** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
    private static String format(final long high, final long low) {
        int bestStart = -1;
        int bestLength = 1;
        for (int start = 0; start < GROUPS; start++) {
            int end = start;
            while (end < GROUPS && group(high, low, end) == 0) {
                end++;
            }
            if (end - start > bestLength) {
                bestStart = start;
                bestLength = end - start;
            }
        }
        final StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < GROUPS; i++) {
            if (i == bestStart) {
                text.append("::");
                i += bestLength - 1;
            } else {
                text.append(text.isEmpty() || text.charAt(text.length() - 1) == ':' ? "" : ":")
                    .append(Integer.toHexString(group(high, low, i)));
            }
        }
        return text.toString();
    }

    private static int group(final long high, final long low, final int index) {
        final long half = index < GROUPS / 2 ? high : low;
        return (int)(half >>> 48 - 16 * (index % (GROUPS / 2))) & 0xffff;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Ipv6Prefix that && high == that.high && low == that.low && length == that.length;
    }

    @Override
    public int hashCode() {
        return (Long.hashCode(high) * 31 + Long.hashCode(low)) * 31 + length;
    }

    /**
     * As people write it.
     *
     * @return {@code fd00:10:65::2/128}.
     */
    @Override
    public String toString() {
        return format(high, low) + '/' + length;
    }
}

package io.caracal.control;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IPv4 network, or one address as a /32.
 *
 * @param address the network's address in host order, bits beyond the length zero.
 * @param length  0 to 32 bits.
 */
public record Ipv4Prefix(int address, int length) {
    /** Bits of an IPv4 address: the length of a prefix that is one address. */
    public static final int MAX_LENGTH = 32;

    private static final String BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern TEXT = Pattern.compile(
        BYTE + "\\." + BYTE + "\\." + BYTE + "\\." + BYTE + "(?:/(3[0-2]|[12]?\\d))?");

    /**
     * Checks length and host bits.
     *
     * @throws IllegalArgumentException naming what is wrong.
     */
    public Ipv4Prefix {
        if (length < 0 || length > MAX_LENGTH) {
            throw new IllegalArgumentException("IPv4 prefix length " + length + " is not 0 to " + MAX_LENGTH);
        }
        final int hostMask = length == MAX_LENGTH ? 0 : -1 >>> length;
        if ((address & hostMask) != 0) {
            throw new IllegalArgumentException("IPv4 prefix " + format(address) + '/' + length
                + " has bits set beyond its length");
        }
    }

    /**
     * Reads dotted decimal with an optional length; an address alone is a /32. Never asks a resolver, and takes no
     * leading zeros (some programs read them as octal).
     *
     * @param text such as {@code 10.65.0.2/32}.
     * @return the prefix.
     * @throws IllegalArgumentException when it is anything else.
     */
    public static Ipv4Prefix parse(final String text) {
        final Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not an IPv4 address or prefix");
        }
        int address = 0;
        for (int group = 1; group <= 4; group++) {
            address = address << 8 | Integer.parseInt(matcher.group(group));
        }
        final String length = matcher.group(5);
        return new Ipv4Prefix(address, length == null ? MAX_LENGTH : Integer.parseInt(length));
    }

    /**
     * Whether it is one address.
     *
     * @return true for a /32.
     */
    public boolean isSingleAddress() {
        return length == MAX_LENGTH;
    }

    /**
     * The address without the length.
     *
     * @return dotted decimal.
     */
    public String addressText() {
        return format(address);
    }

    private static String format(final int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xff) + '.' + (address >>> 8 & 0xff) + '.' + (address & 0xff);
    }

    /**
     * As people write it.
     *
     * @return {@code 10.65.0.2/32}.
     */
    @Override
    public String toString() {
        return format(address) + '/' + length;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Ipv4Prefix that && address == that.address && length == that.length;
    }

    @Override
    public int hashCode() {
        return address * 31 + length;
    }
}

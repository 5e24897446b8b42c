package io.caracal.control;

import java.util.regex.Pattern;

/**
 * A station's Ethernet address.
 *
 * @param value the six bytes as a 48-bit number, first byte highest.
 */
public record MacAddress(long value) {
    private static final Pattern TEXT = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
    /** Lowest bit of the first byte: a group, not a station (IEEE 802). */
    private static final long GROUP_BIT = 1L << 40;
    private static final int BITS = 48;

    /**
     * Refuses what cannot be a station's address.
     *
     * @throws IllegalArgumentException when it is zero, a group address or wider than 48 bits.
     */
    public MacAddress {
        if (value >>> BITS != 0) {
            throw new IllegalArgumentException("MAC address wider than 48 bits: 0x" + Long.toHexString(value));
        }
        if (value == 0 || (value & GROUP_BIT) != 0) {
            throw new IllegalArgumentException("MAC address " + format(value)
                + " is not a station's (zero, multicast or broadcast)");
        }
    }

    /**
     * Reads six hexadecimal bytes with colons.
     *
     * @param text such as {@code 06:b8:74:2f:5a:18}.
     * @return the address.
     * @throws IllegalArgumentException when it is anything else.
     */
    public static MacAddress parse(final String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("MAC address '" + text + "' is not six hexadecimal bytes with colons");
        }
        return new MacAddress(Long.parseLong(text.replace(":", ""), 16));
    }

    private static String format(final long value) {
        final StringBuilder text = new StringBuilder(17);
        for (int shift = BITS - 8; shift >= 0; shift -= 8) {
            text.append(shift == BITS - 8 ? "" : ":").append(String.format("%02x", value >>> shift & 0xff));
        }
        return text.toString();
    }

    /**
     * As people write it.
     *
     * @return six hexadecimal bytes with colons, lower case.
     */
    @Override
    public String toString() {
        return format(value);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final MacAddress that && value == that.value;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(value);
    }
}

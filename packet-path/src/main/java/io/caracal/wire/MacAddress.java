package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Ethernet addresses as the low 48 bits of a {@code long}, first byte on the wire highest. Stateless; any thread.
 *
 * <pre>{@code
 * final long mac = MacAddress.parse("ee:ee:ee:ee:ee:ee");
 * MacAddress.write(buffer, offset, mac);
 * }</pre>
 */
public final class MacAddress {
    /** Bytes of an address. */
    public static final int LENGTH = 6;
    /** The host end of every workload interface has this address (Calico's CNI plugin, {@code dataplane_linux.go}). */
    public static final long GATEWAY = 0xEEEE_EEEE_EEEEL;
    /** All ones: every station of the link. */
    public static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private static final long GROUP_BIT = 0x0100_0000_0000L;
    private static final int TEXT_LENGTH = 17;

    private MacAddress() {
    }

    /**
     * Reads an address.
     *
     * @param buffer the bytes.
     * @param offset index of its first byte; six bytes must be there.
     * @return the address, 0 .. {@link #BROADCAST}.
     */
    public static long read(final UnsafeBuffer buffer, final int offset) {
        return (long)Short.toUnsignedInt(buffer.getShort(offset, ByteOrder.BIG_ENDIAN)) << 32
            | Integer.toUnsignedLong(buffer.getInt(offset + 2, ByteOrder.BIG_ENDIAN));
    }

    /**
     * Writes an address.
     *
     * @param buffer the bytes.
     * @param offset index of its first byte; six bytes must be there.
     * @param mac the address; bits above 48 are ignored.
     */
    public static void write(final UnsafeBuffer buffer, final int offset, final long mac) {
        buffer.putShort(offset, (short)(mac >>> 32), ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + 2, (int)mac, ByteOrder.BIG_ENDIAN);
    }

    /**
     * Whether an address names a group of stations (multicast or broadcast): lowest bit of the first byte.
     *
     * @param mac the address.
     * @return true for a group.
     */
    public static boolean isGroup(final long mac) {
        return (mac & GROUP_BIT) != 0;
    }

    /**
     * Reads the usual text: six pairs of hexadecimal digits between colons, either case.
     *
     * @param text such as {@code 0a:1b:2c:3d:4e:5f}.
     * @return the address.
     * @throws IllegalArgumentException when the text is anything else.
     */
    public static long parse(final String text) {
        if (text.length() != TEXT_LENGTH) {
            throw malformed(text);
        }
        long mac = 0;
        for (int i = 0; i < TEXT_LENGTH; i++) {
            final char c = text.charAt(i);
            if (i % 3 == 2) {
                if (c != ':') {
                    throw malformed(text);
                }
            } else {
                mac = mac << 4 | hexDigit(c, text);
            }
        }
        return mac;
    }

    /**
     * Writes the usual text.
     *
     * @param mac the address; bits above 48 are ignored.
     * @return six pairs of lower-case digits between colons.
     */
    public static String format(final long mac) {
        final StringBuilder text = new StringBuilder(TEXT_LENGTH);
        for (int shift = 40; shift >= 0; shift -= 8) {
            final int octet = (int)(mac >>> shift) & 0xFF;
            text.append(Character.forDigit(octet >>> 4, 16)).append(Character.forDigit(octet & 0xF, 16));
            if (shift > 0) {
                text.append(':');
            }
        }
        return text.toString();
    }

    private static int hexDigit(final char c, final String text) {
        // Character.digit also takes digits of other scripts, which no tool prints.
        final int digit = c < 128 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
            throw malformed(text);
        }
        return digit;
    }

    private static IllegalArgumentException malformed(final String text) {
        return new IllegalArgumentException(
            "read MAC address '" + text + "': expected six pairs of hexadecimal digits, such as 0a:1b:2c:3d:4e:5f");
    }
}

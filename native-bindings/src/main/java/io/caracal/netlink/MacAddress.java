package io.caracal.netlink;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param value its 48 bits, the first byte on the wire in bits 40 to 47.
 */
public record MacAddress(long value) {
    /** Bytes of an Ethernet address. */
    public static final int LENGTH = 6;

    private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

    /**
     * Checks the range.
     *
     * @param value its 48 bits, the first byte on the wire in bits 40 to 47.
     */
    public MacAddress {
        if (value >>> (LENGTH * Byte.SIZE) != 0) {
            throw new IllegalArgumentException("more than 48 bits: 0x" + Long.toHexString(value));
        }
    }

    /**
     * Reads the usual notation.
     *
     * @param text such as {@code ee:ee:ee:ee:ee:ee}.
     * @return the address.
     */
    public static MacAddress parse(final String text) {
        try {
            return of(COLONS.parseHex(text));
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException("not an Ethernet address: '" + text + "'", e);
        }
    }

    /**
     * From the bytes on the wire.
     *
     * @param bytes six of them.
     * @return the address.
     */
    public static MacAddress of(final byte... bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("an Ethernet address has 6 bytes, not " + bytes.length);
        }
        long value = 0;
        for (final byte b : bytes) {
            value = value << Byte.SIZE | b & 0xff;
        }
        return new MacAddress(value);
    }

    /**
     * The bytes on the wire.
     *
     * @return six bytes, the caller's own.
     */
    public byte[] bytes() {
        final byte[] bytes = new byte[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            bytes[i] = (byte)(value >>> (LENGTH - 1 - i) * Byte.SIZE);
        }
        return bytes;
    }

    @Override
    public String toString() {
        return COLONS.formatHex(bytes());
    }
}

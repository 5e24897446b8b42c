package io.caracal.policy.model;

import java.net.Inet6Address;
import java.net.UnknownHostException;

/** Addresses as {@link Prefix} keeps them (left-aligned in 128 bits), for people. */
public final class Addresses {
    private static final int IPV6_BYTES = 16;
    private static final int NO_SCOPE = -1;

    private Addresses() {
    }

    /**
     * Writes an address.
     *
     * @param v6 whether it is IPv6.
     * @param high bits 0-63, left-aligned.
     * @param low bits 64-127.
     * @return dotted quad, or groups of hexadecimal digits.
     */
    public static String format(final boolean v6, final long high, final long low) {
        if (!v6) {
            return (high >>> 56) + "." + (high >>> 48 & 0xff) + "." + (high >>> 40 & 0xff) + "." + (high >>> 32 & 0xff);
        }
        final byte[] bytes = new byte[IPV6_BYTES];
        for (int i = 0; i < Long.BYTES; i++) {
            bytes[i] = (byte)(high >>> 56 - i * Byte.SIZE);
            bytes[Long.BYTES + i] = (byte)(low >>> 56 - i * Byte.SIZE);
        }
        try {
            return Inet6Address.getByAddress(null, bytes, NO_SCOPE).getHostAddress();
        } catch (final UnknownHostException e) {
            throw new AssertionError("16 bytes are always an address", e);
        }
    }
}

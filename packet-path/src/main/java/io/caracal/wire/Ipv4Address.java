package io.caracal.wire;

/**
 * IPv4 addresses as an {@code int} in host order: text and classes. Stateless; any thread.
 *
 * <pre>{@code
 * final int pod = Ipv4Address.parse("10.65.0.7");
 * assert Ipv4Address.format(pod).equals("10.65.0.7");
 * }</pre>
 */
public final class Ipv4Address {
    /** Bytes of an address. */
    public static final int LENGTH = 4;
    /** 169.254.1.1: the next hop of every Calico pod ({@code cni-plugin/pkg/dataplane/linux}). */
    public static final int GATEWAY = 0xA9FE_0101;
    /** 255.255.255.255: every station of the link. */
    public static final int BROADCAST = -1;

    private static final int MULTICAST_PREFIX = 0xE;
    private static final int LOOPBACK_PREFIX = 127;

    private Ipv4Address() {
    }

    /**
     * Whether an address is a group's (224.0.0.0/4, RFC 5771).
     *
     * @param address host order.
     * @return true for multicast.
     */
    public static boolean isMulticast(final int address) {
        return address >>> 28 == MULTICAST_PREFIX;
    }

    /**
     * Whether an address is a host's own loopback (127.0.0.0/8, RFC 1122 section 3.2.1.3).
     *
     * @param address host order.
     * @return true for loopback.
     */
    public static boolean isLoopback(final int address) {
        return address >>> 24 == LOOPBACK_PREFIX;
    }

    /**
     * Reads four decimal numbers between dots. Strict: no leading zeros (which some tools read as octal), no signs,
     * no spaces, no missing parts.
     *
     * @param text such as {@code 10.65.0.7}.
     * @return host order.
     * @throws IllegalArgumentException when the text is anything else.
     */
    public static int parse(final String text) {
        int address = 0;
        int position = 0;
        for (int part = 0; part < LENGTH; part++) {
            if (part > 0) {
                expect(text, position++, '.');
            }
            final int end = endOfDigits(text, position);
            address = address << 8 | octet(text, position, end);
            position = end;
        }
        if (position != text.length()) {
            throw malformed(text);
        }
        return address;
    }

    /**
     * Writes four decimal numbers between dots.
     *
     * @param address host order.
     * @return such as {@code 10.65.0.7}.
     */
    public static String format(final int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xFF) + "." + (address >>> 8 & 0xFF) + "."
            + (address & 0xFF);
    }

    private static int endOfDigits(final String text, final int start) {
        int end = start;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        return end;
    }

    private static int octet(final String text, final int start, final int end) {
        final int digits = end - start;
        if (digits < 1 || digits > 3 || digits > 1 && text.charAt(start) == '0') {
            throw malformed(text);
        }
        final int value = Integer.parseInt(text, start, end, 10);
        if (value > 0xFF) {
            throw malformed(text);
        }
        return value;
    }

    private static void expect(final String text, final int position, final char expected) {
        if (position >= text.length() || text.charAt(position) != expected) {
            throw malformed(text);
        }
    }

    private static IllegalArgumentException malformed(final String text) {
        return new IllegalArgumentException("read IPv4 address '" + text
            + "': expected four numbers 0 .. 255 without leading zeros between dots, such as 10.65.0.7");
    }
}

package io.caracal.kernel;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Objects;

/**
 * A network of either IP version.
 *
 * @param address its first address.
 * @param length bits of it that are fixed.
 */
public record IpPrefix(InetAddress address, int length) {
    /**
     * Checks that the length fits the IP version and that no bit behind it is set.
     *
     * @throws IllegalArgumentException which network, and what is wrong.
     */
    public IpPrefix {
        Objects.requireNonNull(address);
        final byte[] bytes = address.getAddress();
        if (length < 0 || length > bytes.length * Byte.SIZE) {
            throw new IllegalArgumentException("network of " + length + " bits: " + address.getHostAddress());
        }
        for (int bit = length; bit < bytes.length * Byte.SIZE; bit++) {
            if ((bytes[bit / Byte.SIZE] >> Byte.SIZE - 1 - bit % Byte.SIZE & 1) != 0) {
                throw new IllegalArgumentException("network " + address.getHostAddress() + '/' + length
                    + " has bits behind its length: it is an address, not a network");
            }
        }
    }

    /**
     * Reads the usual notation.
     *
     * @param text such as {@code 10.65.0.0/26}.
     * @return the network.
     * @throws IllegalArgumentException when it is none.
     */
    public static IpPrefix parse(final String text) {
        final int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not a network such as 10.65.0.0/26: '" + text + "'");
        }
        return new IpPrefix(InetAddress.ofLiteral(text.substring(0, slash)),
            Integer.parseInt(text.substring(slash + 1)));
    }

    /**
     * The network of one address.
     *
     * @param address the address.
     * @return /32 or /128.
     */
    public static IpPrefix of(final InetAddress address) {
        return new IpPrefix(address, address.getAddress().length * Byte.SIZE);
    }

    /**
     * The IP version.
     *
     * @return true for IPv4.
     */
    public boolean isIpv4() {
        return address instanceof Inet4Address;
    }

    /**
     * Whether it is one address.
     *
     * @return true for /32 and /128.
     */
    public boolean isSingleAddress() {
        return length == address.getAddress().length * Byte.SIZE;
    }

    @Override
    public String toString() {
        return address.getHostAddress() + '/' + length;
    }
}

package io.caracal.network;

import io.caracal.kernel.IpPrefix;
import io.caracal.policy.model.Prefix;
import io.caracal.wire.Ipv6Text;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Between the forms that control ({@link Prefix}), the kernel ({@link InetAddress}, {@link IpPrefix}) and the packet
 * path (numbers) have for one address. Stateless; any thread.
 */
final class NetworkAddresses {
    private static final int IPV4_LENGTH = 4;
    private static final int IPV6_LENGTH = 16;

    private NetworkAddresses() {
    }

    /** The first address of a prefix; IPv4-mapped IPv6 stays IPv6. */
    static InetAddress address(final Prefix prefix) {
        final ByteBuffer bytes = prefix.v6()
            ? ByteBuffer.allocate(IPV6_LENGTH).putLong(prefix.high()).putLong(prefix.low())
            : ByteBuffer.allocate(IPV4_LENGTH).putInt((int)(prefix.high() >>> Integer.SIZE));
        try {
            return prefix.v6() ? Inet6Address.getByAddress(null, bytes.array(), -1)
                : InetAddress.getByAddress(bytes.array());
        } catch (final UnknownHostException impossible) {
            throw new AssertionError("4 or 16 bytes are an address", impossible);
        }
    }

    static IpPrefix network(final Prefix prefix) {
        return new IpPrefix(address(prefix), prefix.length());
    }

    /** A network of the kernel's; bits behind its length do not matter. */
    static Prefix prefix(final InetAddress address, final int length) {
        final ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return address instanceof Inet4Address
            ? new Prefix(false, Integer.toUnsignedLong(bytes.getInt()) << Integer.SIZE, 0, length)
            : new Prefix(true, bytes.getLong(), bytes.getLong(), length);
    }

    static Prefix prefix(final InetAddress address) {
        return prefix(address, address.getAddress().length * Byte.SIZE);
    }

    /** Host order; 0 for null. */
    static int ipv4(final InetAddress address) {
        return address == null ? 0 : ByteBuffer.wrap(address.getAddress()).getInt();
    }

    /** :: for null. */
    static Ipv6Text ipv6(final InetAddress address) {
        if (address == null) {
            return new Ipv6Text(0, 0);
        }
        final ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return new Ipv6Text(bytes.getLong(), bytes.getLong());
    }

    /** Whether an address is within a prefix. */
    static boolean contains(final Prefix network, final Prefix address) {
        return network.length() <= address.length() && network.contains(address.v6(), address.high(), address.low());
    }
}

package io.caracal.stage;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Text;
import java.util.Arrays;
import java.util.List;

/**
 * Sources that a workload may use though they are not its own (Calico's {@code allowSpoofedSourcePrefixes}, Felix's
 * chain {@code cali-rpf-skip}): few, so they are scanned. Immutable; any thread. Lookups allocate nothing.
 *
 * <p>No exemption makes a source of what cannot be one: "this network", loopback, groups, broadcast and the unspecified
 * address, which the kernel calls martians however {@code rp_filter} is set (net/ipv4/route.c,
 * {@code ip_route_input_slow}; net/ipv6/ip6_input.c).</p>
 *
 * <pre>{@code
 * final SourcePrefixes prefixes = SourcePrefixes.of("203.0.113.0/24", "2001:db8:5::/48");
 * assert prefixes.containsIpv4(Ipv4Address.parse("203.0.113.9"));
 * }</pre>
 */
public final class SourcePrefixes {
    /** No exemption: the workload's own addresses alone. */
    public static final SourcePrefixes NONE = of();

    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;
    private static final int IPV4_WORDS = 2;
    private static final int IPV6_WORDS = 4;

    private final List<String> texts;
    /** Two for each: network, mask. */
    private final int[] ipv4;
    /** Four for each: upper and lower half of the network, upper and lower half of the mask. */
    private final long[] ipv6;

    private SourcePrefixes(final List<String> texts, final int[] ipv4, final long[] ipv6) {
        this.texts = texts;
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    /**
     * Names the prefixes.
     *
     * @param prefixes such as {@code 203.0.113.0/24} or {@code 2001:db8::5}, of both families, in any order.
     * @return them.
     * @throws IllegalArgumentException when one is malformed.
     */
    public static SourcePrefixes of(final String... prefixes) {
        final int[] ipv4 = new int[IPV4_WORDS * prefixes.length];
        final long[] ipv6 = new long[IPV6_WORDS * prefixes.length];
        int ipv4Words = 0;
        int ipv6Words = 0;
        for (final String prefix : prefixes) {
            final int slash = prefix.indexOf('/');
            final String address = slash < 0 ? prefix : prefix.substring(0, slash);
            if (address.indexOf(':') < 0) {
                final int mask = (int)-(1L << IPV4_BITS - length(prefix, slash, IPV4_BITS));
                ipv4[ipv4Words++] = Ipv4Address.parse(address) & mask;
                ipv4[ipv4Words++] = mask;
            } else {
                final int length = length(prefix, slash, IPV6_BITS);
                final Ipv6Text text = Ipv6Text.parse(address);
                ipv6[ipv6Words++] = text.high() & Ipv6Address.highMask(length);
                ipv6[ipv6Words++] = text.low() & Ipv6Address.lowMask(length);
                ipv6[ipv6Words++] = Ipv6Address.highMask(length);
                ipv6[ipv6Words++] = Ipv6Address.lowMask(length);
            }
        }
        return new SourcePrefixes(
            List.of(prefixes), Arrays.copyOf(ipv4, ipv4Words), Arrays.copyOf(ipv6, ipv6Words));
    }

    private static int length(final String prefix, final int slash, final int bits) {
        final int length = slash < 0 ? bits : Integer.parseInt(prefix, slash + 1, prefix.length(), 10);
        if (length < 0 || length > bits) {
            throw new IllegalArgumentException("read prefix " + prefix + ": its length is not in 0-" + bits);
        }
        return length;
    }

    /**
     * Whether a workload with this exemption may send from an IPv4 address.
     *
     * @param address host order.
     * @return false for addresses that are nobody's.
     */
    public boolean containsIpv4(final int address) {
        for (int i = 0; i < ipv4.length; i += IPV4_WORDS) {
            if ((address & ipv4[i + 1]) == ipv4[i]) {
                return address >>> 24 != 0 && address != Ipv4Address.BROADCAST && !Ipv4Address.isLoopback(address)
                    && !Ipv4Address.isMulticast(address);
            }
        }
        return false;
    }

    /**
     * Whether a workload with this exemption may send from an IPv6 address.
     *
     * @param high upper half.
     * @param low lower half.
     * @return false for addresses that are nobody's.
     */
    public boolean containsIpv6(final long high, final long low) {
        for (int i = 0; i < ipv6.length; i += IPV6_WORDS) {
            if ((high & ipv6[i + 2]) == ipv6[i] && (low & ipv6[i + 3]) == ipv6[i + 1]) {
                return (high != 0 || low >>> 1 != 0) && !Ipv6Address.isMulticast(high)
                    && !Ipv6Address.isLinkLocal(high);
            }
        }
        return false;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final SourcePrefixes prefixes && Arrays.equals(ipv4, prefixes.ipv4)
            && Arrays.equals(ipv6, prefixes.ipv6);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(ipv4) + Arrays.hashCode(ipv6);
    }

    @Override
    public String toString() {
        return texts.toString();
    }
}

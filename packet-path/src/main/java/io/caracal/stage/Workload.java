package io.caracal.stage;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import java.util.Arrays;

/**
 * One pod: the kernel ifindex of its interface on the host, the addresses behind it, and which others it may send from.
 * Immutable; any thread.
 *
 * <pre>{@code
 * final Workload pod = Workload.of(12, "10.65.0.7", "fd00:10:65::7");
 * }</pre>
 */
public final class Workload {
    private final int ifindex;
    private final int[] ipv4;
    private final Ipv6Text[] ipv6;
    private final SourcePrefixes exemptSources;

    private Workload(final int ifindex, final int[] ipv4, final Ipv6Text[] ipv6, final SourcePrefixes exemptSources) {
        this.ifindex = ifindex;
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
        this.exemptSources = exemptSources;
    }

    /**
     * Names a workload.
     *
     * @param ifindex positive kernel ifindex.
     * @param addresses IPv4 and IPv6 addresses as text, in any order; none is a workload that may send nothing.
     * @return the workload.
     * @throws IllegalArgumentException when the ifindex is not positive or an address is malformed.
     */
    public static Workload of(final int ifindex, final String... addresses) {
        if (ifindex <= 0) {
            throw new IllegalArgumentException(
                "name workload of interface " + ifindex + ": expected a positive ifindex");
        }
        final int[] ipv4 = Arrays.stream(addresses).filter(a -> a.indexOf(':') < 0)
            .mapToInt(Ipv4Address::parse).toArray();
        final Ipv6Text[] ipv6 = Arrays.stream(addresses).filter(a -> a.indexOf(':') >= 0).map(Ipv6Text::parse)
            .toArray(Ipv6Text[]::new);
        return new Workload(ifindex, ipv4, ipv6, SourcePrefixes.NONE);
    }

    /**
     * The same workload, which may send from other addresses too.
     *
     * @param prefixes of such addresses.
     * @return a copy.
     */
    public Workload withExemptSources(final SourcePrefixes prefixes) {
        return new Workload(ifindex, ipv4, ipv6, prefixes);
    }

    /**
     * Sources that it may use though they are not its own; nothing is delivered to it for them.
     *
     * @return none as a rule.
     */
    public SourcePrefixes exemptSources() {
        return exemptSources;
    }

    /**
     * The interface on the host.
     *
     * @return positive kernel ifindex.
     */
    public int ifindex() {
        return ifindex;
    }

    /**
     * How many IPv4 addresses it has.
     *
     * @return 0 or more.
     */
    public int ipv4Count() {
        return ipv4.length;
    }

    /**
     * One of its IPv4 addresses.
     *
     * @param index 0 .. {@link #ipv4Count()} - 1.
     * @return host order.
     */
    public int ipv4(final int index) {
        return ipv4[index];
    }

    /**
     * How many IPv6 addresses it has.
     *
     * @return 0 or more.
     */
    public int ipv6Count() {
        return ipv6.length;
    }

    /**
     * One of its IPv6 addresses.
     *
     * @param index 0 .. {@link #ipv6Count()} - 1.
     * @return the address.
     */
    public Ipv6Text ipv6(final int index) {
        return ipv6[index];
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder("ifindex ").append(ifindex);
        for (final int address : ipv4) {
            text.append(' ').append(Ipv4Address.format(address));
        }
        for (final Ipv6Text address : ipv6) {
            text.append(' ').append(address);
        }
        return text.toString();
    }
}

package io.caracal.netlink;

import java.net.InetAddress;
import java.util.Objects;

/**
 * One direction of a connection as the kernel tracks it.
 *
 * @param source who sends.
 * @param destination to whom, of the same IP version.
 * @param protocol IP protocol.
 * @param sourcePort port; of an ICMP query its identifier; 0 for protocols without either.
 * @param destinationPort port; of an ICMP query its type in the upper byte and its code in the lower one.
 */
public record ConntrackTuple(InetAddress source, InetAddress destination, int protocol, int sourcePort,
    int destinationPort) {
    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;

    /**
     * Checks that it is of one IP version.
     *
     * @throws IllegalArgumentException for two.
     */
    public ConntrackTuple {
        Objects.requireNonNull(source);
        if (source.getAddress().length != destination.getAddress().length) {
            throw new IllegalArgumentException("a connection of " + source + " and " + destination
                + ": two IP versions");
        }
    }

    /**
     * Whether it is an ICMP query, whose numbers are no ports.
     *
     * @return true for ICMP and ICMPv6.
     */
    public boolean isIcmp() {
        return protocol == ICMP || protocol == ICMPV6;
    }

    /**
     * The other direction where nothing is translated.
     *
     * @return source and destination exchanged.
     * @throws IllegalArgumentException for an ICMP query, whose reply is of another type.
     */
    public ConntrackTuple reversed() {
        if (isIcmp()) {
            throw new IllegalArgumentException("the reply of an ICMP query has its own type: " + this);
        }
        return new ConntrackTuple(destination, source, protocol, destinationPort, sourcePort);
    }
}

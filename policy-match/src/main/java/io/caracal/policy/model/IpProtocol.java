package io.caracal.policy.model;

/** IP protocol numbers that policy treats in a way of their own (IANA protocol-numbers). */
public final class IpProtocol {
    /** ICMP for IPv4. */
    public static final int ICMP = 1;
    /** IPv4 in IP: the IPIP overlay. */
    public static final int IPIP = 4;
    /** TCP. */
    public static final int TCP = 6;
    /** UDP. */
    public static final int UDP = 17;
    /** ICMP for IPv6. */
    public static final int ICMPV6 = 58;
    /** SCTP. */
    public static final int SCTP = 132;
    /** UDP-Lite. */
    public static final int UDPLITE = 136;
    /** The largest protocol number. */
    public static final int MAX = 255;

    private IpProtocol() {
    }

    /**
     * Whether a protocol's packets carry ports where policy looks for them: those that Felix lets a rule combine with
     * ports.
     *
     * @param protocol IP protocol number.
     * @return whether source and destination port can be matched.
     */
    public static boolean hasPorts(final int protocol) {
        return protocol == TCP || protocol == UDP || protocol == SCTP || protocol == UDPLITE;
    }

    /**
     * Reads a protocol as Felix writes it.
     *
     * @param word a name (any case) or a number 1-255; 0 is refused, for iptables takes it as "any".
     * @return the protocol number.
     * @throws PolicyException if it is neither.
     */
    public static int parse(final String word) {
        return switch (word.toLowerCase(java.util.Locale.ROOT)) {
            case "icmp" -> ICMP;
            case "tcp" -> TCP;
            case "udp" -> UDP;
            case "icmpv6" -> ICMPV6;
            case "sctp" -> SCTP;
            case "udplite" -> UDPLITE;
            default -> parseNumber(word);
        };
    }

    /**
     * The name that Felix uses.
     *
     * @param protocol IP protocol number.
     * @return lower case, or the number where there is no name.
     */
    public static String name(final int protocol) {
        return switch (protocol) {
            case ICMP -> "icmp";
            case TCP -> "tcp";
            case UDP -> "udp";
            case ICMPV6 -> "icmpv6";
            case SCTP -> "sctp";
            case UDPLITE -> "udplite";
            default -> Integer.toString(protocol);
        };
    }

    private static int parseNumber(final String word) {
        try {
            return checked(Integer.parseInt(word));
        } catch (final NumberFormatException e) {
            throw refused(word);
        }
    }

    /**
     * Checks a protocol number.
     *
     * @param number to be 1-255.
     * @return the number.
     * @throws PolicyException if it is not.
     */
    public static int checked(final int number) {
        if (number < 1 || number > MAX) {
            throw refused(Integer.toString(number));
        }
        return number;
    }

    private static PolicyException refused(final String word) {
        return new PolicyException("protocol " + word, "is neither tcp, udp, icmp, icmpv6, sctp, udplite nor 1-255");
    }
}

package io.caracal.wire;

/** ICMPv6 message types (RFC 4443, RFC 4861; IANA "ICMPv6 Parameters"); the header is {@link IcmpHeader}'s. */
public final class Icmpv6Type {
    /** Error: destination unreachable. */
    public static final int UNREACHABLE = 1;
    /** Error: packet too big. */
    public static final int PACKET_TOO_BIG = 2;
    /** Error: time exceeded. */
    public static final int TIME_EXCEEDED = 3;
    /** Error: parameter problem. */
    public static final int PARAMETER_PROBLEM = 4;
    /** Echo request, the first number that is no error. */
    public static final int ECHO_REQUEST = 128;
    /** Answer to an echo request. */
    public static final int ECHO_REPLY = 129;
    /** Neighbour discovery: asks routers to announce themselves. */
    public static final int ROUTER_SOLICITATION = 133;
    /** Neighbour discovery: a router announces itself. */
    public static final int ROUTER_ADVERTISEMENT = 134;
    /** Neighbour discovery: who has the target address? */
    public static final int NEIGHBOUR_SOLICITATION = 135;
    /** Neighbour discovery: the sender has it. */
    public static final int NEIGHBOUR_ADVERTISEMENT = 136;
    /** Neighbour discovery: a better first hop. */
    public static final int REDIRECT = 137;

    private Icmpv6Type() {
    }

    /**
     * Whether a type is a query with an identifier, or its answer.
     *
     * @param type 0 .. 255.
     * @return true for echo.
     */
    public static boolean isQuery(final int type) {
        return type == ECHO_REQUEST || type == ECHO_REPLY;
    }

    /**
     * Whether a type is an error: carries the packet that caused it (RFC 4443 section 2.1: the high bit is 0).
     *
     * @param type 0 .. 255.
     * @return true below 128.
     */
    public static boolean isError(final int type) {
        return type < ECHO_REQUEST;
    }

    /**
     * Whether a type is neighbour discovery's, which no router may pass on.
     *
     * @param type 0 .. 255.
     * @return true for router and neighbour messages and redirects.
     */
    public static boolean isNeighbourDiscovery(final int type) {
        return type >= ROUTER_SOLICITATION && type <= REDIRECT;
    }
}

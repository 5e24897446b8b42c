package io.caracal.stage;

/** The kinds of frames that {@link SyntheticTraffic} makes; each drives another path through the stages. */
public enum SyntheticFrame {
    /** TCP over IPv4. */
    TCP_IPV4,
    /** UDP over IPv4. */
    UDP_IPV4,
    /** Echo request over IPv4. */
    ICMP_IPV4,
    /** Destination unreachable over IPv4. */
    ICMP_ERROR_IPV4,
    /** SCTP over IPv4. */
    SCTP_IPV4,
    /** A first or later fragment over IPv4. */
    FRAGMENT_IPV4,
    /** UDP over IPv4 with options. */
    OPTIONS_IPV4,
    /** TCP over IPv6. */
    TCP_IPV6,
    /** UDP over IPv6. */
    UDP_IPV6,
    /** Echo request over IPv6. */
    ICMP_IPV6,
    /** Destination unreachable over IPv6. */
    ICMP_ERROR_IPV6,
    /** A first or later fragment over IPv6. */
    FRAGMENT_IPV6,
    /** UDP over IPv6 behind hop-by-hop options. */
    OPTIONS_IPV6,
    /** An ARP request for the gateway. */
    ARP,
    /** A neighbour solicitation for the gateway. */
    SOLICITATION
}

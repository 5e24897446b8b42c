package io.caracal.conntrack;

/** Numbers of the IP protocols that conntrack has a state machine for (IANA "Assigned Internet Protocol Numbers"). */
final class IpProtocol {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMPV6 = 58;
    static final int SCTP = 132;

    private IpProtocol() {
    }
}

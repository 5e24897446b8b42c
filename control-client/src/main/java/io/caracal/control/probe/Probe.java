package io.caracal.control.probe;

import io.caracal.policy.model.IpProtocol;
import io.caracal.policy.model.Prefix;

/**
 * One packet of a new flow, as a file of probes describes it.
 *
 * @param from            pod {@code namespace/name}, node, or any word for others.
 * @param to              likewise.
 * @param fromEndpoint    id of the sending workload endpoint, or empty.
 * @param toEndpoint      id of the receiving workload endpoint, or empty.
 * @param source          source address, of full length.
 * @param destination     destination address after destination NAT, of full length.
 * @param protocol        IP protocol number.
 * @param sourcePort      source port, 0 where the protocol has none.
 * @param destinationPort destination port, ICMP {@code type << 8 | code}, or 0.
 * @param expected        what the file expects: TRUE allow, FALSE deny, null nothing.
 */
public record Probe(String from, String to, String fromEndpoint, String toEndpoint, Prefix source, Prefix destination,
                    int protocol, int sourcePort, int destinationPort, Boolean expected) {
    /**
     * Whether it is ICMP of its own family.
     *
     * @return whether {@link #destinationPort()} is type and code.
     */
    public boolean isIcmp() {
        return protocol == (source.v6() ? IpProtocol.ICMPV6 : IpProtocol.ICMP);
    }

    /**
     * Whether connection tracking would call it invalid: ICMP that is neither a query nor an error of a known flow
     * (nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c; those that the kernel does not track at all are valid).
     *
     * @return whether it is.
     */
    public boolean isInvalid() {
        final int type = destinationPort >>> Byte.SIZE;
        if (!isIcmp()) {
            return false;
        }
        return source.v6() ? type <= 4 || type == 129 || type == 140
            : type != 8 && type != 13 && type != 15 && type != 17;
    }

    @Override
    public String toString() {
        final String what = isIcmp()
            ? " type " + (destinationPort >>> Byte.SIZE) + " code " + (destinationPort & 0xff)
            : IpProtocol.hasPorts(protocol) ? " " + sourcePort + " -> " + destinationPort : "";
        return (from + " " + address(source) + " -> " + to + " " + address(destination) + " "
            + IpProtocol.name(protocol) + what).strip();
    }

    private static String address(final Prefix prefix) {
        return prefix.toString().substring(0, prefix.toString().indexOf('/'));
    }
}

package io.caracal.policy.model;

import java.util.List;
import java.util.stream.Collectors;

/**
 * One criterion of a rule. A rule matches a packet when all of its criteria do; a list inside one criterion is an OR.
 * The set is closed: whoever adds a kind is led by the compiler to every place that must know it.
 */
public sealed interface MatchDimension {
    /**
     * Only packets of one family.
     *
     * @param v6 whether IPv6 rather than IPv4.
     */
    record Family(boolean v6) implements MatchDimension {
        @Override
        public String toString() {
            return v6 ? "ipv6" : "ipv4";
        }
    }

    /**
     * The IP protocol.
     *
     * @param protocol 1-255.
     * @param negated whether any other protocol matches instead.
     */
    record Protocol(int protocol, boolean negated) implements MatchDimension {
        /** Checks the number. */
        public Protocol {
            IpProtocol.checked(protocol);
        }

        @Override
        public String toString() {
            return not(negated) + "protocol " + IpProtocol.name(protocol);
        }
    }

    /**
     * The address is in one of some prefixes. For a packet of one family only the prefixes of that family count; a
     * list without any leaves the rule out for that family, negated or not, and so does a negated prefix that holds
     * every address (felix/rules/policy.go {@code filterNets}).
     *
     * @param side which address.
     * @param nets at least one prefix.
     * @param negated whether the address must be in none of them.
     */
    record Nets(PeerSide side, List<Prefix> nets, boolean negated) implements MatchDimension {
        /** Copies the list. */
        public Nets {
            nets = List.copyOf(nets);
            requireSome(nets, "nets");
        }

        @Override
        public String toString() {
            return not(negated) + side.word() + " in " + join(nets);
        }
    }

    /**
     * The address is a member of an IP set of kind NET.
     *
     * @param side which address.
     * @param setId id of the set.
     * @param negated whether it must not be a member.
     */
    record InIpSet(PeerSide side, String setId, boolean negated) implements MatchDimension {
        @Override
        public String toString() {
            return not(negated) + side.word() + " in set " + setId;
        }
    }

    /**
     * The port is in one of some ranges, or address, protocol and port are a member of one of some named-port sets.
     * Ranges match only protocols that have ports; so do negated ranges, since iptables and nftables can express
     * neither without such a protocol. A negated named-port set matches any packet that is not a member.
     *
     * @param side which port.
     * @param ranges numeric ports.
     * @param namedPortSets ids of sets of kind IP_AND_PORT; not empty if there are no ranges.
     * @param negated whether neither may hold.
     */
    record Ports(PeerSide side, List<PortRange> ranges, List<String> namedPortSets, boolean negated)
        implements MatchDimension {
        /** Copies the lists. */
        public Ports {
            ranges = List.copyOf(ranges);
            namedPortSets = List.copyOf(namedPortSets);
            if (ranges.isEmpty()) {
                requireSome(namedPortSets, "ports");
            }
        }

        @Override
        public String toString() {
            return not(negated) + side.word() + " port " + join(ranges)
                + (namedPortSets.isEmpty() ? "" : " or in set " + join(namedPortSets));
        }
    }

    /**
     * Destination address, protocol and destination port are a member of a set of kind IP_AND_PORT (a service).
     *
     * @param setId id of the set.
     */
    record InIpPortSet(String setId) implements MatchDimension {
        @Override
        public String toString() {
            return "dst and port in set " + setId;
        }
    }

    /**
     * ICMP type, and code if given: ICMP of the packet's own family. Negated it still wants an ICMP packet, since
     * iptables and nftables can express it only so.
     *
     * @param type 0-255.
     * @param code 0-255, or {@link #ANY_CODE}.
     * @param negated whether type (and code) must differ.
     */
    record Icmp(int type, int code, boolean negated) implements MatchDimension {
        /** Every code of the type. */
        public static final int ANY_CODE = -1;
        private static final int MAX = 255;

        /** Checks the ranges. */
        public Icmp {
            if (type < 0 || type > MAX || code < ANY_CODE || code > MAX) {
                throw new PolicyException("ICMP type " + type + " code " + code, "is not within 0-255");
            }
        }

        @Override
        public String toString() {
            return not(negated) + "icmp type " + type + (code == ANY_CODE ? "" : " code " + code);
        }
    }

    private static String not(final boolean negated) {
        return negated ? "not " : "";
    }

    private static void requireSome(final List<?> list, final String what) {
        if (list.isEmpty()) {
            throw new PolicyException("match on " + what,
                "is an empty list; a criterion that is not wanted is left out");
        }
    }

    private static String join(final List<?> list) {
        return list.stream().map(Object::toString).collect(Collectors.joining(",", "{", "}"));
    }
}

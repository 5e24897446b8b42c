package io.caracal.policy;

import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import java.util.Map;

/** Whether one rule matches one packet, criterion by criterion: the reference's half that reads rules. */
final class RuleReference {
    private final Map<String, IpSetMembers> sets;

    RuleReference(final Map<String, IpSetMembers> sets) {
        this.sets = sets;
    }

    boolean matches(final Rule rule, final PolicyPacket packet) {
        for (final MatchDimension match : rule.matches()) {
            if (!matches(match, packet)) {
                return false;
            }
        }
        return true;
    }

    private boolean matches(final MatchDimension match, final PolicyPacket packet) {
        return switch (match) {
            case MatchDimension.Family family -> family.v6() == packet.v6;
            case MatchDimension.Protocol protocol -> (protocol.protocol() == packet.protocol) != protocol.negated();
            case MatchDimension.Nets nets -> matchesNets(nets, packet);
            case MatchDimension.InIpSet set -> contains(set.setId(), packet, set.side()) != set.negated();
            case MatchDimension.InIpPortSet set -> contains(set.setId(), packet, PeerSide.DESTINATION);
            case MatchDimension.Ports ports -> matchesPorts(ports, packet);
            case MatchDimension.Icmp icmp -> packet.isIcmp() && isType(icmp, packet) != icmp.negated();
        };
    }

    private static boolean matchesNets(final MatchDimension.Nets match, final PolicyPacket packet) {
        final boolean source = match.side() == PeerSide.SOURCE;
        final long high = source ? packet.sourceHigh : packet.destinationHigh;
        final long low = source ? packet.sourceLow : packet.destinationLow;
        boolean anyOfFamily = false;
        boolean found = false;
        for (final Prefix net : match.nets()) {
            if (net.v6() == packet.v6) {
                anyOfFamily = true;
                found |= net.contains(packet.v6, high, low);
            }
            if (match.negated() && net.v6() == packet.v6 && net.isEverything()) {
                return false;
            }
        }
        return anyOfFamily && found != match.negated();
    }

    private boolean matchesPorts(final MatchDimension.Ports match, final PolicyPacket packet) {
        final int port = match.side() == PeerSide.SOURCE ? packet.sourcePort : packet.destinationPort;
        boolean named = false;
        for (final String id : match.namedPortSets()) {
            named |= contains(id, packet, match.side());
        }
        boolean numeric = false;
        for (final PortRange range : match.ranges()) {
            numeric |= packet.hasPorts() && range.contains(port);
        }
        if (match.negated()) {
            return !named && !numeric && (match.ranges().isEmpty() || packet.hasPorts());
        }
        return named || numeric;
    }

    private boolean contains(final String setId, final PolicyPacket packet, final PeerSide side) {
        final IpSetMembers members = sets.get(setId);
        final boolean source = side == PeerSide.SOURCE;
        final int port = source ? packet.sourcePort : packet.destinationPort;
        final int protocolAndPort = packet.hasPorts() ? packet.protocol << 16 | port : -1;
        return members.contains(packet.v6, source ? packet.sourceHigh : packet.destinationHigh,
            source ? packet.sourceLow : packet.destinationLow, protocolAndPort);
    }

    private static boolean isType(final MatchDimension.Icmp icmp, final PolicyPacket packet) {
        return packet.destinationPort >>> Byte.SIZE == icmp.type()
            && (icmp.code() == MatchDimension.Icmp.ANY_CODE || (packet.destinationPort & 0xff) == icmp.code());
    }
}

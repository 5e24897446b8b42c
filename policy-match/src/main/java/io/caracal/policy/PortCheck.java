package io.caracal.policy;

import io.caracal.policy.lookup.AddressClass;
import io.caracal.policy.lookup.RangeSet;
import io.caracal.policy.model.MatchDimension;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PortRange;
import java.util.List;

/**
 * The port and ICMP criteria of one rule, checked on a packet: for the few rules whose criteria do not fit the index,
 * as numeric ports or named ones in one criterion. Immutable; any thread; allocates nothing.
 */
final class PortCheck {
    private final boolean[] source;
    private final boolean[] negated;
    private final int[][] ranges;
    private final int[][] sets;
    private final int[] icmp;

    PortCheck(final List<MatchDimension.Ports> matches, final RangeSet icmpTypes, final SetNumbers numbers) {
        icmp = icmpTypes == null ? null : pairs(icmpTypes.ranges());
        source = new boolean[matches.size()];
        negated = new boolean[matches.size()];
        ranges = new int[matches.size()][];
        sets = new int[matches.size()][];
        for (int i = 0; i < matches.size(); i++) {
            final MatchDimension.Ports match = matches.get(i);
            source[i] = match.side() == PeerSide.SOURCE;
            negated[i] = match.negated();
            ranges[i] = pairs(match.ranges());
            sets[i] = match.namedPortSets().stream().mapToInt(numbers::ofSet).toArray();
        }
    }

    private static int[] pairs(final List<PortRange> list) {
        final int[] pairs = new int[list.size() * 2];
        for (int i = 0; i < list.size(); i++) {
            pairs[i * 2] = list.get(i).first();
            pairs[i * 2 + 1] = list.get(i).last();
        }
        return pairs;
    }

    /** Whether the packet meets all of them. */
    boolean matches(final PacketClasses classes) {
        final PolicyPacket packet = classes.packet();
        for (int i = 0; i < source.length; i++) {
            final int port = source[i] ? packet.sourcePort : packet.destinationPort;
            final boolean found = packet.hasPorts() && inRanges(ranges[i], port)
                || sets[i].length > 0 && inSets(sets[i], source[i] ? classes.sourcePort() : classes.destinationPort());
            if (found == negated[i] || negated[i] && ranges[i].length > 0 && !packet.hasPorts()) {
                return false;
            }
        }
        return icmp == null || packet.isIcmp() && inRanges(icmp, packet.destinationPort);
    }

    private static boolean inRanges(final int[] pairs, final int port) {
        for (int i = 0; i < pairs.length; i += 2) {
            if (port >= pairs[i] && port <= pairs[i + 1]) {
                return true;
            }
        }
        return false;
    }

    private static boolean inSets(final int[] wanted, final AddressClass member) {
        for (final int set : wanted) {
            if (member.contains(set)) {
                return true;
            }
        }
        return false;
    }
}

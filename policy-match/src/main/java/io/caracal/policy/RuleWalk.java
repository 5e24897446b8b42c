package io.caracal.policy;

import io.caracal.policy.lookup.AnchorTable;
import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.BoxTree;
import io.caracal.policy.lookup.ClassVectors;
import io.caracal.policy.lookup.RuleFilter;

/**
 * Finds the rules of a list that match a packet, in order, wherever the list holds them: under sets, as boxes, as
 * vectors, or as what matches everything. Owned by one worker; allocates nothing.
 */
final class RuleWalk implements RuleFilter {
    private static final int PORT_MASK = 0xffff;

    private final VectorWalk vectors;
    private final BoxTree.Point point = new BoxTree.Point(this);
    private RuleIndex index;
    private RuleGroups groups;
    private PacketClasses classes;
    private boolean usesVectors;

    RuleWalk(final ClassVectors classVectors) {
        vectors = new VectorWalk(classVectors);
    }

    /** Goes to the beginning of a list. */
    void start(final RuleIndex list, final PacketClasses packetClasses) {
        index = list;
        groups = list.groups();
        classes = packetClasses;
        usesVectors = list.vectors() != null && list.prefersVectors(packetClasses);
        if (usesVectors) {
            vectors.start(list.vectors(), packetClasses);
        }
        if (groups != null) {
            final PolicyPacket packet = packetClasses.packet();
            point.addresses(packet.sourceHigh, packet.sourceLow, packet.destinationHigh, packet.destinationLow);
            point.transport(Box.transport(packet.protocol, packet.sourcePort & PORT_MASK,
                packet.destinationPort & PORT_MASK),
                (packet.hasPorts() ? Box.NEEDS_PORTS : 0) | (packet.isIcmp() ? Box.NEEDS_ICMP : 0));
        }
    }

    /**
     * The first rule that matches.
     *
     * @param from index from which to look; the last rule of a list matches everything.
     * @return its index.
     */
    int next(final int from) {
        int best = index.nextEnd(from);
        if (best == from) {
            return best;
        }
        if (usesVectors) {
            best = vectors.next(from, best);
        } else if (groups != null && groups.anchors() != null) {
            best = anchored(groups.anchors(), from, best);
        }
        if (best == from || groups == null || groups.boxes() == null) {
            return best;
        }
        final int boxed = groups.boxes().first(point, from, best);
        return boxed == BoxTree.NONE ? best : boxed;
    }

    private int anchored(final AnchorTable anchors, final int from, final int below) {
        int best = below;
        if (anchors.uses(AnchorTable.SOURCE)) {
            best = anchors.first(classes.sourceHost(), AnchorTable.SOURCE, point, from, best);
            best = anchors.first(classes.sourceNet(), AnchorTable.SOURCE, point, from, best);
        }
        if (anchors.uses(AnchorTable.DESTINATION)) {
            best = anchors.first(classes.destinationHost(), AnchorTable.DESTINATION, point, from, best);
            best = anchors.first(classes.destinationNet(), AnchorTable.DESTINATION, point, from, best);
        }
        return anchors.uses(AnchorTable.PORT)
            ? anchors.first(classes.destinationPort(), AnchorTable.PORT, point, from, best) : best;
    }

    @Override
    public boolean accepts(final int rule) {
        return groups.check(rule).accepts(classes);
    }
}

package io.caracal.policy;

import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.BoxTree;
import io.caracal.policy.lookup.ClassVectors;

/**
 * Finds the rules of a list that match a packet, in order, wherever the list holds them: as boxes, as vectors, or as
 * what matches everything. Owned by one worker; allocates nothing.
 */
final class RuleWalk {
    private static final int PORT_MASK = 0xffff;

    private final VectorWalk vectors;
    private final BoxTree.Point point = new BoxTree.Point();
    private RuleIndex index;

    RuleWalk(final ClassVectors classVectors) {
        vectors = new VectorWalk(classVectors);
    }

    /** Goes to the beginning of a list. */
    void start(final RuleIndex list, final PacketClasses classes) {
        index = list;
        if (list.vectors() != null) {
            vectors.start(list.vectors(), classes);
        }
        if (list.boxes() != null) {
            final PolicyPacket packet = classes.packet();
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
        final int end = index.nextEnd(from);
        final int below = index.vectors() == null || end == from ? end : vectors.next(from, end);
        if (index.boxes() == null || below == from) {
            return below;
        }
        final int boxed = index.boxes().first(point, from, below);
        return boxed == BoxTree.NONE ? below : boxed;
    }
}

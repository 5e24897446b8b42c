package io.caracal.policy;

import io.caracal.policy.lookup.AddressClass;
import io.caracal.policy.lookup.BitVectors;
import io.caracal.policy.lookup.ClassVectors;
import io.caracal.policy.lookup.SideIndex;
import io.caracal.policy.lookup.VectorCursor;

/**
 * Finds the rules that are held as vectors and match a packet, in order: intersects one vector of each dimension from
 * the top, so that only words in which every dimension has bits are read. Owned by one worker; allocates nothing.
 */
final class VectorWalk {
    private final ClassVectors classVectors;
    private final VectorCursor sourceBase = new VectorCursor();
    private final VectorCursor sourceOwn = new VectorCursor();
    private final VectorCursor destinationBase = new VectorCursor();
    private final VectorCursor destinationOwn = new VectorCursor();
    private final VectorCursor transport = new VectorCursor();
    private final VectorCursor sourcePort = new VectorCursor();
    private final VectorCursor setsBase = new VectorCursor();
    private final VectorCursor setsOwn = new VectorCursor();
    private boolean usesSourcePort;
    private boolean usesSets;
    private RuleVectors vectors;
    private PacketClasses classes;

    VectorWalk(final ClassVectors classVectors) {
        this.classVectors = classVectors;
    }

    /** Goes to the beginning of a list. */
    void start(final RuleVectors list, final PacketClasses packetClasses) {
        vectors = list;
        classes = packetClasses;
        final PolicyPacket packet = packetClasses.packet();
        final long[] words = list.words();
        classVectors.reserve(list.count());
        place(list.source(), packetClasses.sourceHost(), packetClasses.sourceNet(), sourceBase, sourceOwn);
        place(list.destination(), packetClasses.destinationHost(), packetClasses.destinationNet(), destinationBase,
            destinationOwn);
        transport.start(words, list.transport().offset(packet));
        usesSourcePort = list.transport().usesSourcePort();
        if (usesSourcePort) {
            sourcePort.start(words, list.transport().sourcePortOffset(packet));
        }
        usesSets = list.portSets() != null;
        if (usesSets) {
            place(list.portSets(), packetClasses.destinationPort(), AddressClass.NONE, setsBase, setsOwn);
        }
    }

    private void place(final SideIndex side, final AddressClass host, final AddressClass net, final VectorCursor base,
        final VectorCursor own) {
        base.start(vectors.words(), side.base());
        own.start(classVectors.words(), classVectors.offset(side, host, net));
    }

    /**
     * The first of these rules that matches.
     *
     * @param from index from which to look.
     * @param below index at which to stop, above {@code from}.
     * @return its index, or {@code below} if none comes before.
     */
    int next(final int from, final int below) {
        final int fromGroup = from >>> BitVectors.GROUP_SHIFT;
        final int fromWord = from >>> BitVectors.WORD_SHIFT;
        for (long top = top() & -1L << fromGroup; top != 0; top &= top - 1) {
            final int group = Long.numberOfTrailingZeros(top);
            long middle = middle(top & -top);
            if (group == fromGroup) {
                middle &= -1L << fromWord;
            }
            for (; middle != 0; middle &= middle - 1) {
                final int word = group << BitVectors.WORD_SHIFT | Long.numberOfTrailingZeros(middle);
                if (word << BitVectors.WORD_SHIFT >= below) {
                    return below;
                }
                final long bits = bits(middle & -middle) & (word == fromWord ? -1L << from : -1L);
                final int found = firstChecked(word << BitVectors.WORD_SHIFT, bits);
                if (found >= 0) {
                    return Math.min(found, below);
                }
            }
        }
        return below;
    }

    private int firstChecked(final int first, final long matching) {
        for (long bits = matching; bits != 0; bits &= bits - 1) {
            final int rule = first + Long.numberOfTrailingZeros(bits);
            final PortCheck check = vectors.check(rule);
            if (check == null || check.matches(classes)) {
                return rule;
            }
        }
        return -1;
    }

    private long top() {
        long common = (sourceBase.top() | sourceOwn.top()) & (destinationBase.top() | destinationOwn.top())
            & transport.top();
        if (usesSourcePort) {
            common &= sourcePort.top();
        }
        return usesSets ? common & (setsBase.top() | setsOwn.top()) : common;
    }

    private long middle(final long bit) {
        long common = (sourceBase.group(bit) | sourceOwn.group(bit))
            & (destinationBase.group(bit) | destinationOwn.group(bit)) & transport.group(bit);
        if (usesSourcePort) {
            common &= sourcePort.group(bit);
        }
        return usesSets ? common & (setsBase.group(bit) | setsOwn.group(bit)) : common;
    }

    private long bits(final long bit) {
        long common = (sourceBase.word(bit) | sourceOwn.word(bit))
            & (destinationBase.word(bit) | destinationOwn.word(bit)) & transport.word(bit);
        if (usesSourcePort) {
            common &= sourcePort.word(bit);
        }
        return usesSets ? common & (setsBase.word(bit) | setsOwn.word(bit)) : common;
    }
}

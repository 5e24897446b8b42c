package io.caracal.conntrack;

import java.util.Arrays;

/**
 * Which flows each workload interface has, oldest first: for the limit per endpoint, and so that the flows of an
 * endpoint that has gone are found without looking at the others. Lists through {@link FlowLinks}; a flow between two
 * workloads is in two of them. Endpoints are keyed by ifindex and appear with their first flow.
 *
 * <p>One thread, the table's; allocates nothing after its constructor. A flow of an interface for which there is no
 * room is refused ({@link #hasRoomFor}): unlisted, it could outlive its endpoint.</p>
 */
final class EndpointFlows {
    /** The leg of a flow's source. */
    static final int SOURCE_LEG = 0;
    /** The leg of its destination. */
    static final int DESTINATION_LEG = 1;

    private final FlowLinks links;
    private final int mask;
    /** Open addressing with linear probing: the entry + 1 of an ifindex. */
    private final int[] entryOfHash;
    private final int[] ifindex;
    private final int[] flowCount;
    /** Of those, the ones that the kernel carries on and this interface has opened. */
    private final int[] offloadedCount;
    private final int[] head;
    private final int[] tail;
    private final int[] freeEntry;
    private int freeCount;

    EndpointFlows(final FlowLinks links, final int endpointsMax) {
        this.links = links;
        final int tableSize = Integer.highestOneBit(endpointsMax) << 2;
        mask = tableSize - 1;
        entryOfHash = new int[tableSize];
        ifindex = new int[endpointsMax];
        flowCount = new int[endpointsMax];
        offloadedCount = new int[endpointsMax];
        head = new int[endpointsMax];
        tail = new int[endpointsMax];
        freeEntry = new int[endpointsMax];
        Arrays.fill(head, FlowLinks.NONE);
        Arrays.fill(tail, FlowLinks.NONE);
        for (int entry = endpointsMax - 1; entry >= 0; entry--) {
            freeEntry[freeCount++] = entry;
        }
    }

    /** Flows of an interface now. */
    int flowCount(final int ifindexWanted) {
        final int entry = find(ifindexWanted);
        return entry == FlowLinks.NONE ? 0 : flowCount[entry];
    }

    /** Flows that an interface has opened and the kernel carries on. */
    int offloadedCount(final int ifindexWanted) {
        final int entry = find(ifindexWanted);
        return entry == FlowLinks.NONE ? 0 : offloadedCount[entry];
    }

    /** One flow more, or less, of an interface that has flows is carried on by the kernel. */
    void addOffloaded(final int ifindexWanted, final int change) {
        final int entry = find(ifindexWanted);
        offloadedCount[entry] += change;
        assert offloadedCount[entry] >= 0 : "interface " + ifindexWanted;
    }

    /** Whether a flow between two interfaces (0: no workload) can be listed. */
    boolean hasRoomFor(final int source, final int destination) {
        int needed = source == 0 || find(source) != FlowLinks.NONE ? 0 : 1;
        if (destination != 0 && destination != source && find(destination) == FlowLinks.NONE) {
            needed++;
        }
        return freeCount >= needed;
    }

    /** Appends a flow's leg to the list of an interface that {@link #hasRoomFor} has said yes to. */
    void add(final int ifindexWanted, final int slot, final int leg) {
        final int entry = findOrAdd(ifindexWanted);
        append(entry, slot << 1 | leg);
        flowCount[entry]++;
    }

    private void append(final int entry, final int node) {
        final int last = tail[entry];
        links.nodeNext(node, FlowLinks.NONE);
        links.nodePrevious(node, last);
        if (last == FlowLinks.NONE) {
            head[entry] = node;
        } else {
            links.nodeNext(last, node);
        }
        tail[entry] = node;
    }

    /** Takes a flow's leg out of the list of an interface; its last takes the interface out. */
    void remove(final int ifindexWanted, final int slot, final int leg) {
        final int entry = find(ifindexWanted);
        unlink(entry, slot << 1 | leg);
        if (--flowCount[entry] == 0) {
            forget(entry);
        }
    }

    private void unlink(final int entry, final int node) {
        final int next = links.nodeNext(node);
        final int previous = links.nodePrevious(node);
        if (previous == FlowLinks.NONE) {
            assert head[entry] == node : "node " + node + " is not in the list of interface " + ifindex[entry];
            head[entry] = next;
        } else {
            links.nodeNext(previous, next);
        }
        if (next == FlowLinks.NONE) {
            tail[entry] = previous;
        } else {
            links.nodePrevious(next, previous);
        }
    }

    /**
     * The oldest flow of an interface, left where it is.
     *
     * @return its node ({@code slot * 2 + leg}), or {@link FlowLinks#NONE}.
     */
    int oldest(final int ifindexWanted) {
        final int entry = find(ifindexWanted);
        return entry == FlowLinks.NONE ? FlowLinks.NONE : head[entry];
    }

    /** Makes a node the last of its interface's list. */
    void moveToEnd(final int ifindexWanted, final int node) {
        final int entry = find(ifindexWanted);
        if (tail[entry] != node) {
            unlink(entry, node);
            append(entry, node);
        }
    }

    /** The node after another, newer one; {@link FlowLinks#NONE} after the newest. */
    int newer(final int node) {
        return links.nodeNext(node);
    }

    private int find(final int wanted) {
        int position = home(wanted);
        while (entryOfHash[position] != 0) {
            final int entry = entryOfHash[position] - 1;
            if (ifindex[entry] == wanted) {
                return entry;
            }
            position = position + 1 & mask;
        }
        return FlowLinks.NONE;
    }

    private int findOrAdd(final int wanted) {
        final int found = find(wanted);
        if (found != FlowLinks.NONE) {
            return found;
        }
        assert freeCount > 0 : "no room for interface " + wanted;
        final int entry = freeEntry[--freeCount];
        ifindex[entry] = wanted;
        int position = home(wanted);
        while (entryOfHash[position] != 0) {
            position = position + 1 & mask;
        }
        entryOfHash[position] = entry + 1;
        return entry;
    }

    private void forget(final int entry) {
        int hole = home(ifindex[entry]);
        while (entryOfHash[hole] != entry + 1) {
            hole = hole + 1 & mask;
        }
        /* Linear probing without tombstones: move back what a search would no longer reach over the hole. */
        int position = hole;
        while (true) {
            position = position + 1 & mask;
            final int candidate = entryOfHash[position];
            if (candidate == 0) {
                break;
            }
            final int distance = position - home(ifindex[candidate - 1]) & mask;
            if (distance >= (position - hole & mask)) {
                entryOfHash[hole] = candidate;
                hole = position;
            }
        }
        entryOfHash[hole] = 0;
        ifindex[entry] = 0;
        freeEntry[freeCount++] = entry;
    }

    private int home(final int wanted) {
        return (int)(wanted * 0x9e3779b97f4a7c15L >>> 40) & mask;
    }
}

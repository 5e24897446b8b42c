package io.caracal.network;

import io.caracal.route.NextHopTable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Gives plans of next hops the numbers that routes name them by. A plan keeps its number as long as it is wanted; the
 * number of one that is not any more is given to another as late as can be, since a worker may still hold routes that
 * name it. The control thread's.
 */
final class NextHopNumbers {
    private final Map<NextHopPlan, Integer> numbers = new HashMap<>();
    private final Deque<Integer> freed = new ArrayDeque<>();
    private int highest;

    /** The number of a plan; {@link NextHopTable#NONE} when all are in use. */
    int of(final NextHopPlan plan) {
        final Integer known = numbers.get(plan);
        if (known != null) {
            return known;
        }
        final int number;
        if (highest < NextHopTable.MAX_ID) {
            number = ++highest;
        } else if (!freed.isEmpty()) {
            number = freed.removeFirst();
        } else {
            return NextHopTable.NONE;
        }
        numbers.put(plan, number);
        return number;
    }

    /** Frees the numbers of all others. */
    void retain(final Set<NextHopPlan> wanted) {
        numbers.entrySet().removeIf(entry -> {
            final boolean ended = !wanted.contains(entry.getKey());
            if (ended) {
                freed.addLast(entry.getValue());
            }
            return ended;
        });
    }
}

package io.caracal.policy.lookup;

import io.caracal.policy.model.PortRange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * One 16-bit dimension of a list of rules: which rules accept a number, as one vector for each interval between the
 * borders of the rules' ranges. Where there are so many borders that this would take more than its share of memory,
 * neighbouring intervals are joined and a vector may show rules that do not accept the number: then {@link #coarse()},
 * and the rules' ranges are to be checked once more. Immutable; any thread.
 */
public final class IntervalVectors {
    /**
     * Longs for one dimension: 8 MiB. A list of 100,000 rules gets 640 exact intervals, of 10,000 rules 6000. Fewer
     * would make usual lists coarse, more would let one list with random ports take hundreds of MiB.
     */
    private static final int BUDGET_WORDS = 1 << 20;
    private static final int MIN_INTERVALS = 64;

    private final char[] starts;
    private final int[] offsets;
    private final boolean coarse;

    /** A rule with the numbers that it accepts. */
    private record Event(int at, int rule, boolean begins) {
    }

    /**
     * Makes the vectors.
     *
     * @param always rules that accept every number.
     * @param accepted what each other rule accepts; null where the rule has no part in this dimension or is in
     *     {@code always}.
     * @param vectors where the vectors go.
     */
    public IntervalVectors(final BitSet always, final RangeSet[] accepted, final BitVectors vectors) {
        final List<Event> events = events(accepted);
        final int[] borders = events.stream().mapToInt(Event::at).distinct().toArray();
        final int most = Math.max(MIN_INTERVALS, BUDGET_WORDS / BitVectors.worstSize(accepted.length));
        final int step = (borders.length + most) / most;
        coarse = step > 1;
        final int intervals = 1 + (borders.length + step - 1) / step;
        starts = new char[intervals];
        offsets = new int[intervals];
        sweep(always, events, borders, step, new Sink(new BitScratch(accepted.length), vectors));
    }

    private record Sink(BitScratch scratch, BitVectors vectors) {
    }

    private static List<Event> events(final RangeSet[] accepted) {
        final List<Event> events = new ArrayList<>();
        for (int rule = 0; rule < accepted.length; rule++) {
            if (accepted[rule] == null) {
                continue;
            }
            for (final PortRange range : accepted[rule].ranges()) {
                events.add(new Event(range.first(), rule, true));
                if (range.last() < PortRange.MAX_PORT) {
                    events.add(new Event(range.last() + 1, rule, false));
                }
            }
        }
        events.sort(Comparator.comparingInt(Event::at));
        return events;
    }

    /** Walks the borders upwards; in a joined interval a rule stays until the interval's end. */
    private void sweep(final BitSet always, final List<Event> events, final int[] borders, final int step,
        final Sink sink) {
        always.stream().forEach(sink.scratch::set);
        final int[] open = new int[sink.scratch.capacity()];
        int next = 0;
        for (int interval = 0; interval < starts.length; interval++) {
            final int firstBorder = (interval - 1) * step;
            final int endBorder = interval * step;
            final int end = endBorder < borders.length ? borders[endBorder] : PortRange.MAX_PORT + 1;
            starts[interval] = (char)(interval == 0 ? 0 : borders[firstBorder]);
            final int first = next;
            for (; next < events.size() && events.get(next).at() < end; next++) {
                apply(events.get(next), starts[interval], open, sink.scratch);
            }
            offsets[interval] = sink.vectors.append(sink.scratch, true);
            for (final Event event : events.subList(first, next)) {
                if (open[event.rule()] == 0) {
                    sink.scratch.clear(event.rule());
                }
            }
        }
    }

    private static void apply(final Event event, final int start, final int[] open, final BitScratch scratch) {
        open[event.rule()] += event.begins() ? 1 : -1;
        if (event.begins()) {
            scratch.set(event.rule());
        } else if (event.at() == start && open[event.rule()] == 0) {
            scratch.clear(event.rule());
        }
    }

    /**
     * The vector of the rules that accept a number.
     *
     * @param number 0-65535.
     * @return its offset in the vectors given to the constructor.
     */
    public int offset(final int number) {
        int low = 0;
        int high = starts.length - 1;
        while (low < high) {
            final int middle = low + high + 1 >>> 1;
            if (starts[middle] <= number) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return offsets[low];
    }

    /**
     * Whether a vector may show rules that do not accept the number.
     *
     * @return whether neighbouring intervals were joined.
     */
    public boolean coarse() {
        return coarse;
    }

    /**
     * How many vectors there are.
     *
     * @return intervals.
     */
    public int count() {
        return starts.length;
    }
}

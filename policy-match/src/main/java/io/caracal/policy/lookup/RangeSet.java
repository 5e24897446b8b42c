package io.caracal.policy.lookup;

import io.caracal.policy.model.PortRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A set of 16-bit numbers as disjoint ascending ranges: ports, or ICMP {@code type << 8 | code}. Immutable.
 *
 * @param ranges disjoint, ascending, not touching.
 */
public record RangeSet(List<PortRange> ranges) {
    /** Every number. */
    public static final RangeSet ALL = new RangeSet(List.of(new PortRange(0, PortRange.MAX_PORT)));

    /** Copies the list. */
    public RangeSet {
        ranges = List.copyOf(ranges);
    }

    /**
     * The union of ranges in any order.
     *
     * @param any ranges, maybe overlapping.
     * @return their union.
     */
    public static RangeSet of(final List<PortRange> any) {
        final List<PortRange> merged = new ArrayList<>();
        for (final PortRange range : any.stream().sorted(Comparator.comparingInt(PortRange::first)).toList()) {
            if (!merged.isEmpty() && range.first() <= merged.getLast().last() + 1) {
                final PortRange last = merged.removeLast();
                merged.add(new PortRange(last.first(), Math.max(last.last(), range.last())));
            } else {
                merged.add(range);
            }
        }
        return new RangeSet(merged);
    }

    /**
     * All other numbers.
     *
     * @return the complement.
     */
    public RangeSet complement() {
        final List<PortRange> others = new ArrayList<>();
        int next = 0;
        for (final PortRange range : ranges) {
            if (range.first() > next) {
                others.add(new PortRange(next, range.first() - 1));
            }
            next = range.last() + 1;
        }
        if (next <= PortRange.MAX_PORT) {
            others.add(new PortRange(next, PortRange.MAX_PORT));
        }
        return new RangeSet(others);
    }

    /**
     * Numbers in both sets.
     *
     * @param other the other set.
     * @return the intersection.
     */
    public RangeSet and(final RangeSet other) {
        final List<PortRange> common = new ArrayList<>();
        for (final PortRange a : ranges) {
            for (final PortRange b : other.ranges) {
                final int first = Math.max(a.first(), b.first());
                final int last = Math.min(a.last(), b.last());
                if (first <= last) {
                    common.add(new PortRange(first, last));
                }
            }
        }
        return of(common);
    }
}

package io.caracal.perf.report;

import java.util.Locale;

import io.caracal.perf.stats.PairedRatio;

/**
 * What a scenario must reach.
 *
 * @param scenario name of the figure, as in {@link ResultRow#scenario()}, with a suffix where there are several.
 * @param of whose figure.
 * @param to the peer it is divided by, or {@link #LIMIT}.
 * @param direction which side of the limit is good.
 * @param limit the bar.
 * @param unit of the limit; empty for a ratio.
 */
public record Bar(String scenario, String of, String to, Direction direction, double limit, String unit) {
    /** Stands in the place of a peer where the figure itself has a limit. */
    public static final String LIMIT = "limit";

    private static final String LOW_END = "-low";

    /** Which side of the limit is good. */
    public enum Direction {
        /** The value must not be below the limit. */
        AT_LEAST("at least"),
        /** The value must not be above the limit. */
        AT_MOST("at most");

        private final String words;

        Direction(final String words) {
            this.words = words;
        }
    }

    /**
     * The same for the low end of the ratio's 95 % interval, whose median is this bar's.
     *
     * @param lowLimit the bar.
     * @return a bar whose scenario ends with {@code -low}.
     */
    public Bar atLowEnd(final double lowLimit) {
        return new Bar(scenario + LOW_END, of, to, direction, lowLimit, unit);
    }

    /**
     * Holds a ratio of rounds against the bar: its median, or the low end of its interval.
     *
     * @param ratio of the two.
     * @return the row of the report.
     */
    public RatioRow judge(final PairedRatio ratio) {
        return judge(scenario.endsWith(LOW_END) ? ratio.low() : ratio.median());
    }

    /**
     * Holds a value against the bar.
     *
     * @param value ratio or figure.
     * @return the row of the report.
     */
    public RatioRow judge(final double value) {
        final boolean met = direction == Direction.AT_LEAST ? value >= limit : value <= limit;
        return new RatioRow(scenario, of, to, value, limit, met);
    }

    /**
     * The bar in words.
     *
     * @return such as {@code forward-64: caracal / c-twin at least 0.95}.
     */
    public String sentence() {
        final String subject = LIMIT.equals(to) ? of : of + " / " + to;
        return String.format(Locale.ROOT, "%s: %s %s %s%s", scenario, subject, direction.words, plain(limit),
            unit.isEmpty() ? "" : " " + unit);
    }

    private static String plain(final double value) {
        return value == Math.rint(value) ? String.valueOf((long)value) : String.valueOf(value);
    }
}

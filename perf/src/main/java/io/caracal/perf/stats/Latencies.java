package io.caracal.perf.stats;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import org.HdrHistogram.Histogram;

/**
 * Latencies as the C programs print them: upper ends of buckets and how many fell into each. Immutable.
 *
 * @param buckets in ascending order of their values.
 */
public record Latencies(List<Bucket> buckets) {
    /** None. */
    public static final Latencies NONE = new Latencies(List.of());

    private static final long HIGHEST_NS = 100_000_000_000L;
    /** The C programs' buckets are a thirty-second wide; two digits keep them apart. */
    private static final int DIGITS = 2;
    private static final double US = 1e-3;

    /**
     * So many latencies of about one value.
     *
     * @param upperNs the largest of them.
     * @param count how many.
     */
    public record Bucket(long upperNs, long count) {
    }

    /** Sorts the buckets. */
    public Latencies {
        buckets = buckets.stream().sorted(Comparator.comparingLong(Bucket::upperNs)).toList();
    }

    /**
     * Reads {@code [[value, count], …]}.
     *
     * @param array values in nanoseconds.
     * @return the latencies.
     */
    public static Latencies of(final JsonNode array) {
        final List<Bucket> buckets = new ArrayList<>();
        array.forEach(pair -> buckets.add(new Bucket(pair.path(0).asLong(), pair.path(1).asLong())));
        return new Latencies(buckets);
    }

    /**
     * How many there are.
     *
     * @return of all buckets.
     */
    public long count() {
        return buckets.stream().mapToLong(Bucket::count).sum();
    }

    /**
     * The value that so large a share does not exceed.
     *
     * @param share 0 .. 1.
     * @return microseconds; 0 if there is none.
     */
    public double quantileUs(final double share) {
        final long wanted = (long)Math.ceil(share * count());
        long seen = 0;
        for (final Bucket bucket : buckets) {
            seen += bucket.count;
            if (seen >= wanted) {
                return bucket.upperNs * US;
            }
        }
        return 0;
    }

    /**
     * As HdrHistogram has them.
     *
     * @return a new one, in nanoseconds.
     */
    public Histogram histogram() {
        final Histogram histogram = new Histogram(HIGHEST_NS, DIGITS);
        buckets.forEach(bucket -> histogram.recordValueWithCount(Math.min(bucket.upperNs, HIGHEST_NS), bucket.count));
        return histogram;
    }
}

package io.caracal.perf.stats;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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
     * How many are above a value, as far as buckets tell.
     *
     * @param limitUs microseconds.
     * @return of all buckets whose largest value is above it.
     */
    public long countAboveUs(final double limitUs) {
        return buckets.stream().filter(bucket -> bucket.upperNs * US > limitUs).mapToLong(Bucket::count).sum();
    }

    /**
     * What came since an earlier reading of the same counts.
     *
     * @param earlier such a reading.
     * @return the difference, empty buckets left out.
     * @throws IllegalArgumentException if a bucket has become smaller.
     */
    public Latencies minus(final Latencies earlier) {
        final Map<Long, Long> counts = new TreeMap<>();
        buckets.forEach(bucket -> counts.merge(bucket.upperNs, bucket.count, Long::sum));
        earlier.buckets.forEach(bucket -> counts.merge(bucket.upperNs, -bucket.count, Long::sum));
        if (counts.values().stream().anyMatch(count -> count < 0)) {
            throw new IllegalArgumentException("counts only grow: " + earlier + " was not read before " + this);
        }
        return new Latencies(counts.entrySet().stream().filter(entry -> entry.getValue() > 0)
            .map(entry -> new Bucket(entry.getKey(), entry.getValue())).toList());
    }

    /**
     * Both together.
     *
     * @param other more of the same.
     * @return the sum.
     */
    public Latencies plus(final Latencies other) {
        final Map<Long, Long> counts = new TreeMap<>();
        buckets.forEach(bucket -> counts.merge(bucket.upperNs, bucket.count, Long::sum));
        other.buckets.forEach(bucket -> counts.merge(bucket.upperNs, bucket.count, Long::sum));
        return new Latencies(
            counts.entrySet().stream().map(entry -> new Bucket(entry.getKey(), entry.getValue())).toList());
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

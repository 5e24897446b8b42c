package io.caracal.perf.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class LatenciesTest {
    private static Latencies parse(final String json) throws Exception {
        return Latencies.of(new ObjectMapper().readTree(json));
    }

    @Test
    void shouldNameTheBucketThatReachesTheShare() throws Exception {
        /* 98 of 10 us, one of 20 us, one of 5 ms; given in no order. */
        final Latencies latencies = parse("[[20000,1],[5000000,1],[10000,98]]");
        assertEquals(100, latencies.count());
        assertEquals(10.0, latencies.quantileUs(0.5), 1e-9);
        assertEquals(10.0, latencies.quantileUs(0.98), 1e-9);
        assertEquals(20.0, latencies.quantileUs(0.99), 1e-9);
        assertEquals(5000.0, latencies.quantileUs(0.999), 1e-9);
        assertEquals(5000.0, latencies.quantileUs(1), 1e-9);
    }

    @Test
    void shouldKeepCountsAndValuesInAHistogram() throws Exception {
        final var histogram = parse("[[1023,7],[65535,3]]").histogram();
        assertEquals(10, histogram.getTotalCount());
        assertEquals(7, histogram.getCountAtValue(1023));
        assertEquals(3, histogram.getCountAtValue(65535));
    }

    @Test
    void shouldTellWhatCameBetweenTwoReadings() throws Exception {
        final Latencies earlier = parse("[[1023,7],[65535,3]]");
        final Latencies later = parse("[[1023,7],[65535,5],[2000000,1]]");
        assertEquals(parse("[[65535,2],[2000000,1]]"), later.minus(earlier));
        assertEquals(later, earlier.plus(later.minus(earlier)));
        assertEquals(1, later.countAboveUs(1000));
        assertEquals(6, later.countAboveUs(50));
        assertThrows(IllegalArgumentException.class, () -> earlier.minus(later));
    }

    @Test
    void shouldBeNothingWithoutBuckets() throws Exception {
        assertEquals(0, parse("[]").count());
        assertEquals(0, parse("[]").quantileUs(0.5));
        assertEquals(Latencies.NONE, parse("[]"));
    }
}

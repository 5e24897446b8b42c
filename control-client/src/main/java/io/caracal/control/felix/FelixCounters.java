package io.caracal.control.felix;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * What was counted of Felix's messages, by name; kept over connections. Any thread may read while one counts.
 *
 * <p>Names: {@code messages.<payload>}, {@code messages.unknown}, {@code fields.unknown.<message field n>},
 * {@code config.repeated}, {@code insync.repeated}, {@code removals.of-nothing}, {@code deltas.of-nothing},
 * {@code connections}, {@code connections.refused}, {@code protocol-errors}, {@code bytes}.
 */
public final class FelixCounters {
    private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();

    /** Everything at 0. */
    public FelixCounters() {
    }

    void count(final String name) {
        add(name, 1);
    }

    void add(final String name, final long amount) {
        counters.computeIfAbsent(name, key -> new LongAdder()).add(amount);
    }

    /**
     * One counter.
     *
     * @param name see the class.
     * @return its value, 0 where nothing was counted.
     */
    public long value(final String name) {
        final LongAdder counter = counters.get(name);
        return counter == null ? 0 : counter.sum();
    }

    /**
     * All counters.
     *
     * @return a copy, sorted by name.
     */
    public Map<String, Long> values() {
        final Map<String, Long> values = new TreeMap<>();
        counters.forEach((name, counter) -> values.put(name, counter.sum()));
        return values;
    }
}

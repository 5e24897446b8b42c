package io.caracal.route;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Longest-prefix match of IPv6 addresses: a binary search over the prefix lengths in use, each step one probe of a hash
 * table (Waldvogel, Varghese, Turner, Plattner: "Scalable High Speed IP Routing Lookups", SIGCOMM 1997). A cluster has
 * three to five lengths, so two or three probes; all 128 lengths take seven. Immutable; lookups are any thread's.
 *
 * <p>Where a search for a longer prefix must not turn to shorter lengths, a marker stands at the lengths that it
 * passes; each entry knows the value of the longest prefix that contains it, so nothing is searched twice.</p>
 */
final class Ipv6RouteIndex {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    /** A second odd constant, so that equal changes of both halves do not cancel (splitmix64). */
    private static final long MIX = 0xBF58_476D_1CE4_E5B9L;
    private static final int SLOT_WORDS = 4;
    private static final int LENGTH_SHIFT = 32;
    private static final int NO_VALUE = -1;

    /** Four words a slot: upper half, lower half, {@code length << 32 | value} (0: empty), unused. */
    private final long[] slots;
    private final int shift;
    /** Ascending, without 0. */
    private final int[] lengths;
    private final long[] highMasks;
    private final long[] lowMasks;
    private final int defaultValue;

    /**
     * Builds the index.
     *
     * @param prefixes all different, bits beyond each length 0.
     */
    Ipv6RouteIndex(final Collection<Prefix> prefixes) {
        lengths = prefixes.stream().mapToInt(Prefix::length).filter(length -> length > 0).distinct().sorted().toArray();
        highMasks = new long[lengths.length];
        lowMasks = new long[lengths.length];
        for (int i = 0; i < lengths.length; i++) {
            highMasks[i] = highMask(lengths[i]);
            lowMasks[i] = lowMask(lengths[i]);
        }
        defaultValue = prefixes.stream().filter(prefix -> prefix.length() == 0).mapToInt(Prefix::value)
            .findFirst().orElse(0);
        final List<Prefix> entries = withMarkers(prefixes);
        final int capacity = Integer.highestOneBit(Math.max(1, entries.size())) << 2;
        shift = Long.SIZE - Integer.numberOfTrailingZeros(capacity);
        slots = new long[capacity * SLOT_WORDS];
        insertAll(entries);
    }

    /** Finds the value of the longest prefix that contains an address; 0 when there is none. */
    int find(final long high, final long low) {
        int best = defaultValue;
        int from = 0;
        int to = lengths.length - 1;
        while (from <= to) {
            final int middle = from + to >>> 1;
            final long entry = entry(high & highMasks[middle], low & lowMasks[middle], lengths[middle]);
            if (entry != 0) {
                best = (int)entry;
                from = middle + 1;
            } else {
                to = middle - 1;
            }
        }
        return best;
    }

    private long entry(final long high, final long low, final int length) {
        final int mask = slots.length - 1;
        int slot = slot(high, low, length);
        while (true) {
            final long entry = slots[slot + 2];
            if (entry == 0
                || slots[slot] == high && slots[slot + 1] == low && (int)(entry >>> LENGTH_SHIFT) == length) {
                return entry;
            }
            slot = slot + SLOT_WORDS & mask;
        }
    }

    private int slot(final long high, final long low, final int length) {
        final long mixed = ((high ^ length) * GOLDEN ^ low) * MIX;
        return (int)((mixed ^ mixed << 32) >>> shift) * SLOT_WORDS;
    }

    private List<Prefix> withMarkers(final Collection<Prefix> prefixes) {
        final List<Prefix> entries = new ArrayList<>(prefixes);
        entries.removeIf(prefix -> prefix.length() == 0);
        for (final Prefix prefix : prefixes) {
            if (prefix.length() > 0) {
                addMarkers(entries, prefix);
            }
        }
        return entries;
    }

    private void addMarkers(final List<Prefix> entries, final Prefix prefix) {
        int from = 0;
        int to = lengths.length - 1;
        while (from <= to) {
            final int middle = from + to >>> 1;
            final int length = lengths[middle];
            if (length == prefix.length()) {
                return;
            }
            if (length < prefix.length()) {
                entries.add(new Prefix(prefix.high() & highMasks[middle], prefix.low() & lowMasks[middle], length,
                    NO_VALUE));
                from = middle + 1;
            } else {
                to = middle - 1;
            }
        }
    }

    /** In the order of addresses, containing prefixes first: then a stack knows what contains each entry. */
    private void insertAll(final List<Prefix> entries) {
        entries.sort(Comparator.comparing(Prefix::high, Long::compareUnsigned)
            .thenComparing(Prefix::low, Long::compareUnsigned).thenComparingInt(Prefix::length)
            .thenComparing(Comparator.comparingInt(Prefix::value).reversed()));
        final Deque<Prefix> containing = new ArrayDeque<>();
        Prefix previous = null;
        for (final Prefix entry : entries) {
            if (previous != null && previous.isSamePrefix(entry)) {
                continue;
            }
            previous = entry;
            while (!containing.isEmpty() && !containing.peek().contains(entry)) {
                containing.pop();
            }
            int value = entry.value();
            if (value == NO_VALUE) {
                value = containing.isEmpty() ? defaultValue : containing.peek().value();
            } else {
                containing.push(entry);
            }
            insert(entry, value);
        }
    }

    private void insert(final Prefix entry, final int value) {
        int slot = slot(entry.high(), entry.low(), entry.length());
        while (slots[slot + 2] != 0) {
            slot = slot + SLOT_WORDS & slots.length - 1;
        }
        slots[slot] = entry.high();
        slots[slot + 1] = entry.low();
        slots[slot + 2] = (long)entry.length() << LENGTH_SHIFT | value;
    }

    static long highMask(final int length) {
        return length == 0 ? 0 : length >= Long.SIZE ? -1 : -1L << Long.SIZE - length;
    }

    static long lowMask(final int length) {
        return length <= Long.SIZE ? 0 : -1L << 2 * Long.SIZE - length;
    }

    /** A prefix and the value it stands for; {@link #NO_VALUE} is a marker. */
    record Prefix(long high, long low, int length, int value) {
        boolean contains(final Prefix other) {
            return other.length >= length && (other.high & highMask(length)) == high
                && (other.low & lowMask(length)) == low;
        }

        boolean isSamePrefix(final Prefix other) {
            return high == other.high && low == other.low && length == other.length;
        }
    }
}

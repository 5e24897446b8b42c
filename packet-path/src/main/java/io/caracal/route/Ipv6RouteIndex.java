package io.caracal.route;

import io.caracal.wire.Ipv6Address;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.List;

/**
 * Longest-prefix match of IPv6 addresses: a binary search over the prefix lengths in use, each step one probe of a hash
 * table (Waldvogel, Varghese, Turner, Plattner: "Scalable High Speed IP Routing Lookups", SIGCOMM 1997). A cluster has
 * three to five lengths, so two or three probes; all 128 lengths take seven. Immutable; lookups are any thread's.
 *
 * <p>Where a search for a longer prefix must not turn to shorter lengths, a marker stands at the lengths that it
 * passes; each entry knows the value of the longest prefix that contains it, so nothing is searched twice, and whether
 * there is anything longer in it: a block of addresses with no route of its own inside ends the search.</p>
 */
final class Ipv6RouteIndex {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    /** A second odd constant, so that equal changes of both halves do not cancel (splitmix64). */
    private static final long MIX = 0xBF58_476D_1CE4_E5B9L;
    private static final int SLOT_WORDS = 3;
    private static final long PRESENT = 1L << 32;
    /** No longer prefix and no marker is inside this one. */
    private static final long INNERMOST = 1L << 33;
    private static final int NO_VALUE = -1;

    /**
     * A table for each length, one behind the other, at most half full: the few hosts' routes stay in the nearest cache
     * however many blocks there are. Three words a slot: upper half, lower half, value and the bits above.
     */
    private final long[] slots;
    /** First slot of each length's table. */
    private final int[] bases;
    /** Slots of each length's table, less one. */
    private final int[] masks;
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
            highMasks[i] = Ipv6Address.highMask(lengths[i]);
            lowMasks[i] = Ipv6Address.lowMask(lengths[i]);
        }
        defaultValue = prefixes.stream().filter(prefix -> prefix.length() == 0).mapToInt(Prefix::value)
            .findFirst().orElse(0);
        final List<Prefix> entries = withMarkers(prefixes);
        bases = new int[lengths.length];
        masks = new int[lengths.length];
        slots = new long[layOut(entries) * SLOT_WORDS];
        insertAll(entries);
    }

    /** Finds the value of the longest prefix that contains an address; 0 when there is none. */
    int find(final long high, final long low) {
        int best = defaultValue;
        int from = 0;
        int to = lengths.length - 1;
        while (from <= to) {
            final int middle = from + to >>> 1;
            final long entry = entry(high & highMasks[middle], low & lowMasks[middle], middle);
            if (entry == 0) {
                to = middle - 1;
                continue;
            }
            best = (int)entry;
            if ((entry & INNERMOST) != 0) {
                break;
            }
            from = middle + 1;
        }
        return best;
    }

    private long entry(final long high, final long low, final int lengthIndex) {
        final int base = bases[lengthIndex];
        final int mask = masks[lengthIndex];
        int slot = hash(high, low) & mask;
        while (true) {
            final int word = (base + slot) * SLOT_WORDS;
            final long entry = slots[word + 2];
            if (entry == 0 || slots[word + 1] == low && slots[word] == high) {
                return entry;
            }
            slot = slot + 1 & mask;
        }
    }

    private static int hash(final long high, final long low) {
        /* The shift brings what differs only in the first bits down: multiplication carries upwards alone. */
        final long folded = high * GOLDEN ^ low;
        return (int)((folded ^ folded >>> 32) * MIX >>> 32);
    }

    /** Gives each length a table of twice as many slots as it has entries, or a little more. */
    private int layOut(final List<Prefix> entries) {
        final int[] counts = new int[lengths.length];
        for (final Prefix entry : entries) {
            counts[Arrays.binarySearch(lengths, entry.length())]++;
        }
        int slotCount = 0;
        for (int i = 0; i < lengths.length; i++) {
            final int capacity = Integer.highestOneBit(counts[i]) << 2;
            bases[i] = slotCount;
            masks[i] = capacity - 1;
            slotCount += capacity;
        }
        return slotCount;
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

    /** Among equal prefixes what has a value before what only marks. */
    private static int compare(final Prefix one, final Prefix other) {
        int order = Long.compareUnsigned(one.high(), other.high());
        order = order != 0 ? order : Long.compareUnsigned(one.low(), other.low());
        order = order != 0 ? order : Integer.compare(one.length(), other.length());
        return order != 0 ? order : Integer.compare(other.value(), one.value());
    }

    /** In the order of addresses, containing prefixes first: then a stack knows what contains each entry. */
    private void insertAll(final List<Prefix> entries) {
        entries.sort(Ipv6RouteIndex::compare);
        final Deque<Prefix> containing = new ArrayDeque<>();
        for (int i = 0; i < entries.size(); i++) {
            final Prefix entry = entries.get(i);
            if (i > 0 && entries.get(i - 1).isSamePrefix(entry)) {
                continue;
            }
            while (!containing.isEmpty() && !containing.peek().contains(entry)) {
                containing.pop();
            }
            int value = entry.value();
            if (value == NO_VALUE) {
                value = containing.isEmpty() ? defaultValue : containing.peek().value();
            } else {
                containing.push(entry);
            }
            insert(entry, PRESENT | value | (hasLonger(entries, i) ? 0 : INNERMOST));
        }
    }

    /** In that order what an entry contains follows it, its own duplicates first. */
    private static boolean hasLonger(final List<Prefix> entries, final int index) {
        final Prefix entry = entries.get(index);
        int next = index + 1;
        while (next < entries.size() && entry.isSamePrefix(entries.get(next))) {
            next++;
        }
        return next < entries.size() && entry.contains(entries.get(next));
    }

    private void insert(final Prefix entry, final long value) {
        final int lengthIndex = Arrays.binarySearch(lengths, entry.length());
        int slot = hash(entry.high(), entry.low()) & masks[lengthIndex];
        while (slots[(bases[lengthIndex] + slot) * SLOT_WORDS + 2] != 0) {
            slot = slot + 1 & masks[lengthIndex];
        }
        final int word = (bases[lengthIndex] + slot) * SLOT_WORDS;
        slots[word] = entry.high();
        slots[word + 1] = entry.low();
        slots[word + 2] = value;
    }

    /** A prefix and the value it stands for; {@link #NO_VALUE} is a marker. */
    record Prefix(long high, long low, int length, int value) {
        boolean contains(final Prefix other) {
            return other.length >= length && (other.high & Ipv6Address.highMask(length)) == high
                && (other.low & Ipv6Address.lowMask(length)) == low;
        }

        boolean isSamePrefix(final Prefix other) {
            return high == other.high && low == other.low && length == other.length;
        }
    }
}

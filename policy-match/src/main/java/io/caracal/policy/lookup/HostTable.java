package io.caracal.policy.lookup;

import java.util.Arrays;

/**
 * Exact keys of one to three words to values: a persistent hash table. Keys hash to one of many small chunks, exactly
 * as long as they are filled; an {@link Editor} copies the chunk it changes and the two small arrays on the way to it,
 * so a change costs about a microsecond at any size and a version, once made, never changes.
 *
 * <p>Memory: {@code 8 * width + 4} bytes an entry and 3-10 bytes of headers. Reading: any thread that got the table
 * safely published; four dependent loads and a scan of at most some sixteen keys.</p>
 *
 * @param <V> values; compared by identity, never null.
 */
public final class HostTable<V> {
    /** At more entries a chunk the table is spread over more chunks: a scan of 16 keys is two cache lines. */
    private static final int MAX_MEAN_CHUNK = 16;
    private static final int FIRST_BITS = 4;
    private static final int MAX_BITS = 12;
    private static final long MIX_A = 0x9E3779B97F4A7C15L;
    private static final long MIX_B = 0xC2B2AE3D27D4EB4FL;

    private final int width;
    private final int bits;
    private final int count;
    private final Segment[] segments;

    /** A part of the table: as many chunks as there are segments. */
    private static final class Segment {
        private final long[][] keys;
        private final Object[][] values;

        Segment(final long[][] keys, final Object[][] values) {
            this.keys = keys;
            this.values = values;
        }

        Segment copy() {
            return new Segment(keys.clone(), values.clone());
        }
    }

    private HostTable(final int width, final int bits, final int count, final Segment[] segments) {
        this.width = width;
        this.bits = bits;
        this.count = count;
        this.segments = segments;
    }

    /**
     * Makes an empty table.
     *
     * @param width words of a key that count: 1, 2 or 3.
     * @param <V> values.
     * @return the table.
     */
    public static <V> HostTable<V> empty(final int width) {
        return new HostTable<>(width, FIRST_BITS, 0, new Segment[1 << FIRST_BITS]);
    }

    /**
     * Looks a key up. Allocates nothing.
     *
     * @param a first word.
     * @param b second word; ignored if the width is 1.
     * @param c third word; ignored if the width is below 3.
     * @return the value, or null.
     */
    @SuppressWarnings("unchecked")
    public V get(final long a, final long b, final long c) {
        if (count == 0) {
            return null;
        }
        final int hash = hash(a, b, c);
        final Segment segment = segments[hash >>> bits & (1 << bits) - 1];
        if (segment == null) {
            return null;
        }
        final int chunk = hash & (1 << bits) - 1;
        final long[] keys = segment.keys[chunk];
        if (keys == null) {
            return null;
        }
        final int row = find(keys, a, b, c);
        return row < 0 ? null : (V)segment.values[chunk][row];
    }

    private int find(final long[] keys, final long a, final long b, final long c) {
        if (width == 1) {
            for (int i = 0; i < keys.length; i++) {
                if (keys[i] == a) {
                    return i;
                }
            }
            return -1;
        }
        for (int i = 0; i < keys.length; i += width) {
            if (keys[i] == a && keys[i + 1] == b && (width == 2 || keys[i + 2] == c)) {
                return i / width;
            }
        }
        return -1;
    }

    private int hash(final long a, final long b, final long c) {
        long mixed = a * MIX_A;
        if (width > 1) {
            mixed = (Long.rotateLeft(mixed, 29) ^ b) * MIX_B;
            mixed = (Long.rotateLeft(mixed, 31) ^ c) * MIX_A;
        }
        mixed = (mixed ^ mixed >>> 32) * MIX_B;
        return (int)(mixed >>> 40);
    }

    /**
     * How many entries there are.
     *
     * @return entries.
     */
    public int count() {
        return count;
    }

    /**
     * Begins the next version. One thread; the table itself stays as it is.
     *
     * @return an editor.
     */
    public Editor<V> edit() {
        return new Editor<>(this);
    }

    /**
     * What {@link #forEach} calls.
     *
     * @param <V> values.
     */
    @FunctionalInterface
    public interface Visitor<V> {
        /**
         * Takes an entry.
         *
         * @param a first word of its key.
         * @param b second word, 0 if there is none.
         * @param c third word, 0 if there is none.
         * @param value its value.
         */
        void visit(long a, long b, long c, V value);
    }

    /**
     * Visits all entries in no particular order.
     *
     * @param visitor takes them.
     */
    @SuppressWarnings("unchecked")
    public void forEach(final Visitor<V> visitor) {
        for (final Segment segment : segments) {
            for (int chunk = 0; segment != null && chunk < segment.keys.length; chunk++) {
                final Object[] values = segment.values[chunk];
                for (int row = 0; values != null && row < values.length; row++) {
                    final long[] keys = segment.keys[chunk];
                    final int at = row * width;
                    visitor.visit(keys[at], width > 1 ? keys[at + 1] : 0, width > 2 ? keys[at + 2] : 0, (V)values[row]);
                }
            }
        }
    }

    /**
     * Makes the next version of a table. One thread only.
     *
     * @param <V> values.
     */
    public static final class Editor<V> {
        private HostTable<V> base;
        private Segment[] segments;
        private boolean[] owned;
        private int count;

        private Editor(final HostTable<V> base) {
            start(base);
        }

        private void start(final HostTable<V> from) {
            base = from;
            count = from.count;
            segments = from.segments;
            owned = null;
        }

        /**
         * Looks a key up in the version being made.
         *
         * @param a first word.
         * @param b second word.
         * @param c third word.
         * @return the value, or null.
         */
        @SuppressWarnings("unchecked")
        public V get(final long a, final long b, final long c) {
            final int hash = base.hash(a, b, c);
            final Segment segment = segments[hash >>> base.bits & (1 << base.bits) - 1];
            final int chunk = hash & (1 << base.bits) - 1;
            if (segment == null || segment.keys[chunk] == null) {
                return null;
            }
            final int row = base.find(segment.keys[chunk], a, b, c);
            return row < 0 ? null : (V)segment.values[chunk][row];
        }

        /**
         * Sets or replaces a value.
         *
         * @param a first word.
         * @param b second word.
         * @param c third word.
         * @param value the value.
         */
        public void put(final long a, final long b, final long c, final V value) {
            final int hash = base.hash(a, b, c);
            final Segment segment = own(hash >>> base.bits & (1 << base.bits) - 1);
            final int chunk = hash & (1 << base.bits) - 1;
            final long[] keys = segment.keys[chunk];
            final int row = keys == null ? -1 : base.find(keys, a, b, c);
            if (row >= 0) {
                segment.values[chunk] = segment.values[chunk].clone();
                segment.values[chunk][row] = value;
                return;
            }
            final int at = append(segment, chunk, value);
            setKey(segment.keys[chunk], at * base.width, a, b, c);
            count++;
            if (count > MAX_MEAN_CHUNK << 2 * base.bits && base.bits < MAX_BITS) {
                grow();
            }
        }

        /** Makes room for a key behind the others and says which row it is. */
        private int append(final Segment segment, final int chunk, final Object value) {
            final int rows = segment.values[chunk] == null ? 0 : segment.values[chunk].length;
            final Object[] values = rows == 0 ? new Object[1] : Arrays.copyOf(segment.values[chunk], rows + 1);
            values[rows] = value;
            segment.keys[chunk] = rows == 0 ? new long[base.width]
                : Arrays.copyOf(segment.keys[chunk], (rows + 1) * base.width);
            segment.values[chunk] = values;
            return rows;
        }

        private void setKey(final long[] keys, final int at, final long a, final long b, final long c) {
            keys[at] = a;
            if (base.width > 1) {
                keys[at + 1] = b;
            }
            if (base.width > 2) {
                keys[at + 2] = c;
            }
        }

        /**
         * Removes a key; nothing happens if it is not there.
         *
         * @param a first word.
         * @param b second word.
         * @param c third word.
         */
        public void remove(final long a, final long b, final long c) {
            if (get(a, b, c) == null) {
                return;
            }
            final int hash = base.hash(a, b, c);
            final Segment segment = own(hash >>> base.bits & (1 << base.bits) - 1);
            final int chunk = hash & (1 << base.bits) - 1;
            final int row = base.find(segment.keys[chunk], a, b, c);
            final int last = segment.values[chunk].length - 1;
            final long[] keys = segment.keys[chunk].clone();
            final Object[] values = segment.values[chunk].clone();
            System.arraycopy(keys, last * base.width, keys, row * base.width, base.width);
            values[row] = values[last];
            segment.keys[chunk] = last == 0 ? null : Arrays.copyOf(keys, last * base.width);
            segment.values[chunk] = last == 0 ? null : Arrays.copyOf(values, last);
            count--;
        }

        private Segment own(final int index) {
            if (owned == null) {
                segments = segments.clone();
                owned = new boolean[segments.length];
            }
            if (!owned[index]) {
                final int chunks = 1 << base.bits;
                segments[index] = segments[index] == null
                    ? new Segment(new long[chunks][], new Object[chunks][]) : segments[index].copy();
                owned[index] = true;
            }
            return segments[index];
        }

        private void grow() {
            final HostTable<V> small = new HostTable<>(base.width, base.bits, count, segments);
            start(new HostTable<>(base.width, base.bits + 1, 0, new Segment[1 << base.bits + 1]));
            final int[] filled = new int[1 << 2 * base.bits];
            small.forEach((a, b, c, value) -> filled[slot(a, b, c)]++);
            for (int slot = 0; slot < filled.length; slot++) {
                if (filled[slot] > 0) {
                    final Segment segment = own(slot >>> base.bits);
                    segment.keys[slot & (1 << base.bits) - 1] = new long[filled[slot] * base.width];
                    segment.values[slot & (1 << base.bits) - 1] = new Object[filled[slot]];
                }
            }
            small.forEach((a, b, c, value) -> {
                final int slot = slot(a, b, c);
                final int row = --filled[slot];
                final int chunk = slot & (1 << base.bits) - 1;
                segments[slot >>> base.bits].values[chunk][row] = value;
                setKey(segments[slot >>> base.bits].keys[chunk], row * base.width, a, b, c);
            });
            count = small.count;
        }

        /** Segment and chunk of a key in one number. */
        private int slot(final long a, final long b, final long c) {
            return base.hash(a, b, c) & (1 << 2 * base.bits) - 1;
        }

        /**
         * Ends the version; the editor goes on from it.
         *
         * @return the new version, or the old one if nothing changed.
         */
        public HostTable<V> finish() {
            if (owned != null) {
                start(new HostTable<>(base.width, base.bits, count, segments));
            }
            return base;
        }
    }
}

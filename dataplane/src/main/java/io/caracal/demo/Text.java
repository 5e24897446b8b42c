package io.caracal.demo;

import java.util.Locale;

/** Numbers as people read them, the same in every locale. */
final class Text {
    private static final double[] SCALES = {1e9, 1e6, 1e3};
    private static final String[] PREFIXES = {"G", "M", "k"};

    private Text() {
    }

    /** 1234567 → {@code 1,234,567}. */
    static String count(final long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** Three digits that matter: {@code 0.123}, {@code 12.3}, {@code 123}. */
    static String decimal(final double value) {
        final int places = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + places + "f", value);
    }

    /** 2.41e9 with {@code bit/s} → {@code 2.41 Gbit/s}. */
    static String scaled(final double value, final String unit) {
        for (int i = 0; i < SCALES.length; i++) {
            if (value >= SCALES[i]) {
                return decimal(value / SCALES[i]) + ' ' + PREFIXES[i] + unit;
            }
        }
        return decimal(value) + ' ' + unit;
    }

    /** Filled with blanks to a width, by characters as a person counts them. */
    static String padded(final String text, final int width) {
        return text + " ".repeat(Math.max(0, width - text.codePointCount(0, text.length())));
    }
}

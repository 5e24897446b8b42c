package io.caracal.demo;

import java.util.Map;

/**
 * How a step of the demo ended.
 *
 * @param passed   whether everything expected happened.
 * @param happened what was seen, short enough for a table.
 * @param figures  measured values by a name that ends in the unit.
 */
record Outcome(boolean passed, String happened, Map<String, Double> figures) {
    static Outcome passed(final String happened) {
        return new Outcome(true, happened, Map.of());
    }

    static Outcome passed(final String happened, final Map<String, Double> figures) {
        return new Outcome(true, happened, figures);
    }

    static Outcome failed(final String happened) {
        return new Outcome(false, happened, Map.of());
    }
}

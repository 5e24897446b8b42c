package io.caracal.perf.report;

/**
 * A figure against its bar.
 *
 * @param scenario what was compared, such as {@code forward-64}.
 * @param of whose figure.
 * @param to the peer it was divided by, or {@code limit} where the value is the figure itself.
 * @param value the ratio, or the figure.
 * @param bar what it is held against.
 * @param met whether the bar was reached.
 */
public record RatioRow(String scenario, String of, String to, double value, double bar, boolean met) {
}

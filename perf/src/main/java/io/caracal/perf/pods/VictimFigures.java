package io.caracal.perf.pods;

import java.util.Locale;

/**
 * What one window of a victim has shown.
 *
 * @param gigabits payload that the victim's server has read, a second.
 * @param javaPackets packets that came to Java from the victim's connecting to its end, without the attacker's.
 * @param attackPps datagrams that the attacker's pod has sent, a second.
 */
record VictimFigures(double gigabits, double javaPackets, double attackPps) {
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.3f (by Java: %.0f)", gigabits, javaPackets);
    }
}

package io.caracal.policy;

import java.util.List;
import java.util.function.Consumer;
import org.agrona.concurrent.Agent;

/**
 * Writes down what log rules matched, on a thread of its own: drains the workers' rings and lets through as many lines
 * as the limit allows (Felix's {@code LogActionRateLimit} and {@code LogActionRateLimitBurst}, a token bucket over all
 * rules). One thread; run it by an Agrona {@code AgentRunner}.
 */
public final class PolicyLogThread implements Agent {
    private static final long NS_PER_SECOND = 1_000_000_000;

    private final List<PolicyLog> rings;
    private final PolicyLogFormat format;
    private final Limit limit;
    private final Consumer<String> lines;
    private long tokensNs;
    private long lastNs;
    private boolean begun;
    private long writtenCount;
    private long limitedCount;
    private long nowNs;

    /**
     * How many lines may be written.
     *
     * @param linesPerSecond 0 for no limit.
     * @param burst lines that may come at once after a quiet time, at least 1.
     */
    public record Limit(long linesPerSecond, int burst) {
        /** Felix's defaults: no limit. */
        public static final Limit NONE = new Limit(0, 5);

        /** Checks the ranges. */
        public Limit {
            if (linesPerSecond < 0 || linesPerSecond > NS_PER_SECOND || burst < 1) {
                throw new IllegalArgumentException("policy log limit " + linesPerSecond
                    + " lines a second (want 0-1000000000) with a burst of " + burst + " (want at least 1)");
            }
        }
    }

    /**
     * Makes the thread's work.
     *
     * @param rings one for each worker.
     * @param format what a line looks like.
     * @param limit how many.
     * @param lines takes each line.
     */
    public PolicyLogThread(final List<PolicyLog> rings, final PolicyLogFormat format, final Limit limit,
        final Consumer<String> lines) {
        this.rings = List.copyOf(rings);
        this.format = format;
        this.limit = limit;
        this.lines = lines;
    }

    @Override
    public int doWork() {
        return drain(System.nanoTime());
    }

    /**
     * Writes what has come since.
     *
     * @param now time in ns, never going back.
     * @return packets taken.
     */
    public int drain(final long now) {
        nowNs = now;
        int taken = 0;
        for (final PolicyLog ring : rings) {
            taken += ring.drain(this::write);
        }
        return taken;
    }

    private void write(final PolicyPacket packet, final RulePlace place, final String tier) {
        if (limit.linesPerSecond() == 0 || takeToken()) {
            writtenCount++;
            lines.accept(format.line(packet, place, tier));
        } else {
            limitedCount++;
        }
    }

    private boolean takeToken() {
        final long costNs = NS_PER_SECOND / limit.linesPerSecond();
        final long fullNs = costNs * limit.burst();
        tokensNs = begun ? Math.min(fullNs, tokensNs + nowNs - lastNs) : fullNs;
        begun = true;
        lastNs = nowNs;
        if (tokensNs < costNs) {
            return false;
        }
        tokensNs -= costNs;
        return true;
    }

    /**
     * Lines written.
     *
     * @return a counter.
     */
    public long writtenCount() {
        return writtenCount;
    }

    /**
     * Packets for which the limit allowed no line.
     *
     * @return a counter.
     */
    public long limitedCount() {
        return limitedCount;
    }

    @Override
    public String roleName() {
        return "caracal-policy-log";
    }
}

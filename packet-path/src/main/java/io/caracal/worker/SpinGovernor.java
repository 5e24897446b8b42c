package io.caracal.worker;

/**
 * Whether it pays to spin. Spinning saves a wake-up for each packet of a dense stream, but takes the core from pods:
 * a connection's first packet wakes its receivers on the worker's own core, and there they wait until the worker has
 * spun in vain. The rule is that of {@code drivers/cpuidle/governors/haltpoll.c}: confidence grows with an idle time
 * that ended while it was still worth spinning, and shrinks with one that did not. One thread.
 */
final class SpinGovernor {
    /** So many idle times more must have been short than long. */
    static final int CONFIDENCE_MIN = 4;
    static final int CONFIDENCE_MAX = 2 * CONFIDENCE_MIN;

    private final long spinNs;
    private int confidence = CONFIDENCE_MAX;

    SpinGovernor(final long spinNs) {
        this.spinNs = spinNs;
    }

    /** Whether to go on spinning after so long without work. */
    boolean allows(final long idleNs) {
        return confidence >= CONFIDENCE_MIN && idleNs < spinNs;
    }

    /** Takes note of an idle time, spent spinning or asleep, that work has ended. */
    void ended(final long idleNs) {
        confidence = idleNs < spinNs ? Math.min(CONFIDENCE_MAX, confidence + 1) : Math.max(0, confidence - 1);
    }
}

package io.caracal.perf.pods;

/**
 * Whether a load runs as it will go on running: for some steps in a row it has not been faster than ever before, and
 * compilers took next to no time. Steps are of one length. One thread.
 */
final class Steadiness {
    private static final int STEPS = 6;
    /** What is faster by less is noise. */
    private static final double FASTER = 1.02;
    /** Of a step of 500 ms on two processors: 2 %. */
    private static final double COMPILING_MS_MAX = 20;

    private long progress;
    private double compilingMs;
    private long best;
    private int steady;

    /**
     * Begins the first step.
     *
     * @param progress how much the load has done.
     * @param compilingMs processor time that compilers have used.
     */
    Steadiness(final long progress, final double compilingMs) {
        this.progress = progress;
        this.compilingMs = compilingMs;
    }

    /** Ends a step and begins the next; the same as at the beginning. */
    void step(final long progressNow, final double compilingMsNow) {
        final long done = progressNow - progress;
        final boolean isSteady = done <= best * FASTER && compilingMsNow - compilingMs <= COMPILING_MS_MAX;
        steady = isSteady ? steady + 1 : 0;
        best = Math.max(best, done);
        progress = progressNow;
        compilingMs = compilingMsNow;
    }

    boolean isSteady() {
        return steady >= STEPS;
    }
}

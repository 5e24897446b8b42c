package io.caracal.control.fuzz;

/** Notices memory that cases leave behind: what is in use after a collection must not grow with their number. */
final class HeapWatch {
    private static final int CASES_BETWEEN = 2_000;
    /** What Jazzer's own coverage and corpus, and the JVM's own tables, may take beside the first mark. */
    private static final long GROWTH_MAX_BYTES = 64L << 20;

    private long caseCount;
    private long firstMarkBytes;

    /** One more case is over. */
    void onCase() {
        if (++caseCount % CASES_BETWEEN != 0) {
            return;
        }
        System.gc();
        final long inUse = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        if (firstMarkBytes == 0) {
            firstMarkBytes = inUse;
        } else if (inUse - firstMarkBytes > GROWTH_MAX_BYTES) {
            throw new AssertionError("memory grows: " + firstMarkBytes + " bytes in use after the first "
                + CASES_BETWEEN + " cases, " + inUse + " after " + caseCount);
        }
    }
}

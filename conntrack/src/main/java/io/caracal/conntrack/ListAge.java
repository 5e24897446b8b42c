package io.caracal.conntrack;

/**
 * How many entries at the head of a list have been in it for a while, where they do not say when they came: the list is
 * counted now and then, and what was there at one count and is there a while later has waited. An entry waits between
 * one and two such whiles, where somebody looks often. One thread.
 */
final class ListAge {
    private final int whileMs;
    /** First in the list: what has waited. */
    private int oldCount;
    /** Next in the list: what was there at the last count. */
    private int countedCount;
    private long countedMs;

    ListAge(final int whileMs) {
        this.whileMs = whileMs;
    }

    /** Looks at the list: there are so many in it now. */
    void look(final int count, final long nowMs) {
        if (nowMs - countedMs >= whileMs) {
            oldCount += countedCount;
            countedCount = Math.max(0, count - oldCount);
            countedMs = nowMs;
        }
    }

    /** Entries at the head that have waited. */
    int oldCount() {
        return oldCount;
    }

    /** The head was taken. */
    void onTaken() {
        if (oldCount > 0) {
            oldCount--;
        } else if (countedCount > 0) {
            countedCount--;
        }
    }

    /** Nothing is left. */
    void onEmpty() {
        oldCount = 0;
        countedCount = 0;
    }
}

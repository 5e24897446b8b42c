package io.caracal.dataplane;

/** What becomes of a workload's flows when the workload changes. Control thread. */
interface WorkloadFlows {
    /** Whether there is somebody to be told: before that, telling would wait. */
    boolean areWorkersRunning();

    /**
     * Ends the flows of a workload that is in no table any more; returns when they have ended.
     *
     * @param ifindex its interface.
     */
    void end(int ifindex);

    /**
     * Has the flows of a workload come to Java again: its addresses are others now.
     *
     * @param ifindex its interface.
     */
    void withdraw(int ifindex);

    /** Has no connection be opened in the kernel by what was published before this call. */
    void beginEpoch();

    /** Waits until no packet passes any more by what was so before. */
    void settle();
}

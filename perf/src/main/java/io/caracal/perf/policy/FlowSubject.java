package io.caracal.perf.policy;

import java.io.IOException;

/** Who lets first packets of flows to a pod through, set up with its rules. Closing it removes it. */
interface FlowSubject extends AutoCloseable {
    /** New flows a second that come through, in one round. */
    double flowsPerSecond() throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}

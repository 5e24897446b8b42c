package io.caracal.worker;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * Bytes that a thread allocates on the Java heap, as the virtual machine accounts for them: the proof that burst cycles
 * allocate nothing, in tests and in a running engine. One reader at a time; the probed thread is not disturbed.
 *
 * <pre>{@code
 * final AllocationProbe probe = new AllocationProbe(thread.threadId());
 * probe.bytesSinceLast();
 * … cycles …
 * assert probe.bytesSinceLast() == 0;
 * }</pre>
 */
public final class AllocationProbe {
    private final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
    private final long threadId;
    private long lastBytes;

    /**
     * Probes a thread, from now on.
     *
     * @param threadId {@link Thread#threadId()} of a live platform thread.
     * @throws IllegalStateException if the virtual machine does not account for allocation.
     */
    public AllocationProbe(final long threadId) {
        if (!threads.isThreadAllocatedMemorySupported() || !threads.isThreadAllocatedMemoryEnabled()) {
            throw new IllegalStateException("this Java virtual machine does not account for allocation by thread:"
                + " run on HotSpot without -XX:-ThreadAllocatedMemoryEnabled or com.sun.management restrictions");
        }
        this.threadId = threadId;
        lastBytes = allocatedBytes();
    }

    /**
     * Bytes allocated since the last call, or since the probe was made.
     *
     * @return bytes; 0 if the thread has ended.
     */
    public long bytesSinceLast() {
        final long bytes = allocatedBytes();
        final long sinceLast = Math.max(0, bytes - lastBytes);
        lastBytes = bytes;
        return sinceLast;
    }

    /* The accessor for the own thread does not itself allocate, the other one may, on the caller's account. */
    private long allocatedBytes() {
        return threadId == Thread.currentThread().threadId()
            ? threads.getCurrentThreadAllocatedBytes() : threads.getThreadAllocatedBytes(threadId);
    }
}

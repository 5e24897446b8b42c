package io.caracal.worker;

/**
 * A worker's settings.
 *
 * @param workerId number in names and metrics; also its queue.
 * @param cpu CPU that its thread is pinned to, or {@link #ANY_CPU}.
 * @param idle what it does without work.
 * @param idleSpinNs how long it spins after the last packet before it sleeps, where packets have lately come within
 *     that time. 0 costs a wake-up for each packet of a request-response flow (a TCP stream a fifth slower); more than
 *     some 50 us gains nothing measurable and takes the core from the pods.
 * @param pollTimeoutMs longest sleep: bounds what a lost wake-up can cost, and when timers of stages run on an idle
 *     node.
 * @param commandQueueDepth commands of other threads that can wait.
 */
public record WorkerConfig(int workerId, int cpu, IdleMode idle, long idleSpinNs, int pollTimeoutMs,
                           int commandQueueDepth) {
    /** No pinning. */
    public static final int ANY_CPU = -1;
    /** See the parameter; measured with new connections a second. */
    public static final long IDLE_SPIN_DEFAULT_NS = 50_000;
    /** Four wake-ups a second: some 0.1 % of a core as long as nothing has compiled an idle worker's code. */
    public static final int POLL_TIMEOUT_DEFAULT_MS = 250;
    /** Control threads send a few commands a second and wait for them. */
    public static final int COMMAND_QUEUE_DEFAULT_DEPTH = 256;

    private static final long IDLE_SPIN_LIMIT_NS = 1_000_000_000;
    private static final int POLL_TIMEOUT_LIMIT_MS = 10_000;
    private static final int COMMAND_QUEUE_LIMIT = 65_536;
    private static final int CPU_LIMIT = 4096;
    private static final int WORKER_LIMIT = 256;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public WorkerConfig {
        requireRange("workerId", workerId, 0, WORKER_LIMIT - 1);
        requireRange("cpu", cpu, ANY_CPU, CPU_LIMIT - 1);
        requireRange("idleSpinNs", idleSpinNs, 0, IDLE_SPIN_LIMIT_NS);
        requireRange("pollTimeoutMs", pollTimeoutMs, 1, POLL_TIMEOUT_LIMIT_MS);
        requireRange("commandQueueDepth", commandQueueDepth, 2, COMMAND_QUEUE_LIMIT);
        if (idle == null) {
            throw new IllegalArgumentException("idle must be one of adaptive, spin");
        }
    }

    /**
     * The defaults.
     *
     * @param workerId number of the worker.
     * @return adaptive, unpinned.
     */
    public static WorkerConfig of(final int workerId) {
        return new WorkerConfig(workerId, ANY_CPU, IdleMode.ADAPTIVE, IDLE_SPIN_DEFAULT_NS, POLL_TIMEOUT_DEFAULT_MS,
            COMMAND_QUEUE_DEFAULT_DEPTH);
    }

    /**
     * The same on a CPU of its own.
     *
     * @param pinnedCpu the CPU, or {@link #ANY_CPU}.
     * @return a copy.
     */
    public WorkerConfig withCpu(final int pinnedCpu) {
        return new WorkerConfig(workerId, pinnedCpu, idle, idleSpinNs, pollTimeoutMs, commandQueueDepth);
    }

    /**
     * The same with another way to idle.
     *
     * @param idleMode what it does without work.
     * @return a copy.
     */
    public WorkerConfig withIdle(final IdleMode idleMode) {
        return new WorkerConfig(workerId, cpu, idleMode, idleSpinNs, pollTimeoutMs, commandQueueDepth);
    }

    private static void requireRange(final String name, final long value, final long min, final long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be within " + min + " and " + max + ": " + value);
        }
    }
}

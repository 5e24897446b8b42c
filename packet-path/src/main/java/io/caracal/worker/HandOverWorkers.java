package io.caracal.worker;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The workers of an engine as they see each other: a lane for each ordered pair, each one's memory, and how to wake it.
 * Made by one thread before the workers run; {@link #join} for each, then read by all.
 */
public final class HandOverWorkers {
    private final HandOverLane[] lanes;
    private final UnsafeBuffer[] memory;
    private final WorkerProxy[] proxies;

    /**
     * Makes the lanes.
     *
     * @param count workers.
     * @param depth packets that can be under way between two of them, a power of two.
     */
    public HandOverWorkers(final int count, final int depth) {
        lanes = new HandOverLane[count * count];
        memory = new UnsafeBuffer[count];
        proxies = new WorkerProxy[count];
        for (int pair = 0; pair < lanes.length; pair++) {
            if (pair / count != pair % count) {
                lanes[pair] = new HandOverLane(depth);
            }
        }
    }

    /**
     * Enters a worker.
     *
     * @param worker its number.
     * @param proxy how to wake it.
     * @param umem its packet memory, which outlives all workers.
     */
    public void join(final int worker, final WorkerProxy proxy, final UnsafeBuffer umem) {
        proxies[worker] = proxy;
        memory[worker] = umem;
    }

    /**
     * How many there are.
     *
     * @return at least 1.
     */
    public int count() {
        return memory.length;
    }

    HandOverLane lane(final int giver, final int taker) {
        return lanes[giver * memory.length + taker];
    }

    UnsafeBuffer memory(final int worker) {
        return memory[worker];
    }

    void wake(final int worker) {
        proxies[worker].wakeFromCycle();
    }
}

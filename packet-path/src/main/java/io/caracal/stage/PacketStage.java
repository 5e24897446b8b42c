package io.caracal.stage;

import io.caracal.burst.PacketBurst;

/**
 * One station of a packet's way: reads and writes fields of a burst, in one counted loop, and skips rows that are
 * decided already. Called by the worker's thread only; keeps no reference to the burst; allocates nothing; never throws
 * for what a packet contains (that is a drop with a reason).
 */
public interface PacketStage {
    /**
     * Does its part for each undecided row.
     *
     * @param burst the burst; rows whose verdict is set are left alone.
     * @param nowNs the cycle's time, {@code System.nanoTime()}, taken once.
     */
    void process(PacketBurst burst, long nowNs);
}

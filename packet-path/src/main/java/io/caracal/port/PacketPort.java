package io.caracal.port;

import io.caracal.burst.PacketBurst;

/**
 * Where a worker gets packets and puts them. One thread, the worker's, calls all methods but {@link #close()}, which
 * the owner calls when the worker has stopped. None allocates, blocks or throws for what the network does.
 */
public interface PacketPort extends AutoCloseable {
    /**
     * Takes frames back that the other side has sent, to the pool.
     *
     * @return frames that came back.
     */
    int reclaim();

    /**
     * Gives empty frames of the pool to the other side to receive into.
     *
     * @return frames given.
     */
    int refill();

    /**
     * Appends received packets to a burst, as many as it has room for.
     *
     * @param burst the rows are added to its end; the burst owns their frames then.
     * @return packets added.
     */
    int rxBurst(PacketBurst burst);

    /**
     * Takes every row whose verdict is TRANSMIT, in order. A row that cannot be taken becomes a DROP with its
     * reason; its frame stays the burst's.
     *
     * @param burst what to send.
     * @return packets taken.
     */
    int txBurst(PacketBurst burst);

    /**
     * Tells the other side about what was sent since the last kick, if it needs to be told. Once a cycle.
     */
    void kick();

    @Override
    void close();
}

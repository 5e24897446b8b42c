package io.caracal.port;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;

/**
 * Where a worker gets packets and puts them. One thread, the worker's, calls all methods; {@link #close()} too, or the
 * owner when the worker has stopped. None allocates, blocks or throws for what the network does.
 */
public interface PacketPort extends AutoCloseable {
    /** {@link #pollFd} of a port that needs none: whoever gives it something wakes the worker. */
    int WOKEN_BY_OTHERS = -2;

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
     * Takes every row whose verdict is TRANSMIT and whose {@code egressAction} this port serves, in order, and makes it
     * {@link Verdict#SENT}. A row that cannot be taken becomes a DROP with its reason; its frame stays the burst's.
     *
     * @param burst what to send.
     * @return packets taken.
     */
    int txBurst(PacketBurst burst);

    /**
     * Tells the other side about what was sent since the last kick, if it needs to be told. Once a cycle.
     *
     * @return packets that still wait for it, because it pushes back: the worker must not sleep long.
     */
    int kick();

    /**
     * Does what is due now and then, not each cycle: asks whether the interface is still there. May cost a system call.
     */
    void housekeep();

    /**
     * Whether the interface has vanished for good. All frames have come back, or will with the next reclaims; the owner
     * closes the port and may open another.
     *
     * @return whether the port is of no more use.
     */
    boolean isGone();

    /**
     * What a sleeping worker waits for.
     *
     * @return a file descriptor to {@code poll(2)} for input, -1 if there is none, or
     *     {@link #WOKEN_BY_OTHERS}.
     */
    int pollFd();

    /**
     * Whether something has come that {@link #rxBurst} would take and that no descriptor tells of. Asked before a
     * sleep, after the worker has announced it.
     *
     * @return false for ports whose descriptor tells.
     */
    default boolean hasWaiting() {
        return false;
    }

    /**
     * Compares the frames that this port's rings say are out with what the ledger says.
     *
     * @return frames that one of them has and the other has not; 0 when the law of frames holds.
     */
    int miscountedFrames();

    /** Ends it. All its frames are back in the pool. */
    @Override
    void close();
}

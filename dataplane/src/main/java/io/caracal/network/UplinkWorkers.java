package io.caracal.network;

import io.caracal.nat.NatConfig;
import io.caracal.route.ForwardingTables;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.worker.PacketWorker;

/** The packet workers as uplinks need them. The control thread calls; the workers run already. */
public interface UplinkWorkers {
    /** Something done on a worker's thread, between two bursts. */
    @FunctionalInterface
    interface Task {
        /**
         * Does it.
         *
         * @param worker whose thread this is.
         * @param pool its frames.
         */
        void run(PacketWorker worker, FramePool pool);
    }

    /**
     * How many there are.
     *
     * @return at least 1.
     */
    int count();

    /**
     * A worker's frames, to open sockets on.
     *
     * @param worker its number.
     * @return registered with each socket; outlives them.
     */
    Umem umem(int worker);

    /**
     * Runs something on a worker's thread and waits for it; does nothing when the worker has ended.
     *
     * @param worker its number.
     * @param task what to do.
     * @throws IllegalStateException with what it threw as the cause.
     */
    void run(int worker, Task task);

    /**
     * Has a worker's packets for an uplink sent by another, since the uplink has no queue for it.
     *
     * @param worker its number.
     * @param ifindex the uplink.
     * @param by who has a queue; the worker itself, to forget the uplink.
     */
    void relay(int worker, int ifindex, int by);

    /**
     * Waits until no flow goes on without Java by routes that were before these. Before the workers run there is
     * none to be waited for.
     *
     * @param tables published just now.
     */
    void follow(ForwardingTables tables);

    /**
     * Gives a worker's NAT-outgoing its addresses and ports; flows that it could not have made end.
     *
     * @param worker its number.
     * @param config that worker's.
     */
    void configureNat(int worker, NatConfig config);
}

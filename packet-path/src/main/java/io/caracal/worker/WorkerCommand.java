package io.caracal.worker;

/** Something that another thread wants done by a worker: runs on the worker's thread, between two burst cycles. */
@FunctionalInterface
public interface WorkerCommand {
    /** Only ends the worker's sleep: its stages look for themselves what has come. */
    WorkerCommand NOTHING = worker -> { };

    /**
     * Does it, briefly: packets wait meanwhile. What it throws goes to whoever submitted it; the worker goes on.
     *
     * @param worker the worker whose thread this is.
     * @throws Exception whatever goes wrong.
     */
    void run(PacketWorker worker) throws Exception;
}

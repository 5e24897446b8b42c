package io.caracal.dataplane;

import java.util.Collection;
import java.util.Optional;

import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.MacAddress;

/**
 * What the registry does to the kernel and to the packet path. Called by the control thread only. A failure of one
 * interface is thrown, told to the operator and tried again with the next event of that interface; it stops nothing
 * else.
 */
interface WorkloadAttacher {
    /**
     * Puts an interface under the engine: map entry, programs, and last of all it is armed.
     * Attaching what is attached already brings it up to date.
     *
     * @param workload what runs behind it.
     * @param ifindex the interface's present index.
     */
    void attach(LocalWorkload workload, int ifindex);

    /**
     * The same for one of many, which together would wait long for the kernel: it is policed as well from then on, but
     * {@link #settleOne} has to follow.
     *
     * @param workload what runs behind it.
     * @param ifindex the interface's present index.
     */
    void attachForNow(LocalWorkload workload, int ifindex);

    /** Gives one of those that were attached for now what lasts; a failure is told, and it stays as it is. */
    void settleOne();

    /**
     * Whether {@link #settleOne} has nothing to do.
     *
     * @return true when nothing is attached for now only.
     */
    boolean isSettled();

    /**
     * Finds out the pod's MAC address where the control source does not know it, as with the Kubernetes datastore.
     *
     * @param endpoint whose.
     * @param ifindex the interface's present index.
     * @return empty while the kernel does not know it either; worth asking again a second later.
     */
    Optional<MacAddress> podMac(WorkloadEndpointUpdate endpoint, int ifindex);

    /**
     * Undoes {@link #attach}; the interface may be gone.
     *
     * @param workload what ran behind it.
     * @param ifindex the index it was attached under.
     */
    void detach(LocalWorkload workload, int ifindex);

    /**
     * Ends what an earlier engine attached and this one does not want. Called once, in sync.
     *
     * @param ifindexes what is attached now.
     */
    void retainOnly(Collection<Integer> ifindexes);

    /**
     * Tells the workers what is attached now.
     *
     * @param attached every workload under the engine, with its interface.
     */
    void publish(Collection<AttachedWorkload> attached);

    /**
     * Whether the workers run. Before that, telling them would wait for them, and attaching need not.
     *
     * @return true once they do.
     */
    boolean areWorkersRunning();

    /** Lets the host's stack have the packets of what was attached since the last call. */
    void armAttached();
}

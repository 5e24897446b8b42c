package io.caracal.dataplane;

import java.util.function.Consumer;

import io.caracal.conntrack.EstablishedFlows;
import io.caracal.policy.CompiledPolicy;

/**
 * Flows on all workers and in the kernel: both are told when workloads or the policy change. Control thread.
 *
 * @param workers who track them.
 * @param offload the flow cache, whose connections the kernel may open alone.
 */
record RunningFlows(WorkerGroup workers, Offload offload) implements WorkloadFlows {
    /**
     * What follows a policy. Returns when no packet passes any more by an older one, but as the setting says.
     *
     * @param established what becomes of the flows that an older policy has let through.
     * @return to be told of each policy, once it is published.
     */
    Consumer<CompiledPolicy> policyInForce(final EstablishedFlows established) {
        if (established == EstablishedFlows.KEEP) {
            return inForce -> {
                offload.beginEpoch();
                workers.endBursts();
            };
        }
        return inForce -> {
            offload.outdateBefore(inForce.generation());
            offload.beginEpoch();
            workers.recheckFlows(inForce.generation());
            offload.settle();
        };
    }

    @Override
    public boolean areWorkersRunning() {
        return workers.isRunning();
    }

    @Override
    public void end(final int ifindex) {
        workers.endFlows(ifindex);
    }

    @Override
    public void withdraw(final int ifindex) {
        workers.withdrawFlows(ifindex);
    }

    @Override
    public void beginEpoch() {
        offload.beginEpoch();
    }

    @Override
    public void settle() {
        offload.settle();
    }
}

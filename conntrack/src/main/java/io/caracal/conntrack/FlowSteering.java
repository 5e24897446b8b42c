package io.caracal.conntrack;

/** Which worker a flow's packets come to: the same rule as that of the programs that steer them. */
@FunctionalInterface
public interface FlowSteering {
    /**
     * Names the worker.
     *
     * @param flow a flow; reused after the call.
     * @return its shard, 0 .. shards - 1.
     */
    int shardOf(FlowSnapshot flow);
}

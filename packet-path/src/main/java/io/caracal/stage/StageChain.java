package io.caracal.stage;

import io.caracal.burst.PacketBurst;

/**
 * Stages in order, as one stage. The call through the interface costs a few nanoseconds per stage and burst, not per
 * packet, because a stage works on a whole burst ({@code StageChainBenchmark}). Belongs to one worker.
 */
public final class StageChain implements PacketStage {
    private final PacketStage[] stages;

    /**
     * Puts stages in order.
     *
     * @param stages first to last.
     */
    public StageChain(final PacketStage... stages) {
        this.stages = stages.clone();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        for (final PacketStage stage : stages) {
            stage.process(burst, nowNs);
        }
    }
}

package io.caracal.xdp.punt;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What the programs need to know of this node: the one entry of the map {@code config}, {@code struct caracal_config}
 * of {@code caracal.h}. It may be written while traffic runs; a packet sees either value of each field.
 *
 * @param puntIfindex the host side of the punt pair, {@code punt0}.
 * @param queueCount queues of the punt pair, each with a worker's socket: 1 to {@link #QUEUES_MAX}.
 * @param handedMark the bit of the packet mark that says "the engine gave this to the host's stack".
 * @param approvedMark the bit that says "policed"; reserved for the flow cache.
 * @param onEngineLoss what becomes of misses while no engine is there.
 * @param hashSeed secret of this node in the flow hash, so that a pod cannot aim its flows at one worker. It must
 *     stay the same while flows live, or they would change their worker.
 */
public record PuntConfig(int puntIfindex, int queueCount, int handedMark, int approvedMark, OnEngineLoss onEngineLoss,
                         int hashSeed) {
    /**
     * Entries of the map of sockets; {@code QUEUES_MAX} in {@code maps.h}. More workers than this no node has use for.
     */
    public static final int QUEUES_MAX = 64;
    /** Clear of Calico's {@code 0xffff0000} and of kube-proxy's {@code 0x4000} and {@code 0x8000}. */
    public static final int HANDED_MARK_DEFAULT = 0x0100;
    /** See {@link #HANDED_MARK_DEFAULT}. */
    public static final int APPROVED_MARK_DEFAULT = 0x0200;

    /** The layout of {@code struct caracal_config}; nothing stands for the zeros of a map that nobody has written. */
    public static final MapCodec<Optional<PuntConfig>> CODEC = new Codec();

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException which field, its value and the range.
     */
    public PuntConfig {
        require(puntIfindex > 0, "puntIfindex", puntIfindex, "an interface index, above 0");
        require(queueCount >= 1 && queueCount <= QUEUES_MAX, "queueCount", queueCount, "1 to " + QUEUES_MAX);
        require(Integer.bitCount(handedMark) == 1, "handedMark", handedMark, "exactly one bit");
        require(Integer.bitCount(approvedMark) == 1, "approvedMark", approvedMark, "exactly one bit");
        require(handedMark != approvedMark, "approvedMark", approvedMark, "another bit than handedMark");
    }

    private static void require(final boolean holds, final String name, final int value, final String range) {
        if (!holds) {
            throw new IllegalArgumentException(name + " is " + value + ", it must be " + range);
        }
    }

    /**
     * The same with another answer to engine loss, which an operator may switch while the node runs.
     *
     * @param choice what becomes of misses while no engine is there.
     * @return a new value.
     */
    public PuntConfig withOnEngineLoss(final OnEngineLoss choice) {
        return new PuntConfig(puntIfindex, queueCount, handedMark, approvedMark, choice, hashSeed);
    }

    /**
     * What becomes of misses while no engine is there; the constants' numbers are {@code enum caracal_on_engine_loss}.
     */
    public enum OnEngineLoss {
        /** Dropped and counted: what the engine has not judged does not pass. The host's own probes do. */
        DROP,
        /** Given to the host's stack, past every policy of the engine. */
        PASS
    }

    private static final class Codec implements MapCodec<Optional<PuntConfig>> {
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
        private static final int PUNT_IFINDEX_OFFSET = 0;
        private static final int QUEUE_COUNT_OFFSET = 4;
        private static final int MARK_HANDED_OFFSET = 8;
        private static final int MARK_APPROVED_OFFSET = 12;
        private static final int ON_ENGINE_LOSS_OFFSET = 16;
        private static final int HASH_SEED_OFFSET = 20;

        @Override
        public int size() {
            return 24;
        }

        @Override
        public void write(final MemorySegment target, final Optional<PuntConfig> value) {
            value.ifPresent(config -> {
                target.set(INT, PUNT_IFINDEX_OFFSET, config.puntIfindex);
                target.set(INT, QUEUE_COUNT_OFFSET, config.queueCount);
                target.set(INT, MARK_HANDED_OFFSET, config.handedMark);
                target.set(INT, MARK_APPROVED_OFFSET, config.approvedMark);
                target.set(INT, ON_ENGINE_LOSS_OFFSET, config.onEngineLoss.ordinal());
                target.set(INT, HASH_SEED_OFFSET, config.hashSeed);
            });
        }

        @Override
        public Optional<PuntConfig> read(final MemorySegment source) {
            if (source.get(INT, QUEUE_COUNT_OFFSET) == 0) {
                return Optional.empty();
            }
            final boolean passes = source.get(INT, ON_ENGINE_LOSS_OFFSET) == OnEngineLoss.PASS.ordinal();
            return Optional.of(new PuntConfig(source.get(INT, PUNT_IFINDEX_OFFSET), source.get(INT, QUEUE_COUNT_OFFSET),
                source.get(INT, MARK_HANDED_OFFSET), source.get(INT, MARK_APPROVED_OFFSET),
                passes ? OnEngineLoss.PASS : OnEngineLoss.DROP, source.get(INT, HASH_SEED_OFFSET)));
        }
    }
}

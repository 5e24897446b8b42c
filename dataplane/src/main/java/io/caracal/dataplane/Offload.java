package io.caracal.dataplane;

import io.caracal.conntrack.FlowOffload;
import io.caracal.xdp.cache.FlowCache;
import io.caracal.xdp.cache.RcuGracePeriod;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntPrograms;

/**
 * Whether established flows pass in the kernel ({@code offload}), and what a change has to wait for then: a program may
 * have read an entry just before it was removed or outdated, so a change holds only after {@link #settle()}.
 *
 * <p>Made before the workers run and closed after them; the control thread outdates and settles.</p>
 */
final class Offload implements AutoCloseable {
    /** Both directions of two flows. */
    private static final int FLOWS_PER_BUCKET = 2;

    private final FlowCache cache;
    private final boolean isWanted;

    private Offload(final FlowCache cache, final boolean isWanted) {
        this.cache = cache;
        this.isWanted = isWanted;
    }

    /** Buckets that the programs are to be loaded with. */
    static int bucketCount(final DataplaneConfig config) {
        return isWanted(config) ? (int)config.number(ConfigKey.OFFLOAD_FLOWS) / FLOWS_PER_BUCKET : config.workers();
    }

    /** Whether flows may be given to the kernel here. */
    static boolean isWanted(final DataplaneConfig config) {
        return "auto".equals(config.text(ConfigKey.OFFLOAD)) && RcuGracePeriod.isAvailable();
    }

    /**
     * Maps the cache; where it is wanted, an earlier engine's entries stay in force until the workers look at them.
     *
     * @param config the engine's.
     * @param programs loaded with {@link #bucketCount}.
     * @param steeringSeed of the flow hash.
     * @param log says why the cache is off where it could be on.
     * @return to be closed after the workers have stopped.
     */
    static Offload open(final DataplaneConfig config, final PuntPrograms programs, final int steeringSeed,
                        final EngineLog log) {
        final FlowCache cache = FlowCache.map(programs, new FlowQueue(steeringSeed, config.workers()));
        final boolean isWanted = isWanted(config);
        if (!isWanted) {
            cache.switchOff();
            cache.clear();
            if ("auto".equals(config.text(ConfigKey.OFFLOAD))) {
                log.warn("flows are not offloaded: this kernel cannot wait for running eBPF programs"
                    + " (membarrier MEMBARRIER_CMD_GLOBAL; it has CPUs without a tick, nohz_full)");
            }
        }
        return new Offload(cache, isWanted);
    }

    /** A worker's part of the cache, or null where flows stay with Java. */
    FlowOffload part(final int worker) {
        return isWanted ? new CachedFlows(cache.part(worker)) : null;
    }

    /** Has the programs use what the workers write. */
    void begin() {
        if (isWanted) {
            cache.switchOn();
        }
    }

    /** Has no program act by what an older policy has approved, but for those that run now. */
    void outdateBefore(final int generation) {
        cache.outdateBefore(generation);
    }

    /**
     * Has no connection be opened in the kernel by what was published before this call; returns when none is any more.
     */
    void beginEpoch() {
        if (isWanted && cache.beginEpoch()) {
            settle();
        }
    }

    /** Waits until no program runs that may have read what was changed before this call. */
    void settle() {
        if (isWanted) {
            RcuGracePeriod.await();
        }
    }

    /** Whether the programs use the cache. Any thread. */
    boolean isOn() {
        return cache.isOn();
    }

    /** Flows that there is room for. Any thread. */
    int flowsMax() {
        return isWanted ? cache.slotCount() / 2 : 0;
    }

    @Override
    public void close() {
        cache.close();
    }
}

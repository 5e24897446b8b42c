package io.caracal.xdp.cache;

import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import io.caracal.xdp.BpfMapHandle;
import io.caracal.xdp.MapAdoption;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntPrograms;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The flow cache of {@code cache.h}, mapped into this process: packets of flows that Java has decided about pass in the
 * kernel, without Java. One control thread makes, changes and closes it; each worker has its own {@link FlowCachePart}.
 *
 * <p>With pinned maps the entries of an earlier engine are there, and in force, until their part's owner has looked at
 * them. It begins switched off where nothing was pinned. Kernel 5.5 (BPF_F_MMAPABLE); CAP_BPF.</p>
 *
 * <pre>{@code
 * try (FlowCache cache = FlowCache.map(programs, new FlowQueue(seed, workerCount))) {
 *     final FlowCachePart part = cache.part(0);
 *     cache.switchOn();
 * }
 * }</pre>
 */
public final class FlowCache implements AutoCloseable {
    private static final int BUCKET_SIZE = CachedFlowLayout.SLOT_SIZE * CachedFlowLayout.BUCKET_SLOTS;
    private static final int PAGE_SIZE = 4096;
    private static final String BUCKETS_MAP = "flow_cache";
    private static final String STATE_MAP = "cache_state";
    private static final String OPENINGS_MAP = "openings";
    private static final String OPENED_MAP = "opened_flows";
    private static final Set<String> MAPS = Set.of(BUCKETS_MAP, STATE_MAP, OPENINGS_MAP, OPENED_MAP);

    private final MappedRegion buckets;
    private final MappedRegion kinds;
    private final MappedRegion opened;
    private final MappedRegion state;
    private final int partBucketCount;
    private final int partKindBucketCount;
    private final FlowCachePart[] parts;

    private FlowCache(final PuntPrograms programs, final FlowQueue queue, final List<MappedRegion> regions) {
        final int partCount = queue.queueCount();
        final BpfMapHandle bucketsMap = programs.map(BUCKETS_MAP);
        final BpfMapHandle kindsMap = programs.map(OPENINGS_MAP);
        partBucketCount = Integer.highestOneBit(bucketsMap.entryCountMax() / partCount);
        partKindBucketCount = Integer.highestOneBit(kindsMap.entryCountMax() / partCount);
        buckets = region(bucketsMap, BUCKET_SIZE, regions);
        kinds = region(kindsMap, BUCKET_SIZE, regions);
        opened = region(programs.map(OPENED_MAP), CachedFlowLayout.OPENED_SIZE, regions);
        state = region(programs.map(STATE_MAP), CachedFlowLayout.STATE_SIZE, regions);
        parts = new FlowCachePart[partCount];
        for (int index = 0; index < partCount; index++) {
            parts[index] = part(index, queue);
        }
    }

    private FlowCachePart part(final int index, final FlowQueue queue) {
        final long size = (long)partBucketCount * BUCKET_SIZE;
        final long kindsSize = (long)partKindBucketCount * BUCKET_SIZE;
        final FlowOpenings openings = new FlowOpenings(kinds.segment().asSlice(index * kindsSize, kindsSize), queue,
            opened.segment().asSlice((long)index * CachedFlowLayout.OPENED_SIZE, CachedFlowLayout.OPENED_SIZE),
            state.segment());
        return new FlowCachePart(buckets.segment().asSlice(index * size, size), queue, openings);
    }

    /**
     * Maps the cache. Entries that were made with other parts than these are removed, since nobody would find them, and
     * so is everything where some was outdated: generations begin anew with each process.
     *
     * @param programs whose maps it is in; they may be closed before it.
     * @param queue seed and number of workers, as the programs are configured.
     * @return the cache, to be closed.
     * @throws IllegalArgumentException when there are fewer buckets than workers.
     * @throws io.caracal.bindings.NativeCallException ENOMEM, or EPERM.
     */
    public static FlowCache map(final PuntPrograms programs, final FlowQueue queue) {
        final BpfMapHandle array = programs.map(BUCKETS_MAP);
        if (array.entryCountMax() < queue.queueCount()) {
            throw new IllegalArgumentException("a flow cache of " + array.entryCountMax() + " buckets is too small for "
                + queue.queueCount() + " workers");
        }
        final List<MappedRegion> regions = new ArrayList<>();
        try {
            final FlowCache cache = new FlowCache(programs, queue, regions);
            if (cache.bucketCountInForce() == 0 && isNew(programs)) {
                cache.outdateBefore(0);
            } else {
                cache.takeOver();
            }
            cache.beginEpoch();
            return cache;
        } catch (final RuntimeException failure) {
            regions.forEach(MappedRegion::close);
            throw failure;
        }
    }

    private static MappedRegion region(final BpfMapHandle map, final int entrySize, final List<MappedRegion> regions) {
        final long pages = ((long)map.entryCountMax() * entrySize + PAGE_SIZE - 1) / PAGE_SIZE;
        final MappedRegion region =
            MappedRegion.shared(map.fd(), 0, pages * PAGE_SIZE, Posix.PROT_READ | Posix.PROT_WRITE);
        regions.add(region);
        return region;
    }

    /** A new map has nothing to count, and counting is a look at each of half a million slots. */
    private static boolean isNew(final PuntPrograms programs) {
        return programs.adoptions().stream().noneMatch(
            map -> MAPS.contains(map.map()) && map.outcome() == MapAdoption.Outcome.ADOPTED);
    }

    private void takeOver() {
        final boolean alike = bucketCountInForce() == partBucketCount && generationMin() == 0;
        if (!alike) {
            switchOff();
        }
        for (final FlowCachePart part : parts) {
            part.openings().forgetOpened();
            part.recount();
            if (!alike) {
                part.clear();
            }
        }
        outdateBefore(0);
    }

    private int generationMin() {
        return (int)CachedFlowLayout.INT.getAcquire(state.segment(), (long)CachedFlowLayout.STATE_GENERATION_MIN);
    }

    /** Removes every entry of every part; no worker uses them. */
    public void clear() {
        for (final FlowCachePart part : parts) {
            part.clear();
        }
    }

    private int bucketCountInForce() {
        return (int)CachedFlowLayout.INT.getAcquire(state.segment(), (long)CachedFlowLayout.STATE_BUCKET_COUNT);
    }

    /**
     * A worker's part.
     *
     * @param worker its queue of the punt pair.
     * @return that worker's alone.
     */
    public FlowCachePart part(final int worker) {
        return parts[worker];
    }

    /** Has the programs look into the cache, and open connections of the kinds that workers put there. */
    public void switchOn() {
        CachedFlowLayout.INT.setRelease(
            state.segment(), (long)CachedFlowLayout.STATE_OPENING_BUCKET_COUNT, partKindBucketCount);
        CachedFlowLayout.INT.setRelease(state.segment(), (long)CachedFlowLayout.STATE_BUCKET_COUNT, partBucketCount);
    }

    /** Has the programs look no more; after {@link RcuGracePeriod} none does. */
    public void switchOff() {
        CachedFlowLayout.INT.setRelease(state.segment(), (long)CachedFlowLayout.STATE_BUCKET_COUNT, 0);
    }

    /**
     * Whether the programs look into the cache.
     *
     * @return as they are told now.
     */
    public boolean isOn() {
        return bucketCountInForce() != 0;
    }

    /**
     * Outdates every entry that an older policy has approved, at once and on all workers; none of it acts any more
     * after {@link RcuGracePeriod}.
     *
     * @param generation the oldest that is still good; growing, compared by difference.
     */
    public void outdateBefore(final int generation) {
        CachedFlowLayout.INT.setRelease(state.segment(), (long)CachedFlowLayout.STATE_GENERATION_MIN, generation);
    }

    /**
     * Begins another epoch: no program opens a connection by itself any more because one of its kind was let through
     * before this call, but for those that run now.
     *
     * @return whether there are such kinds, so that {@link RcuGracePeriod} is to be waited for.
     */
    public boolean beginEpoch() {
        final int epoch =
            (int)CachedFlowLayout.INT.getAndAdd(state.segment(), (long)CachedFlowLayout.STATE_EPOCH, 1);
        boolean hadKinds = false;
        for (final FlowCachePart part : parts) {
            hadKinds |= part.openings().hasOf(epoch);
        }
        return hadKinds;
    }

    /**
     * Room for entries, two for each flow.
     *
     * @return slots of all parts together.
     */
    public int slotCount() {
        return parts.length * parts[0].slotCount();
    }

    /** Unmaps it; its workers have stopped. What is in the maps stays in force where they are pinned. */
    @Override
    public void close() {
        state.close();
        opened.close();
        kinds.close();
        buckets.close();
    }

    /** The memory, for tests. */
    MemorySegment memory() {
        return buckets.segment();
    }
}

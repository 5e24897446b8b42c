package io.caracal.xdp.punt;

import io.caracal.xdp.BpfMap;
import io.caracal.xdp.BpfMapHandle;
import io.caracal.xdp.BpfObject;
import io.caracal.xdp.BpfObjectSpec;
import io.caracal.xdp.BpfProgram;
import io.caracal.xdp.MapAdoption;
import io.caracal.xdp.MapCodec;
import io.caracal.xdp.PerCpuBpfMap;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.XskMap;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * {@code pod.bpf.o} and {@code punt.bpf.o} in this kernel, with the maps that they share. One control thread loads,
 * changes and closes it; reading counters is for any thread. It owns the objects; hooks are {@link PuntHooks}'. With a
 * pin directory the maps outlive it, and the next load goes on with their entries.
 *
 * <pre>{@code
 * final PinDirectory pins = PinDirectory.open(Path.of("/sys/fs/bpf"));
 * try (PuntPrograms programs = PuntPrograms.load(pins, PuntPrograms.WORKLOADS_MAX_DEFAULT)) {
 *     programs.configure(new PuntConfig(punt0, 2, HANDED, APPROVED, OnEngineLoss.DROP, seed));
 *     programs.sockets().set(0, socketFd);
 *     programs.putWorkload(ifindex, new Workload(podMac, hostMac, MissLimit.perSecond(20_000, 2_000)));
 * }
 * }</pre>
 *
 * <p>CAP_BPF and CAP_NET_ADMIN.
 */
public final class PuntPrograms implements AutoCloseable {
    /**
     * Interfaces of workloads on one node: Kubernetes' own limit is 110 pods, large nodes have 500. An entry that is
     * not used costs nothing.
     */
    public static final int WORKLOADS_MAX_DEFAULT = 1024;
    private static final int CONFIG_KEY = 0;
    private static final int CACHE_BUCKETS_PER_OPENING_BUCKET = 16;
    /** Of maps.h. */
    private static final int QUEUES_MAX = 64;

    private static final String SINGLE_BUFFER = "to_engine";
    private static final String MULTI_BUFFER = "to_engine_frags";

    private final BpfObject pod;
    private final BpfObject punt;
    private final boolean isMultiBuffer;
    private final BpfMap<Integer, Optional<PuntConfig>> config;
    private final BpfMap<Integer, Workload> workloads;
    private final PerCpuBpfMap<Integer, WorkloadTraffic> traffic;
    private final PerCpuBpfMap<Integer, Long> counters;
    private final BpfMap<Integer, MissBucket> missBuckets;
    private final XskMap sockets;

    private PuntPrograms(final BpfObject pod, final BpfObject punt, final boolean isMultiBuffer) {
        this.isMultiBuffer = isMultiBuffer;
        this.pod = pod;
        this.punt = punt;
        config = pod.map("config").typed(MapCodec.U32, PuntConfig.CODEC);
        workloads = pod.map("workloads").typed(MapCodec.U32, Workload.CODEC);
        traffic = pod.map("workload_traffic").perCpu(MapCodec.U32, WorkloadTraffic.CODEC, WorkloadTraffic::plus);
        counters = pod.map("counters").perCpu(MapCodec.U32, MapCodec.U64, Long::sum);
        missBuckets = pod.map("miss_buckets").typed(MapCodec.U32, MissBucket.CODEC);
        sockets = pod.xskMap("xsks");
    }

    /**
     * Loads the programs with pinned maps.
     *
     * @param pins where the maps of an earlier engine are, and these will be.
     * @param workloadCountMax room for workload interfaces; another number than the earlier engine's loses its entries.
     * @return the programs, to be closed; nothing is attached yet.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static PuntPrograms load(final PinDirectory pins, final int workloadCountMax) {
        return load(pins, workloadCountMax, 1);
    }

    /**
     * Loads the programs with pinned maps and a flow cache.
     *
     * @param pins where the maps of an earlier engine are, and these will be.
     * @param workloadCountMax room for workload interfaces; another number than the earlier engine's loses its entries.
     * @param cacheBucketCount buckets of the flow cache, 512 bytes each; another number than the earlier engine's loses
     *     its entries.
     * @return the programs, to be closed; nothing is attached yet, and the cache is off.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static PuntPrograms load(final PinDirectory pins, final int workloadCountMax, final int cacheBucketCount) {
        return load(pins, workloadCountMax, cacheBucketCount, () -> false);
    }

    /**
     * The same for packets of one buffer or of several.
     *
     * @param pins where the maps of an earlier engine are, and these will be.
     * @param workloadCountMax room for workload interfaces; another number than the earlier engine's loses its entries.
     * @param cacheBucketCount buckets of the flow cache.
     * @param isMultiBuffer whether the punt pair may have an MTU above 3506 (Linux 5.18); asked once, when the
     *     programs that do not depend on it are loaded.
     * @return the programs, to be closed; nothing is attached yet, and the cache is off.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static PuntPrograms load(final PinDirectory pins, final int workloadCountMax, final int cacheBucketCount,
        final BooleanSupplier isMultiBuffer) {
        return load(workloadCountMax, cacheBucketCount, isMultiBuffer, spec -> BpfObject.load(spec, pins));
    }

    /**
     * Loads the programs with maps that go with the close.
     *
     * @param workloadCountMax room for workload interfaces.
     * @return the programs, to be closed; nothing is attached yet.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static PuntPrograms load(final int workloadCountMax) {
        return load(workloadCountMax, 1);
    }

    /**
     * Loads the programs with maps that go with the close, and a flow cache.
     *
     * @param workloadCountMax room for workload interfaces.
     * @param cacheBucketCount buckets of the flow cache, 512 bytes each.
     * @return the programs, to be closed; nothing is attached yet, and the cache is off.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses a program.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of the load.
     */
    public static PuntPrograms load(final int workloadCountMax, final int cacheBucketCount) {
        return load(workloadCountMax, cacheBucketCount, () -> false, BpfObject::load);
    }

    private static PuntPrograms load(final int workloadCountMax, final int cacheBucketCount,
        final BooleanSupplier isMultiBuffer, final ObjectLoader loader) {
        BpfObjectSpec podSpec = BpfObjectSpec.fromResource("pod", PuntPrograms.class, "/bpf/pod.bpf.o");
        for (final String map : List.of("workloads", "workload_traffic", "miss_buckets")) {
            podSpec = podSpec.withMapSize(map, workloadCountMax);
        }
        final BpfObject pod = loader.load(podSpec.withMapSize("flow_cache", cacheBucketCount)
            .withMapSize("openings", openingBucketCount(cacheBucketCount)));
        try {
            final boolean isMany = isMultiBuffer.getAsBoolean();
            BpfObjectSpec puntSpec = BpfObjectSpec.fromResource("punt", PuntPrograms.class, "/bpf/punt.bpf.o")
                .withoutProgram(isMany ? SINGLE_BUFFER : MULTI_BUFFER);
            for (final String map : List.of("config", "workloads", "workload_traffic", "counters", "devices", "xsks")) {
                puntSpec = puntSpec.withSharedMap(pod.map(map));
            }
            return new PuntPrograms(pod, BpfObject.load(puntSpec), isMany);
        } catch (final RuntimeException | Error e) {
            pod.close();
            throw e;
        }
    }

    /** Kinds of connections are fewer than connections; but each queue has one bucket at least. */
    private static int openingBucketCount(final int cacheBucketCount) {
        return Math.max(cacheBucketCount / CACHE_BUCKETS_PER_OPENING_BUCKET, Math.min(cacheBucketCount, QUEUES_MAX));
    }

    /** How the object that has the maps is loaded: pinned or not. */
    @FunctionalInterface
    private interface ObjectLoader {
        BpfObject load(BpfObjectSpec spec);
    }

    /**
     * What became of the maps of an earlier engine.
     *
     * @return one for each map; empty without pins.
     */
    public List<MapAdoption> adoptions() {
        return pod.adoptions();
    }

    /**
     * tc ingress of a workload interface.
     *
     * @return the program {@code from_workload}.
     */
    public BpfProgram fromWorkload() {
        return pod.program("from_workload");
    }

    /**
     * tc egress of a workload interface.
     *
     * @return the program {@code to_workload}.
     */
    public BpfProgram toWorkload() {
        return pod.program("to_workload");
    }

    /**
     * XDP of punt1.
     *
     * @return the program for one buffer or for several, as it was loaded.
     */
    public BpfProgram toEngine() {
        return punt.program(isMultiBuffer ? MULTI_BUFFER : SINGLE_BUFFER);
    }

    /**
     * tc ingress of punt0.
     *
     * @return the program {@code from_engine}.
     */
    public BpfProgram fromEngine() {
        return punt.program("from_engine");
    }

    /**
     * Tells the programs about this node. Until then they drop everything; an adopted configuration counts as well.
     *
     * @param value the whole configuration.
     */
    public void configure(final PuntConfig value) {
        config.update(CONFIG_KEY, Optional.of(value));
    }

    /**
     * What the programs know about this node.
     *
     * @return the configuration, or nothing where none was ever written.
     */
    public Optional<PuntConfig> config() {
        return config.lookup(CONFIG_KEY).orElseThrow();
    }

    /**
     * The sockets of the engine, by queue of punt1.
     *
     * @return the map; an entry's socket must be bound to that queue.
     */
    public XskMap sockets() {
        return sockets;
    }

    /**
     * Adds a workload interface or changes it; its counters and the fill of its bucket stay when it is there already.
     * To be done before the programs are attached to it.
     *
     * @param ifindex the host side of its veth.
     * @param workload what the programs need.
     * @throws io.caracal.bindings.NativeCallException E2BIG when there are as many as the load made room for.
     */
    public void putWorkload(final int ifindex, final Workload workload) {
        if (traffic.lookup(ifindex).isEmpty()) {
            traffic.update(ifindex, WorkloadTraffic.NONE);
        }
        if (missBuckets.lookup(ifindex).isEmpty()) {
            missBuckets.update(ifindex, MissBucket.FULL);
        }
        // The last of the three: with it the programs begin to serve the interface.
        workloads.update(ifindex, workload);
    }

    /**
     * The workload behind an interface.
     *
     * @param ifindex the host side of its veth.
     * @return what the programs know, or nothing.
     */
    public Optional<Workload> workload(final int ifindex) {
        return workloads.lookup(ifindex);
    }

    /**
     * All workload interfaces; those of an earlier engine after a load that adopted its maps.
     *
     * @return by ifindex.
     */
    public Map<Integer, Workload> workloads() {
        final Map<Integer, Workload> all = new TreeMap<>();
        workloads.forEach(all::put);
        return all;
    }

    /**
     * Forgets a workload interface and its counters. Programs that are still attached drop everything from then on.
     *
     * @param ifindex the host side of its veth.
     * @return whether it was there.
     */
    public boolean removeWorkload(final int ifindex) {
        final boolean wasThere = workloads.delete(ifindex);
        missBuckets.delete(ifindex);
        traffic.delete(ifindex);
        return wasThere;
    }

    /**
     * What the programs have counted since their maps were made.
     *
     * @return every counter, zeros too.
     */
    public Map<PuntCounter, Long> counters() {
        final Map<PuntCounter, Long> all = new EnumMap<>(PuntCounter.class);
        for (final PuntCounter counter : PuntCounter.values()) {
            all.put(counter, counter(counter));
        }
        return all;
    }

    /**
     * One of the counters.
     *
     * @param counter which.
     * @return since the maps were made.
     */
    public long counter(final PuntCounter counter) {
        return counters.lookup(counter.id()).orElseThrow();
    }

    /**
     * What the programs have counted on one interface.
     *
     * @param ifindex the host side of its veth.
     * @return since it was put, or nothing where it is not a workload interface.
     */
    public Optional<WorkloadTraffic> traffic(final int ifindex) {
        return traffic.lookup(ifindex);
    }

    /**
     * The maps, for tools that show them.
     *
     * @return by name.
     */
    public List<BpfMapHandle> maps() {
        final List<BpfMapHandle> all = new ArrayList<>();
        for (final String map : List.of("cache_state", "config", "counters", "devices", "flow_cache",
            "miss_buckets", "opened_flows", "openings", "workload_traffic", "workloads", "xsks")) {
            all.add(pod.map(map));
        }
        return all;
    }

    /**
     * One of the maps, for objects that share it.
     *
     * @param name in the C source.
     * @return owned by this object.
     * @throws IllegalArgumentException when there is none.
     */
    public BpfMapHandle map(final String name) {
        return pod.map(name);
    }

    /** Frees the descriptors. What is attached goes on working; maps that are not pinned live as long as that. */
    @Override
    public void close() {
        punt.close();
        pod.close();
    }
}

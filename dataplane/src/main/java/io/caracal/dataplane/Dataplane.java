package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlSource;
import io.caracal.kernel.MtuFile;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.network.NetworkConfig;
import io.caracal.network.NetworkControl;
import io.caracal.network.NetworkLog;
import io.caracal.network.UplinkSettings;
import io.caracal.policy.PolicyWay;
import io.caracal.route.ForwardingPublisher;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.xdp.MapAdoption;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.feature.FeatureFinding;
import io.caracal.xdp.feature.KernelFeature;
import io.caracal.xdp.feature.KernelFeatures;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntHooks;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;

/**
 * The engine: launched once, closed once. It works in the network namespace of the thread that launches it.
 *
 * <p>Affects the host from then on: workload interfaces that are not attached are dropped by the guard; those that are
 * send every packet through this process. What remains after {@link #close()}, a crash or {@code kill -9}: pinned
 * programs and maps, the punt pair and the guard; {@link Cleanup} removes them. Needs root, or CAP_NET_ADMIN, CAP_BPF,
 * CAP_NET_RAW and CAP_IPC_LOCK; kernel 5.15 or later.</p>
 *
 * <pre>{@code
 * DataplaneConfig config = DataplaneConfig.builder().set("node", "node-1").conclude();
 * try (ControlSource source = new ManifestSource(directory, config.node());
 *     Dataplane dataplane = Dataplane.launch(config, source, new EngineLog(System.err))) {
 *     awaitShutdown();
 * }
 * }</pre>
 */
public final class Dataplane implements AutoCloseable {
    private final Deque<AutoCloseable> closers = new ArrayDeque<>();
    private final DataplaneConfig config;
    private final EngineLog log;
    private final NodeHold node = new NodeHold();
    private final CompletableFuture<Void> endAsked = new CompletableFuture<>();
    private ControlLoop control;

    private Dataplane(final DataplaneConfig config, final EngineLog log) {
        this.config = config;
        this.log = log;
    }

    /**
     * Starts everything, in the order that leaves no packet unseen; returns when the endpoints of the control source
     * are attached.
     *
     * @param config concluded.
     * @param source not started yet; the caller closes it, before or after the engine.
     * @param log of the engine.
     * @return the running engine, to be closed by the caller.
     * @throws IllegalStateException if another engine runs here, or a part could not be set up; nothing is left
     *     running.
     */
    public static Dataplane launch(final DataplaneConfig config, final ControlSource source, final EngineLog log) {
        final Dataplane dataplane = new Dataplane(config, log);
        try {
            dataplane.start(source);
            return dataplane;
        } catch (final RuntimeException | Error failure) {
            dataplane.close();
            throw failure;
        } catch (final IOException failure) {
            dataplane.close();
            throw new UncheckedIOException("start the engine", failure);
        }
    }

    private <T extends AutoCloseable> T own(final T part) {
        closers.push(part);
        return part;
    }

    private void start(final ControlSource source) throws IOException {
        holdNodeUnlessReplacing();
        final EarlyParts early = beginEarlyParts(source);
        final PacketParts packets = preparePackets(early.isJumbo());
        final NetworkControl network = openNetwork(early.load(), packets);
        if (config.isReplacing()) {
            replaceEngine(source, early.reading(), network, early.warmup());
        }
        final KernelSide kernel = installKernelSide(early.load(), packets.flows().steeringSeed());
        network.tellServiceLoops(kernel.guard()::refuseServices);
        final PuntParts punt = beginPunting(kernel, packets);
        final EngineParts parts = new EngineParts(packets.workers(), kernel, network);
        startControl(parts, packets, punt.netlink());
        passUpdates(source, early.updates(), punt.attaching());
        packets.memory().await();
        early.warmup().awaitFirst();
        startWorkers(parts, punt);
        answerQuestions(parts, new ControlReport(source, control, packets.policy()));
        early.reading().await();
        control.awaitIdle();
        goOn(early.warmup(), packets.workers());
        log.info("node " + config.node() + ": " + kernel.hooks().describePunt());
    }

    private void holdNodeUnlessReplacing() {
        own(node);
        if (!config.isReplacing()) {
            node.take(EngineLock.take(config.path(ConfigKey.STATE_DIRECTORY).orElseThrow()));
        }
    }

    /**
     * What runs beside the rest of the start.
     *
     * @param updates what the control source says meanwhile.
     * @param reading has the control source begin.
     * @param isJumbo whether packets may have several buffers; the programs wait for it.
     * @param load of the programs and the guard.
     * @param warmup of the packet path's code.
     */
    private record EarlyParts(HeldUpdates updates, StartTask reading, CompletableFuture<Boolean> isJumbo,
                              KernelLoad load, EngineWarmup warmup) {
    }

    /** What needs nothing of the others begins at once: until here one processor has worked, and the rest has not. */
    private EarlyParts beginEarlyParts(final ControlSource source) {
        final HeldUpdates updates = new HeldUpdates();
        final StartTask reading = own(beginReading(source, updates));
        final CompletableFuture<Boolean> isJumbo = new CompletableFuture<>();
        final KernelLoad load = own(KernelLoad.begin(config, isJumbo, node));
        own(() -> isJumbo.cancel(false));
        final EngineWarmup warmup = own(EngineWarmup.begin(
            FlowDirectory.scratch(config), config.number(ConfigKey.WARM_UP_MS), log));
        return new EarlyParts(updates, reading, isJumbo, load, warmup);
    }

    /**
     * What handles packets, and by which tables.
     *
     * @param policy compiles it.
     * @param tables what the workers read.
     * @param flows where they keep theirs.
     * @param networkConfig what is known of the network.
     * @param workers not started yet.
     * @param memory makes theirs.
     */
    private record PacketParts(PolicyControl policy, PublishedTables tables, FlowDirectory flows,
                               NetworkConfig networkConfig, WorkerGroup workers, StartTask memory) {
    }

    private PacketParts preparePackets(final CompletableFuture<Boolean> isJumbo) {
        final PolicyControl policy = new PolicyControl(config.workers(), log);
        final PublishedTables tables =
            new PublishedTables(new WorkloadTablePublisher(), new ForwardingPublisher(), policy.compiler());
        final FlowDirectory flows = FlowDirectory.open(config, log);
        final int puntMtu = puntMtu();
        isJumbo.complete(puntMtu > PuntPair.MTU);
        final NetworkConfig networkConfig = networkConfig(puntMtu);
        final WorkerGroup workers = own(new WorkerGroup(config, tables, flows, SymmetricFlowHash.random(),
            WorkerMemory.of(networkConfig, isJumbo.join()), log));
        final StartTask memory = own(node.begin("memory", workers::prepare));
        return new PacketParts(policy, tables, flows, networkConfig, workers, memory);
    }

    private NetworkControl openNetwork(final KernelLoad load, final PacketParts packets) {
        load.awaitPrograms();
        return own(NetworkControl.open(packets.networkConfig(), load.programs(), load.pins(), tcHooks(),
            packets.tables().forwarding(), networkLog()));
    }

    /**
     * The way of packets between the kernel and the workers.
     *
     * @param netlink of the starting and the control thread.
     * @param pair the interfaces.
     * @param attaching puts the programs on them.
     * @param way by which packets leave the node.
     */
    private record PuntParts(RouteNetlink netlink, PuntPair pair, StartTask attaching, PolicyWay way) {
    }

    private PuntParts beginPunting(final KernelSide kernel, final PacketParts packets) {
        final RouteNetlink netlink = own(RouteNetlink.open());
        final PuntPair pair = PuntPair.adoptOrCreate(netlink, config, packets.networkConfig().puntMtu(), log);
        // No socket is in the map yet: what a hook takes meanwhile meets the answer to an absent engine.
        kernel.programs().configure(puntConfig(pair, packets.flows().steeringSeed()));
        final StartTask attaching = own(StartTask.begin("punt-hooks", () ->
            kernel.hooks().attachPunt(pair.hostIfindex(), pair.engineIfindex())));
        final PolicyWay way = new PolicyWay(outwardIfindex(netlink, pair));
        packets.policy().tellOverlay(way);
        return new PuntParts(netlink, pair, attaching, way);
    }

    /** Attaching waits for the kernel most of the time, and the workers warm up meanwhile. */
    private void startControl(final EngineParts parts, final PacketParts packets, final RouteNetlink netlink) {
        final WorkerGroup workers = parts.workers();
        final NetworkControl network = parts.network();
        final Offload offload = parts.kernel().offload();
        final RunningFlows flows = new RunningFlows(workers, offload);
        final WorkloadRegistry registry = new WorkloadRegistry(
            new KernelAttacher(netlink, parts.kernel(), network, packets.tables(), flows,
                packets.policy().exemptions(), log),
            new FlowTakeover(config, packets.flows(), workers, log), log);
        final ControlLoop loop = own(new ControlLoop(registry, packets.policy(), network,
            flows.policyInForce(ConntrackSettings.establishedFlows(config)),
            new Readiness("true".equals(config.text(ConfigKey.ALLOW_UNENFORCED_HOST_ENDPOINTS)), log), log));
        own(InterfaceWatcher.start(
            config.text(ConfigKey.INTERFACE_PREFIX), registry, packets.policy(), loop, log));
        control = loop;
        own(workers::abandon);
        network.start(workers.asUplinkWorkers(offload), control::tell);
    }

    private void passUpdates(final ControlSource source, final HeldUpdates updates, final StartTask attaching) {
        final StatusReporter reporter = own(StatusReporter.start(
            source, control, (int)config.number(ConfigKey.HEALTH_PORT), log));
        attaching.await();
        updates.passTo(reporter.tap(control));
    }

    private void startWorkers(final EngineParts parts, final PuntParts punt) {
        final WorkerGroup workers = parts.workers();
        // They write into the network's maps, and must have ended before those are closed.
        own(workers::stop);
        workers.start(punt.pair(), parts.kernel().programs().sockets(), punt.way(), parts.network()::natListener,
            parts.kernel().offload());
    }

    /** What may come once packets pass. */
    private void goOn(final EngineWarmup warmup, final WorkerGroup workers) {
        warmup.goOn();
        own(FlowMemory.begin(workers));
        control.readiness().firstTime().thenRun(() ->
            StartTask.begin("calico-rules", () -> FormerRules.seeTo(config, log)));
    }

    /** Another one serves until all that can fail without it has been done. */
    private void replaceEngine(final ControlSource source, final StartTask reading, final NetworkControl network,
                               final EngineWarmup warmup) {
        network.awaitPrograms();
        warmup.awaitFirst();
        if (!source.isExclusive()) {
            reading.await();
        }
        node.take(Predecessor.replace(config, log));
    }

    private StartTask beginReading(final ControlSource source, final ControlListener listener) {
        final String name = "control-source";
        final Runnable work = () -> source.start(listener);
        return source.isExclusive() ? node.begin(name, work) : StartTask.begin(name, work);
    }

    private void answerQuestions(final EngineParts parts, final ControlReport said) throws IOException {
        final EngineReport report = new EngineReport(parts, control, said, config);
        own(new AdminServer(config.path(ConfigKey.ADMIN_SOCKET).orElseThrow(),
            Map.of("counters", report::counters, "cycles", report::cycles, "status", report::status,
                "policy", said::policy, "said", said::said, Predecessor.END, this::end), log));
    }

    private Object end() {
        log.info("another engine takes this one's place");
        endAsked.complete(null);
        return Map.of("ending", true);
    }

    private KernelSide installKernelSide(final KernelLoad load, final int steeringSeed) {
        load.awaitGuard();
        final PuntPrograms programs = load.programs();
        for (final MapAdoption adoption : programs.adoptions()) {
            if (adoption.outcome() == MapAdoption.Outcome.REPLACED) {
                log.warn("map " + adoption.map() + " of an earlier engine is replaced: " + adoption.reason());
            }
        }
        load.pins().sweepDefunctLinks()
            .forEach(link -> log.info("removed the pin of " + link + ", whose interface is gone"));
        final Offload offload = own(Offload.open(config, programs, steeringSeed, log));
        return new KernelSide(programs, own(new PuntHooks(programs, load.pins(), tcHooks())), load.guard(), offload,
            load.pins(), missLimit());
    }

    /** Jumbo frames cost memory and a copy, so only a node whose links have them is made for them. */
    private int puntMtu() {
        if (!NetworkControl.hasLargeUplink(uplinkSettings(), config.text(ConfigKey.INTERFACE_PREFIX))) {
            return PuntPair.MTU;
        }
        for (final KernelFeature feature : List.of(KernelFeature.XDP_FRAGS, KernelFeature.AF_XDP_MULTI_BUFFER)) {
            final FeatureFinding finding = KernelFeatures.probe(feature);
            if (!finding.isPresent()) {
                log.warn("pods get an MTU of " + PuntPair.MTU + " at most: this kernel has no " + feature.name()
                    + " (" + finding.detail() + ")");
                return PuntPair.MTU;
            }
        }
        return PuntPair.JUMBO_MTU;
    }

    private UplinkSettings uplinkSettings() {
        return UplinkSettings.of(
            config.text(ConfigKey.UPLINKS), config.text(ConfigKey.UPLINK_MODE), config.ringDepth())
            .withBusyPoll("on".equals(config.text(ConfigKey.UPLINK_BUSY_POLL)));
    }

    private NetworkConfig networkConfig(final int puntMtu) {
        return new NetworkConfig(config.node(), config.text(ConfigKey.INTERFACE_PREFIX), uplinkSettings(),
            config.workers(), puntMtu, Offload.isWanted(config), config.path(ConfigKey.MTU_FILE).map(MtuFile::new),
            config.path(ConfigKey.STATE_DIRECTORY).orElseThrow());
    }

    private NetworkLog networkLog() {
        return new NetworkLog() {
            @Override
            public void info(final String text) {
                log.info(text);
            }

            @Override
            public void warn(final String text) {
                log.warn(text);
            }
        };
    }

    private List<TcHook> tcHooks() {
        final String wanted = config.text(ConfigKey.TC_HOOK);
        return "auto".equals(wanted)
            ? TcLink.TCX_THEN_CLSACT : List.of(TcHook.valueOf(wanted.toUpperCase(Locale.ROOT)));
    }

    private PuntConfig puntConfig(final PuntPair pair, final int hashSeed) {
        return new PuntConfig(pair.hostIfindex(), config.workers(), config.markHanded(), config.markApproved(),
            PuntConfig.OnEngineLoss.valueOf(config.text(ConfigKey.ON_ENGINE_LOSS).toUpperCase(Locale.ROOT)), hashSeed);
    }

    /** By which interface policy sees packets leave that the host's stack sends on: the default route's. */
    private static int outwardIfindex(final RouteNetlink netlink, final PuntPair pair) {
        return netlink.routes().stream().filter(route -> route.prefixLength() == 0 && !route.isReject())
            .mapToInt(Route::ifindex).filter(ifindex -> ifindex > 0).findFirst().orElse(pair.hostIfindex());
    }

    private Workload.MissLimit missLimit() {
        final long ratePps = config.number(ConfigKey.MISS_RATE_PPS);
        return ratePps == 0 ? Workload.MissLimit.NONE
            : Workload.MissLimit.perSecond(ratePps, config.number(ConfigKey.MISS_BURST_PACKETS));
    }

    /**
     * Workload interfaces that are under the engine now. Any thread.
     *
     * @return a count.
     */
    public int attachedCount() {
        return control.attached().size();
    }

    /**
     * Done when the control source has said everything and nothing of it is left unenforced, for the first time. Done
     * on the control thread: what depends on it must not wait.
     *
     * @return completed at once for manifests without host endpoints.
     */
    public CompletableFuture<Void> ready() {
        return control.readiness().firstTime();
    }

    /**
     * Done when another engine wants to take this one's place ({@code caracal run --replace}); whoever launched this
     * one closes it then. Until it has, the other one waits, half a minute at most. Done on a thread of the admin
     * socket.
     *
     * @return completed once, or never.
     */
    public CompletableFuture<Void> endAsked() {
        return endAsked;
    }

    /**
     * Why the engine is not ready, or not any more. Any thread.
     *
     * @return a sentence each, none when it is.
     */
    public List<String> notReady() {
        return control.readiness().reasons();
    }

    /** Ends all threads and gives back memory and descriptors, last made first. Programs stay attached. */
    @Override
    public void close() {
        node.giveUp();
        while (!closers.isEmpty()) {
            final AutoCloseable part = closers.pop();
            try {
                part.close();
            } catch (final Exception failure) {
                log.error("close " + part.getClass().getSimpleName(), failure);
            }
        }
    }
}

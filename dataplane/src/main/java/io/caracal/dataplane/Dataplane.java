package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.caracal.conntrack.EstablishedFlows;
import io.caracal.control.ControlListener;
import io.caracal.control.ControlSource;
import io.caracal.handover.CalicoRules;
import io.caracal.kernel.MtuFile;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.network.NetworkConfig;
import io.caracal.network.NetworkControl;
import io.caracal.network.NetworkLog;
import io.caracal.network.UplinkSettings;
import io.caracal.policy.CompiledPolicy;
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
        final HeldUpdates updates = new HeldUpdates();
        // What needs nothing of the others begins at once: until here one processor has worked, and the rest has not.
        final StartTask reading = own(beginReading(source, updates));
        final CompletableFuture<Boolean> isJumbo = new CompletableFuture<>();
        final KernelLoad load = own(KernelLoad.begin(config, isJumbo, node));
        own(() -> isJumbo.cancel(false));
        final EngineWarmup warmup = own(EngineWarmup.begin(
            FlowDirectory.scratch(config), config.number(ConfigKey.WARM_UP_MS), log));
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
        load.awaitPrograms();
        final NetworkControl network = own(NetworkControl.open(
            networkConfig, load.programs(), load.pins(), tcHooks(), tables.forwarding(), networkLog()));
        if (config.isReplacing()) {
            replaceEngine(source, reading, network, warmup);
        }
        final KernelSide kernel = installKernelSide(load, flows.steeringSeed());
        network.tellServiceLoops(kernel.guard()::refuseServices);
        final RouteNetlink netlink = own(RouteNetlink.open());
        final PuntPair pair = PuntPair.adoptOrCreate(netlink, config, puntMtu, log);
        // No socket is in the map yet: what a hook takes meanwhile meets the answer to an absent engine.
        kernel.programs().configure(puntConfig(pair, flows.steeringSeed()));
        final StartTask punting = own(StartTask.begin("punt-hooks", () ->
            kernel.hooks().attachPunt(pair.hostIfindex(), pair.engineIfindex())));
        final PolicyWay way = new PolicyWay(outwardIfindex(netlink, pair));
        policy.tellOverlay(way);
        // Attaching waits for the kernel most of the time, and the workers warm up meanwhile.
        control = startControl(policy, network, new WorkloadRegistry(new KernelAttacher(
            netlink, kernel, network, tables, workloadFlows(workers, kernel.offload()), policy.exemptions(), log),
            new FlowTakeover(config, flows, workers, log), log),
            policyInForce(workers, kernel.offload()));
        own(workers::abandon);
        network.start(workers.asUplinkWorkers(kernel.offload()), control::tell);
        final StatusReporter reporter = own(StatusReporter.start(
            source, control, (int)config.number(ConfigKey.HEALTH_PORT), log));
        punting.await();
        updates.passTo(reporter.tap(control));
        memory.await();
        warmup.awaitFirst();
        // They write into the network's maps, and must have ended before those are closed.
        own(workers::stop);
        workers.start(pair, kernel.programs().sockets(), way, network::natListener, kernel.offload());
        answerQuestions(new EngineParts(workers, kernel, network), new ControlReport(source, control, policy));
        reading.await();
        control.awaitIdle();
        warmup.goOn();
        own(FlowMemory.begin(workers));
        control.readiness().firstTime().thenRun(() -> StartTask.begin("calico-rules", this::seeToCalicosRules));
        log.info("node " + config.node() + ": " + kernel.hooks().describePunt());
    }

    private void holdNodeUnlessReplacing() {
        own(node);
        if (!config.isReplacing()) {
            node.take(EngineLock.take(config.path(ConfigKey.STATE_DIRECTORY).orElseThrow()));
        }
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

    /** Not before the pods are attached: until then nothing else polices them. */
    private void seeToCalicosRules() {
        final String wanted = config.text(ConfigKey.CALICO_RULES);
        if ("keep".equals(wanted)) {
            return;
        }
        try {
            final boolean removes = "remove".equals(wanted);
            final List<String> found = removes ? CalicoRules.remove() : CalicoRules.find();
            if (!found.isEmpty()) {
                log.info((removes ? "removed what Calico's own mode left: "
                    : "rules of Calico's own mode are still there and police what goes through the host's stack "
                    + "(caracal run --set calico-rules=remove takes them away): ") + String.join("; ", found));
            }
        } catch (final RuntimeException failure) {
            log.error("look for Calico's rules of before", failure);
        }
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
            config.text(ConfigKey.UPLINKS), config.text(ConfigKey.UPLINK_MODE), config.ringDepth());
    }

    private NetworkConfig networkConfig(final int puntMtu) {
        return new NetworkConfig(config.node(), config.text(ConfigKey.INTERFACE_PREFIX), uplinkSettings(),
            config.workers(), puntMtu, Offload.isWanted(config), config.path(ConfigKey.MTU_FILE).map(MtuFile::new));
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

    private ControlLoop startControl(final PolicyControl policy, final NetworkControl network,
                                     final WorkloadRegistry registry,
                                     final Consumer<CompiledPolicy> policyInForce) {
        final ControlLoop loop = own(new ControlLoop(registry, policy, network, policyInForce,
            new Readiness("true".equals(config.text(ConfigKey.ALLOW_UNENFORCED_HOST_ENDPOINTS)), log), log));
        own(InterfaceWatcher.start(config.text(ConfigKey.INTERFACE_PREFIX), registry, policy, loop, log));
        return loop;
    }

    /** Returns when no packet passes any more by an older policy, but as {@code established-flows} says. */
    private Consumer<CompiledPolicy> policyInForce(final WorkerGroup workers, final Offload offload) {
        if (ConntrackSettings.establishedFlows(config) == EstablishedFlows.KEEP) {
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

    private static WorkloadFlows workloadFlows(final WorkerGroup workers, final Offload offload) {
        return new WorkloadFlows() {
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
        };
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

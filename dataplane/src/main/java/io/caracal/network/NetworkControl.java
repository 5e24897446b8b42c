package io.caracal.network;

import io.caracal.control.NodeChange;
import io.caracal.kernel.NodeNetworkKeeper;
import io.caracal.kernel.NodeNetworkReport;
import io.caracal.kernel.NodeNetworkSettings;
import io.caracal.nat.NatBindingListener;
import io.caracal.netlink.Link;
import io.caracal.netlink.NetlinkEvent;
import io.caracal.netlink.Route;
import io.caracal.netlink.RouteNetlink;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHopTable;
import io.caracal.policy.model.Prefix;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.uplink.UplinkCounter;
import io.caracal.xdp.uplink.UplinkLimits;
import io.caracal.xdp.uplink.UplinkPrograms;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The network around the pods: takes what control says about it, the pods under the engine and what the kernel says
 * about links, addresses, routes and neighbours, and has the workers' tables, the uplinks and their programs,
 * NAT-outgoing and the kernel's own side follow. A node that control says nothing about leaves everything that is not
 * one of its pods to the host, and no uplink is touched.
 *
 * <p>All calls come on the control thread, but {@link #describeUplinks}, {@link #describePolling}, {@link #counters}
 * and {@link #problems}, which any thread may call. What the kernel says arrives there by the executor that
 * {@link #start} is given. It owns its programs, hooks and threads; on {@link #close} the hooks stay on the interfaces
 * for the next engine, and settings of devices are set back.</p>
 *
 * <pre>{@code
 * NetworkControl network = NetworkControl.open(config, punt, pins, hooks, publisher, log);
 * bindings = conntrack.openNat(network.natListener(worker));           // before the workers start
 * network.start(workers, control::tell);                              // when they run
 * network.onChange(nodeChange); network.onInSync();                   // as control says
 * network.onPods(pods); network.publishIfChanged();                   // after a batch of events
 * }</pre>
 */
public final class NetworkControl implements AutoCloseable {
    /** Without multi-buffer XDP a driver takes no larger packets (a page less headroom and skb_shared_info). */
    static final int SINGLE_BUFFER_MTU_MAX = 3506;

    private final NetworkConfig config;
    /** Loaded from the start on: the verifier takes half as long over them as attaching ten pods does. */
    private final CompletableFuture<UplinkPrograms> loading;
    private final Function<UplinkPrograms, UplinkSide> sideOf;
    private CompletableFuture<UplinkSide> side;
    private final ForwardingPublisher publisher;
    private final NetworkLog log;
    private final RouteNetlink netlink;
    private final NeighbourBook neighbours;
    private final ClusterNetwork cluster = new ClusterNetwork();
    private final ForwardingCompiler compiler = new ForwardingCompiler();
    private final ServiceRefusal serviceRefusal = new ServiceRefusal();
    private final PodMtu podMtu;
    private Collection<LocalPod> pods = List.of();
    private HostView host = HostView.EMPTY;
    private CompiledForwarding compiled;
    private UplinkWorkers workers;
    private Uplinks uplinks;
    private UplinkPolling polling;
    private NodeNetworkKeeper keeper;
    private KernelWatch watch;
    private boolean isInSync;
    private boolean isHostStale = true;
    private boolean isChanged;
    private boolean areNeighboursChanged;
    private volatile List<String> settingProblems = List.of();
    private volatile List<String> uplinkProblems = List.of();
    private volatile List<String> kernelProblems = List.of();
    private volatile Map<String, String> uplinkModes = Map.of();

    private NetworkControl(final NetworkConfig config, final Supplier<UplinkPrograms> load,
                           final Function<UplinkPrograms, UplinkSide> sideOf, final ForwardingPublisher publisher,
                           final NetworkLog log) {
        this.config = config;
        this.sideOf = sideOf;
        this.publisher = publisher;
        this.log = log;
        netlink = RouteNetlink.open();
        neighbours = new NeighbourBook(netlink, log);
        podMtu = new PodMtu(config.mtuFile(), log);
        loading = CompletableFuture.supplyAsync(load, task ->
            Thread.ofPlatform().name("caracal-uplink-programs").daemon(true).start(task));
    }

    /**
     * Prepares, and begins to load the uplinks' programs on a thread of its own, with the maps that an earlier engine
     * has left or that one has which still runs; touches no interface and no entry of a map. In the network namespace
     * of the calling thread.
     *
     * @param config what is known from the start.
     * @param punt whose maps they share; must stay open as long as this.
     * @param pins where maps and links live.
     * @param tcHooks ways of tc to be tried.
     * @param publisher where the workers look.
     * @param log where it tells what it does.
     * @return to be closed after the workers and before the punt programs.
     */
    public static NetworkControl open(final NetworkConfig config, final PuntPrograms punt, final PinDirectory pins,
                                      final List<TcHook> tcHooks, final ForwardingPublisher publisher,
                                      final NetworkLog log) {
        return new NetworkControl(config,
            () -> UplinkPrograms.load(pins, punt, UplinkLimits.DEFAULT,
                hasLargeUplink(config.uplinks(), config.interfacePrefix())),
            programs -> UplinkSide.of(programs, pins, tcHooks, config), publisher, log);
    }

    /**
     * Whether an uplink that is there now carries packets of more than one buffer, so that pods may have such. In the
     * network namespace of the calling thread.
     *
     * @param uplinks which interfaces lead out.
     * @param interfacePrefix what pods' interfaces begin with.
     * @return true for jumbo frames.
     */
    public static boolean hasLargeUplink(final UplinkSettings uplinks, final String interfacePrefix) {
        return isLarge(presentUplinks(uplinks, interfacePrefix));
    }

    /** Whether packets of one of them may be larger than a buffer. */
    private static boolean isLarge(final List<Link> uplinks) {
        return uplinks.stream().anyMatch(link -> link.mtu() > SINGLE_BUFFER_MTU_MAX);
    }

    /**
     * Waits for the uplinks' programs. The starting thread.
     *
     * @throws io.caracal.xdp.VerifierException when the kernel refuses one of them.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of their load.
     */
    public void awaitPrograms() {
        TaskEnd.await(loading);
    }

    private UplinkSide side() {
        return TaskEnd.await(side);
    }

    private static List<Link> presentUplinks(final UplinkSettings uplinks, final String interfacePrefix) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            return uplinks.present(HostView.read(netlink, interfacePrefix));
        }
    }

    /**
     * Who refuses packets to services that nobody has translated. Before {@link #start}.
     *
     * @param refusing takes the services' addresses, none to refuse nothing, and whether senders are told.
     */
    public void tellServiceLoops(final BiConsumer<Collection<Prefix>, Boolean> refusing) {
        serviceRefusal.by(refusing);
    }

    /**
     * Frames that sockets on the uplinks that are there now need in each worker's memory: a fill and a transmit ring
     * for each of its queues. In the network namespace of the calling thread.
     *
     * @param config what is known from the start.
     * @return 0 without uplinks.
     * @throws io.caracal.bindings.NativeCallException when the interfaces cannot be read.
     */
    public static int framesPerWorker(final NetworkConfig config) {
        int queueCount = 0;
        for (final Link link : presentUplinks(config.uplinks(), config.interfacePrefix())) {
            queueCount += Math.ceilDiv(Uplink.queueCount(link), config.workerCount());
        }
        final int framesPerQueue = 2 * config.uplinks().ringDepth();
        return queueCount * framesPerQueue;
    }

    /**
     * What a worker's NAT-outgoing tells its bindings to, so that the uplinks' programs know them.
     *
     * @param worker its number; nobody else may use the listener.
     * @return to be called on that worker's thread.
     * @throws io.caracal.xdp.VerifierException when the kernel refuses one of the programs.
     * @throws io.caracal.bindings.NativeCallException EPERM, or another failure of their load.
     */
    public NatBindingListener natListener(final int worker) {
        return side().nat().listener(worker);
    }

    /**
     * Begins to read what an earlier engine has left in the programs' maps, to listen to the kernel and to keep its
     * side right. No other engine runs here by now. In the network namespace of the thread that opened this.
     *
     * @param running the workers; what is wanted of them may have to wait until they run.
     * @param controlThread runs things on the control thread, in order.
     */
    public void start(final UplinkWorkers running, final Consumer<Runnable> controlThread) {
        workers = running;
        side = loading.thenApply(sideOf);
        polling = UplinkPolling.start(config, running, log);
        final NodeNetworkSettings usual = NodeNetworkSettings.DEFAULT;
        keeper = NodeNetworkKeeper.start(new NodeNetworkSettings(usual.routeProtocol(), usual.podRouteMetric(),
            config.interfacePrefix()), NodeNetworkKeeper.REFRESH_DEFAULT, this::onKernelReport);
        watch = KernelWatch.start(batch -> controlThread.accept(() -> onKernelEvents(batch)),
            () -> controlThread.accept(this::lookAgain), log);
        neighbours.replaceAll(netlink.neighbours());
    }

    /** What the kernel does not tell. */
    private void lookAgain() {
        neighbours.refresh();
        polling.review();
    }

    private void onKernelReport(final NodeNetworkReport report) {
        final List<String> before = kernelProblems;
        kernelProblems = report.problems();
        report.problems().stream().filter(problem -> !before.contains(problem)).forEach(log::warn);
    }

    /**
     * Takes one change of the cluster's network.
     *
     * @param change as control says it.
     */
    public void onChange(final NodeChange change) {
        try {
            cluster.apply(change);
            if (change instanceof NodeChange.FelixSettings) {
                settingProblems = List.of();
            }
        } catch (final IllegalArgumentException refused) {
            settingProblems = List.of(refused.getMessage() + "; the settings before it stay in force");
            log.warn(settingProblems.getFirst());
        }
        isChanged = true;
    }

    /**
     * Whether pods have IPv6, by Felix's Ipv6Support.
     *
     * @return true unless it is switched off.
     */
    public boolean hasIpv6() {
        return cluster.hasIpv6();
    }

    /** Control has told everything once: what it says is the whole from now on. */
    public void onInSync() {
        isInSync = true;
        isChanged = true;
    }

    /**
     * Takes the pods that are under the engine now.
     *
     * @param present all of them.
     */
    public void onPods(final Collection<LocalPod> present) {
        pods = List.copyOf(present);
        isHostStale = true;
        isChanged = true;
    }

    private void onKernelEvents(final List<NetlinkEvent> batch) {
        for (final NetlinkEvent event : batch) {
            switch (event) {
                case NetlinkEvent.LinkChanged(final Link link) -> onLink(link);
                case NetlinkEvent.LinkRemoved(final Link link) -> onLink(link);
                case final NetlinkEvent.AddressChanged changed -> isHostStale = true;
                case final NetlinkEvent.AddressRemoved removed -> isHostStale = true;
                case NetlinkEvent.RouteChanged(final Route route) -> onRoute(route);
                case NetlinkEvent.RouteRemoved(final Route route) -> onRoute(route);
                case NetlinkEvent.NeighbourChanged(final var neighbour) ->
                    areNeighboursChanged |= neighbours.put(neighbour);
                case NetlinkEvent.NeighbourRemoved(final var neighbour) ->
                    areNeighboursChanged |= neighbours.remove(neighbour);
                case final NetlinkEvent.Resync resync -> readAgain();
                case final NetlinkEvent.ForwardingEntryChanged changed -> { }
                case final NetlinkEvent.ForwardingEntryRemoved removed -> { }
            }
        }
    }

    private void readAgain() {
        neighbours.replaceAll(netlink.neighbours());
        areNeighboursChanged = true;
        isHostStale = true;
    }

    private void onLink(final Link link) {
        isHostStale |= !link.name().startsWith(config.interfacePrefix());
    }

    /** Ours, and those of pods' interfaces, say nothing about the host's way out. */
    private void onRoute(final Route route) {
        isHostStale |= route.protocol() != Route.PROTOCOL_CALICO && route.table() == Route.TABLE_MAIN
            && (route.isReject() || host.link(route.ifindex()).isPresent());
    }

    /** Has everything follow what was said since the last call, if anything was. Once for a batch of events. */
    public void publishIfChanged() {
        if (!isInSync) {
            return;
        }
        if (isHostStale) {
            final HostView now = HostView.read(netlink, config.interfacePrefix());
            isChanged |= !now.equals(host);
            host = now;
            isHostStale = false;
        }
        if (isChanged) {
            publish();
            isChanged = false;
        } else if (areNeighboursChanged) {
            publishTables();
        }
        areNeighboursChanged = false;
    }

    private NetworkInput input() {
        return new NetworkInput(config.node(), cluster, pods, host, uplinks == null ? Map.of() : uplinks.modes(),
            config.puntMtu());
    }

    private void publish() {
        reconcileUplinks();
        final NetworkInput input = input();
        compiled = compiler.compile(input);
        final Set<NeighbourKey> wanted = new HashSet<>();
        compiled.nextHops().values().forEach(plan -> plan.resolves().ifPresent(wanted::add));
        neighbours.want(wanted);
        side().tables().putNew(input);
        side().nat().reconcile(input, workers);
        workers.follow(publishTables());
        side().tables().removeEnded();
        keeper.update(KernelSpecCompiler.compile(input));
        if (!cluster.isEmpty()) {
            podMtu.write(input.podMtu(), cluster.settings().host().requiresMtuFile());
        }
        serviceRefusal.follow(cluster);
    }

    private void reconcileUplinks() {
        final boolean isFirst = uplinkModes.isEmpty() && compiled == null;
        if (uplinks == null) {
            uplinks = new Uplinks(side().programs(), side().hooks(), config, workers, polling, log);
        }
        uplinks.reconcile(cluster.isEmpty() ? List.of() : config.uplinks().present(host));
        uplinks.reconcileOverlays(cluster.isEmpty() ? List.of() : overlayDevices());
        if (isFirst) {
            uplinks.sweepDevices();
        }
        uplinkModes = Map.copyOf(uplinks.describe());
        uplinkProblems = List.copyOf(uplinks.problems());
    }

    private List<Link> overlayDevices() {
        final NetworkInput input = input();
        final List<Link> devices = new ArrayList<>();
        input.overlayDevice(false).ifPresent(devices::add);
        input.overlayDevice(true).ifPresent(devices::add);
        return devices;
    }

    private ForwardingTables publishTables() {
        final NextHopTable.Builder nextHops = new NextHopTable.Builder();
        compiled.nextHops().forEach((number, plan) -> {
            final Optional<NeighbourKey> neighbour = plan.resolves();
            final long sourceMac = neighbour.flatMap(key -> host.link(key.ifindex()))
                .map(link -> link.mac().value()).orElse(0L);
            nextHops.put(number, plan.resolved(sourceMac, neighbour.map(neighbours::macOf).orElse(0L)));
        });
        final ForwardingTables tables =
            new ForwardingTables(compiled.routes(), nextHops.build(), compiled.vteps(), compiled.options());
        publisher.publish(tables);
        return tables;
    }

    /**
     * What Felix's settings require and is not there: the engine is not ready without it. Any thread.
     *
     * @return a sentence each.
     */
    public List<String> missing() {
        return podMtu.missing();
    }

    /**
     * How the uplinks are driven. Any thread.
     *
     * @return word of the mode by name of the interface.
     */
    public Map<String, String> describeUplinks() {
        return uplinkModes;
    }

    /**
     * How it stands with polling the uplinks. Any thread, after {@link #start}.
     *
     * @return {@code on}, or why not, by name of the interface; empty where it is not wanted.
     */
    public Map<String, String> describePolling() {
        return polling.describe();
    }

    /**
     * What the uplinks' programs count, polls of uplinks, and bindings of NAT-outgoing that they could not be told of.
     * Any thread.
     *
     * @return value by label.
     */
    public Map<String, Long> counters() {
        final Map<String, Long> counters = new java.util.LinkedHashMap<>();
        for (final UplinkCounter counter : UplinkCounter.values()) {
            counters.put(counter.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'),
                side().programs().counter(counter));
        }
        counters.put("busy-polls", polling.pollCount());
        counters.put("nat-bindings-refused", side().nat().failureCount());
        return counters;
    }

    /**
     * What does not work and waits for an operator. Any thread.
     *
     * @return a sentence each.
     */
    public List<String> problems() {
        return Stream.of(settingProblems, uplinkProblems, kernelProblems).flatMap(List::stream).toList();
    }

    /** Ends the threads. Programs stay on their hooks, and what the kernel was told stays. After the workers. */
    @Override
    public void close() {
        if (watch != null) {
            watch.close();
        }
        if (keeper != null) {
            keeper.close();
        }
        if (polling != null) {
            polling.close();
        }
        netlink.close();
        /* Why something could not be loaded was said to who waited for it. */
        if (side != null) {
            side.handle((made, failure) -> Optional.ofNullable(made)).join().ifPresent(UplinkSide::close);
        }
        loading.handle((loaded, failure) -> Optional.ofNullable(loaded)).join().ifPresent(UplinkPrograms::close);
    }
}

package io.caracal.kernel;

import io.caracal.netlink.LinkMonitor;
import io.caracal.netlink.NetlinkEvent;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Keeps a node's network as it was told, on a thread of its own: after each new specification, soon after a link or an
 * address has come, gone or changed, and now and then in case somebody else has changed something. Any thread may tell.
 *
 * <pre>{@code
 * try (NodeNetworkKeeper keeper = NodeNetworkKeeper.start(NodeNetworkSettings.DEFAULT, REFRESH_DEFAULT, this::onPass))
 *     { keeper.update(spec);
 * }
 * }</pre>
 */
public final class NodeNetworkKeeper implements AutoCloseable {
    /** Felix's RouteRefreshInterval and InterfaceRefreshInterval. */
    public static final Duration REFRESH_DEFAULT = Duration.ofSeconds(90);

    /** A pod's start makes some ten events; one pass after them is enough. */
    private static final long SETTLE_MS = 50;
    private static final long CLOSE_TIMEOUT_SECONDS = 10;

    private final BlockingQueue<Runnable> commands = new LinkedBlockingQueue<>();
    private final Consumer<NodeNetworkReport> listener;
    private final Duration refresh;
    private final NodeNetwork network;
    private final LinkMonitor monitor;
    private final Thread keeper;
    private final Thread watcher;
    private NodeNetworkSpec spec;
    private boolean hadProblems;
    private volatile boolean isClosing;

    private NodeNetworkKeeper(final NodeNetwork network, final LinkMonitor monitor, final Duration refresh,
        final Consumer<NodeNetworkReport> listener) {
        this.network = network;
        this.monitor = monitor;
        this.refresh = refresh;
        this.listener = listener;
        keeper = Thread.ofPlatform().name("caracal-network").daemon(true).unstarted(this::keep);
        watcher = Thread.ofPlatform().name("caracal-network-watch").daemon(true).unstarted(this::watch);
    }

    /**
     * Starts the threads, in the calling thread's network namespace. Nothing is changed before the first
     * specification.
     *
     * @param settings how what is its own is marked.
     * @param refresh how often to look without a reason.
     * @param listener hears of each pass that changed something or had problems, and of the first without them, on the
     *     keeper's thread.
     * @return to be closed by the caller; what was made stays.
     * @throws io.caracal.bindings.NativeCallException EPERM without CAP_NET_ADMIN, EMFILE.
     */
    public static NodeNetworkKeeper start(final NodeNetworkSettings settings, final Duration refresh,
        final Consumer<NodeNetworkReport> listener) {
        final LinkMonitor monitor =
            LinkMonitor.open(EnumSet.of(LinkMonitor.Topic.LINKS, LinkMonitor.Topic.ADDRESSES));
        try {
            final NodeNetworkKeeper started =
                new NodeNetworkKeeper(NodeNetwork.open(settings), monitor, refresh, listener);
            started.keeper.start();
            started.watcher.start();
            return started;
        } catch (final RuntimeException e) {
            monitor.close();
            throw e;
        }
    }

    /**
     * Tells what is wanted from now on.
     *
     * @param wanted the whole.
     */
    public void update(final NodeNetworkSpec wanted) {
        commands.add(() -> spec = wanted);
    }

    private void keep() {
        try {
            while (!isClosing) {
                final Runnable first = commands.poll(refresh.toMillis(), TimeUnit.MILLISECONDS);
                for (Runnable command = first; command != null;
                     command = isClosing ? null : commands.poll(SETTLE_MS, TimeUnit.MILLISECONDS)) {
                    command.run();
                }
                if (spec != null && !isClosing) {
                    tell(network.apply(spec));
                }
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            network.close();
        }
    }

    private void tell(final NodeNetworkReport report) {
        if (!report.changes().isEmpty() || !report.problems().isEmpty() || hadProblems) {
            listener.accept(report);
        }
        hadProblems = !report.problems().isEmpty();
    }

    private void watch() {
        while (!monitor.isClosed()) {
            if (monitor.await(-1).stream().anyMatch(NodeNetworkKeeper::mayMatter)) {
                commands.add(() -> { });
            }
        }
    }

    private static boolean mayMatter(final NetlinkEvent event) {
        return switch (event) {
            case NetlinkEvent.LinkChanged changed -> true;
            case NetlinkEvent.LinkRemoved removed -> true;
            case NetlinkEvent.AddressChanged changed -> true;
            case NetlinkEvent.AddressRemoved removed -> true;
            case NetlinkEvent.Resync resync -> true;
            case NetlinkEvent.RouteChanged changed -> false;
            case NetlinkEvent.RouteRemoved removed -> false;
            case NetlinkEvent.NeighbourChanged changed -> false;
            case NetlinkEvent.NeighbourRemoved removed -> false;
            case NetlinkEvent.ForwardingEntryChanged changed -> false;
            case NetlinkEvent.ForwardingEntryRemoved removed -> false;
        };
    }

    /** Ends the threads after the pass that is running; what was made stays. */
    @Override
    public void close() {
        isClosing = true;
        commands.add(() -> { });
        monitor.close();
        try {
            keeper.join(Duration.ofSeconds(CLOSE_TIMEOUT_SECONDS));
            watcher.join(Duration.ofSeconds(CLOSE_TIMEOUT_SECONDS));
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

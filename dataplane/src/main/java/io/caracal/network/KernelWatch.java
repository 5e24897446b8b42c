package io.caracal.network;

import io.caracal.netlink.LinkMonitor;
import io.caracal.netlink.NetlinkEvent;
import java.util.EnumSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * Hears of the kernel's links, addresses, routes and neighbours on a thread of its own, in the network namespace of the
 * thread that starts it, and hands them on in batches.
 */
final class KernelWatch implements AutoCloseable {
    private final LinkMonitor monitor;
    private final Consumer<List<NetlinkEvent>> events;
    private final Runnable refresh;
    private final NetworkLog log;
    private final Thread thread;

    private KernelWatch(final Consumer<List<NetlinkEvent>> events, final Runnable refresh, final NetworkLog log) {
        this.events = events;
        this.refresh = refresh;
        this.log = log;
        monitor = LinkMonitor.open(EnumSet.of(LinkMonitor.Topic.LINKS, LinkMonitor.Topic.ADDRESSES,
            LinkMonitor.Topic.ROUTES, LinkMonitor.Topic.NEIGHBOURS));
        thread = Thread.ofPlatform().name("caracal-routes").daemon(true).unstarted(this::watch);
    }

    /**
     * Starts to listen: what changes from now on is told.
     *
     * @param events gets each batch, on the watch's thread.
     * @param refresh called every {@link NeighbourBook#USE_INTERVAL_MS} at least, likewise.
     * @param log where a failure to read is told.
     * @return the watch, to be closed.
     * @throws io.caracal.bindings.NativeCallException EPERM without CAP_NET_ADMIN.
     */
    static KernelWatch start(
        final Consumer<List<NetlinkEvent>> events, final Runnable refresh, final NetworkLog log) {
        final KernelWatch watch = new KernelWatch(events, refresh, log);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        long refreshDueMs = System.nanoTime() / 1_000_000 + NeighbourBook.USE_INTERVAL_MS;
        while (!monitor.isClosed()) {
            try {
                final List<NetlinkEvent> batch = monitor.await((int)NeighbourBook.USE_INTERVAL_MS);
                if (!batch.isEmpty()) {
                    events.accept(batch);
                }
            } catch (final RuntimeException failure) {
                if (!monitor.isClosed()) {
                    log.warn("hear of the kernel's network (all of it is read again): " + failure.getMessage());
                    events.accept(List.of(new NetlinkEvent.Resync()));
                }
            }
            final long nowMs = System.nanoTime() / 1_000_000;
            if (nowMs - refreshDueMs >= 0) {
                refreshDueMs = nowMs + NeighbourBook.USE_INTERVAL_MS;
                refresh.run();
            }
        }
    }

    @Override
    public void close() {
        monitor.close();
        try {
            thread.join();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

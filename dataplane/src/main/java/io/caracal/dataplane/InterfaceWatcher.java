package io.caracal.dataplane;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.caracal.netlink.Link;
import io.caracal.netlink.LinkMonitor;
import io.caracal.netlink.NetlinkEvent;
import io.caracal.netlink.RouteNetlink;

/**
 * Tells the registry which workload interfaces are there and up, from rtnetlink's link events; after lost events it
 * looks at all of them. It subscribes first and looks afterwards, so that nothing falls between. One thread of its own.
 */
final class InterfaceWatcher implements AutoCloseable {
    private static final int WAIT_MS = 1000;

    private final String prefix;
    private final WorkloadRegistry registry;
    private final ControlLoop control;
    private final EngineLog log;
    private final LinkMonitor monitor;
    private final RouteNetlink netlink;
    private final Map<Integer, String> nameByIndex = new HashMap<>();
    private Thread thread;

    private InterfaceWatcher(final String prefix, final WorkloadRegistry registry, final ControlLoop control,
                             final EngineLog log) {
        this.prefix = prefix;
        this.registry = registry;
        this.control = control;
        this.log = log;
        monitor = LinkMonitor.open(Set.of(LinkMonitor.Topic.LINKS));
        netlink = RouteNetlink.open();
    }

    /**
     * Tells what is there, then starts to watch, in the calling thread's network namespace.
     *
     * @param prefix of workload interfaces.
     * @param registry told on the control thread.
     * @param control the control thread.
     * @param log where failures go.
     * @return the watcher, to be closed before the control loop.
     */
    static InterfaceWatcher start(final String prefix, final WorkloadRegistry registry, final ControlLoop control,
                                  final EngineLog log) {
        final InterfaceWatcher watcher = new InterfaceWatcher(prefix, registry, control, log);
        watcher.lookAtAll();
        watcher.thread = Thread.ofPlatform().name("caracal-links").daemon(true).start(watcher::watch);
        return watcher;
    }

    private void watch() {
        while (!monitor.isClosed()) {
            try {
                monitor.await(WAIT_MS).forEach(this::onEvent);
            } catch (final RuntimeException failure) {
                if (!monitor.isClosed()) {
                    log.error("watch interfaces (they are looked at again)", failure);
                    lookAgain();
                }
            }
        }
    }

    /** Keeps trying: a list that changes faster than it is read (EINTR) must not end the watch. */
    private void lookAgain() {
        while (!monitor.isClosed()) {
            try {
                lookAtAll();
                return;
            } catch (final RuntimeException failure) {
                log.error("look at all interfaces (tried again in " + WAIT_MS + " ms)", failure);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(WAIT_MS));
            }
        }
    }

    private void onEvent(final NetlinkEvent event) {
        switch (event) {
            case NetlinkEvent.LinkChanged(final Link link) -> onPresent(link);
            case NetlinkEvent.LinkRemoved(final Link link) -> onGone(link.index());
            case final NetlinkEvent.Resync resync -> lookAtAll();
            default -> { }
        }
    }

    /** An index whose name changes was renamed: gone under the old name, there under the new one. */
    private void onPresent(final Link link) {
        final String before = nameByIndex.get(link.index());
        if (before != null && !before.equals(link.name())) {
            onGone(link.index());
        }
        if (isWorkloadInterface(link)) {
            nameByIndex.put(link.index(), link.name());
            control.tell(() -> registry.onLinkPresent(link.name(), link.index()));
        } else {
            onGone(link.index());
        }
    }

    /** One that is down counts as gone: the kernel forgets its routes and neighbours, and takes no new ones. */
    private boolean isWorkloadInterface(final Link link) {
        return link.name().startsWith(prefix) && link.isUp();
    }

    private void onGone(final int ifindex) {
        final String name = nameByIndex.remove(ifindex);
        if (name != null) {
            control.tell(() -> registry.onLinkGone(name, ifindex));
        }
    }

    private void lookAtAll() {
        nameByIndex.clear();
        final Map<String, Integer> indexByName = new HashMap<>();
        for (final Link link : netlink.links()) {
            if (isWorkloadInterface(link)) {
                nameByIndex.put(link.index(), link.name());
                indexByName.put(link.name(), link.index());
            }
        }
        control.tell(() -> registry.onLinks(indexByName));
    }

    @Override
    public void close() {
        monitor.close();
        try {
            thread.join();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        netlink.close();
    }
}

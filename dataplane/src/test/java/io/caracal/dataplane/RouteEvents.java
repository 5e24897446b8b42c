package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.caracal.lab.LabNode;
import io.caracal.netlink.LinkMonitor;
import io.caracal.netlink.NetlinkEvent;
import io.caracal.netlink.Neighbour;

/** Everything that changes in a node's routes, permanent neighbours and links while it is open. */
final class RouteEvents implements AutoCloseable {
    private static final int WAIT_MS = 50;

    private final List<String> seen = new ArrayList<>();
    private final LinkMonitor monitor;
    private final Thread thread;
    private volatile boolean isClosed;

    private RouteEvents(final LinkMonitor monitor) {
        this.monitor = monitor;
        thread = Thread.ofPlatform().name("route-events").daemon(true).start(this::run);
    }

    static RouteEvents watch(final LabNode node) {
        return new RouteEvents(node.call(() -> LinkMonitor.open(Set.of(
            LinkMonitor.Topic.LINKS, LinkMonitor.Topic.ROUTES, LinkMonitor.Topic.NEIGHBOURS))));
    }

    private void run() {
        while (!isClosed) {
            for (final NetlinkEvent event : monitor.await(WAIT_MS)) {
                synchronized (seen) {
                    if (isOurs(event)) {
                        seen.add(event.toString());
                    }
                }
            }
        }
    }

    /** What the kernel learns by itself about its neighbours says nothing about us. */
    private static boolean isOurs(final NetlinkEvent event) {
        return switch (event) {
            case NetlinkEvent.NeighbourChanged(final Neighbour neighbour) -> (neighbour.state() & Neighbour.PERMANENT) != 0;
            case NetlinkEvent.NeighbourRemoved(final Neighbour neighbour) -> (neighbour.state() & Neighbour.PERMANENT) != 0;
            default -> true;
        };
    }

    List<String> seen() throws InterruptedException {
        Thread.sleep(2 * WAIT_MS);
        synchronized (seen) {
            return List.copyOf(seen);
        }
    }

    @Override
    public void close() {
        isClosed = true;
        NodeView.join(thread);
        monitor.close();
    }
}

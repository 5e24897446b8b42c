package io.caracal.network;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.Neighbour;
import io.caracal.netlink.RouteNetlink;
import io.caracal.route.NextHop;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The MAC addresses that next hops need. The kernel resolves them, and keeps them resolved though it does not see our
 * packets: as managed neighbours (NTF_EXT_MANAGED, Linux 5.16), else by being asked again every 20 seconds (NTF_USE).
 * The control thread's.
 */
final class NeighbourBook {
    /** How often the kernel is asked where it does not manage: before an entry of 30 s reachable time is stale long. */
    static final long USE_INTERVAL_MS = 20_000;

    private final Map<NeighbourKey, Neighbour> known = new HashMap<>();
    private final RouteNetlink netlink;
    private final NetworkLog log;
    private Set<NeighbourKey> wanted = Set.of();
    private boolean isManaging = true;

    /**
     * Knows nobody yet.
     *
     * @param netlink of the uplinks' network namespace.
     * @param log where what the kernel refuses is told.
     */
    NeighbourBook(final RouteNetlink netlink, final NetworkLog log) {
        this.netlink = netlink;
        this.log = log;
    }

    /** Takes all that the kernel knows, in place of what was known. */
    void replaceAll(final Collection<Neighbour> neighbours) {
        known.clear();
        neighbours.forEach(this::put);
    }

    /** Takes one; returns whether a wanted one is another now. */
    boolean put(final Neighbour neighbour) {
        final NeighbourKey key = new NeighbourKey(neighbour.ifindex(), neighbour.address());
        final long before = macOf(key);
        known.put(key, neighbour);
        return wanted.contains(key) && macOf(key) != before;
    }

    /** Forgets one; returns whether it was a wanted one. The kernel is asked for it anew. */
    boolean remove(final Neighbour neighbour) {
        final NeighbourKey key = new NeighbourKey(neighbour.ifindex(), neighbour.address());
        known.remove(key);
        if (wanted.contains(key)) {
            ask(key);
            return true;
        }
        return false;
    }

    /** The MAC of somebody, or {@link NextHop#UNRESOLVED}. */
    long macOf(final NeighbourKey key) {
        final Neighbour neighbour = known.get(key);
        return neighbour == null || !neighbour.isUsable() || neighbour.mac() == null ? NextHop.UNRESOLVED
            : neighbour.mac().value();
    }

    /** Has the kernel resolve all of these from now on, and no others. */
    void want(final Set<NeighbourKey> keys) {
        final Set<NeighbourKey> added = new HashSet<>(keys);
        added.removeAll(wanted);
        wanted = Set.copyOf(keys);
        added.forEach(this::ask);
    }

    /** Asks again for what the kernel does not keep alive by itself. Every {@link #USE_INTERVAL_MS}. */
    void refresh() {
        for (final NeighbourKey key : wanted) {
            final Neighbour neighbour = known.get(key);
            if (neighbour == null || (neighbour.flags() & Neighbour.MANAGED) == 0 && !isFixed(neighbour)) {
                ask(key);
            }
        }
    }

    private static boolean isFixed(final Neighbour neighbour) {
        return (neighbour.state() & (Neighbour.PERMANENT | Neighbour.NOARP)) != 0;
    }

    private void ask(final NeighbourKey key) {
        final Neighbour neighbour = known.get(key);
        if (neighbour != null && isFixed(neighbour)) {
            return;
        }
        try {
            if (isManaging) {
                manage(key);
            } else {
                netlink.useNeighbour(key.ifindex(), key.address());
            }
        } catch (final NativeCallException failure) {
            /* A link that goes takes its next hops with it in a moment. */
            if (failure.errno() != Errno.ENODEV && failure.errno() != Errno.ENETDOWN) {
                log.warn("resolve " + key.address().getHostAddress() + " on ifindex " + key.ifindex() + ": "
                    + failure.getMessage());
            }
        }
    }

    private void manage(final NeighbourKey key) {
        try {
            netlink.manageNeighbour(key.ifindex(), key.address());
        } catch (final NativeCallException failure) {
            if (failure.errno() != Errno.EINVAL && failure.errno() != Errno.EOPNOTSUPP) {
                throw failure;
            }
            isManaging = false;
            log.info("the kernel does not manage neighbours (before Linux 5.16): asked for every "
                + USE_INTERVAL_MS / 1000 + " s");
            netlink.useNeighbour(key.ifindex(), key.address());
        }
    }
}

package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.pollfd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Hears of changes to links, addresses, routes, neighbours and forwarding entries in the network namespace of the
 * thread that opened it. One thread calls {@link #await}; any thread may close it, which ends a waiting {@code await}.
 * Open it before reading the present state with {@link RouteNetlink}, or what changes in between is missed.
 *
 * <pre>{@code
 * try (LinkMonitor monitor = LinkMonitor.open(EnumSet.of(Topic.LINKS))) {
 *     while (!monitor.isClosed()) {
 *         monitor.await(1_000).forEach(this::onEvent);
 *     }
 * }
 * }</pre>
 */
public final class LinkMonitor implements AutoCloseable {
    /** What to hear of. */
    public enum Topic {
        /** Interfaces. */
        LINKS,
        /** IP addresses. */
        ADDRESSES,
        /** Routes, IPv4 and IPv6. */
        ROUTES,
        /** Neighbours, IPv4 and IPv6. */
        NEIGHBOURS,
        /** Forwarding entries of VXLAN interfaces. */
        FORWARDING
    }

    /** Room for some ten thousand notifications; a node with 250 pods makes a few hundred when it starts. */
    private static final int DEFAULT_BUFFER_LENGTH = 8 << 20;
    private static final int SOCKET_ENTRY = 0;
    private static final int WAKE_UP_ENTRY = 1;
    private static final int ENTRY_COUNT = 2;

    private final ReentrantLock reading = new ReentrantLock();
    private final CallState state = new CallState();
    private final MemorySegment pollEntries = pollfd.allocateArray(ENTRY_COUNT, Arena.ofAuto());
    private final NetlinkSocket socket;
    private final Set<Topic> topics;
    private final Fd wakeUp;
    private volatile boolean isClosed;

    private LinkMonitor(final NetlinkSocket socket, final Set<Topic> topics, final Fd wakeUp) {
        this.socket = socket;
        this.topics = EnumSet.copyOf(topics);
        this.wakeUp = wakeUp;
        watch(SOCKET_ENTRY, socket.fdNumber());
        watch(WAKE_UP_ENTRY, wakeUp.number());
    }

    /**
     * Starts to listen.
     *
     * @param topics what to hear of.
     * @return the monitor, to be closed by the caller.
     * @throws io.caracal.bindings.NativeCallException EPERM without CAP_NET_ADMIN (for the buffer), EMFILE.
     */
    public static LinkMonitor open(final Set<Topic> topics) {
        return open(topics, DEFAULT_BUFFER_LENGTH);
    }

    /**
     * Starts to listen, with a buffer of a given size: a small one overflows, which a test wants to see.
     *
     * @param topics what to hear of.
     * @param bufferLength bytes that may wait to be read.
     * @return the monitor, to be closed by the caller.
     * @throws io.caracal.bindings.NativeCallException EPERM without CAP_NET_ADMIN (for the buffer), EMFILE.
     */
    public static LinkMonitor open(final Set<Topic> topics, final int bufferLength) {
        final NetlinkSocket socket = NetlinkSocket.open(NETLINK_ROUTE());
        try {
            socket.receiveBuffer(bufferLength);
            for (final Topic topic : EnumSet.copyOf(topics)) {
                for (final int group : groups(topic)) {
                    socket.join(group);
                }
            }
            return new LinkMonitor(socket, topics, Fd.eventfd());
        } catch (final RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Waits for events.
     *
     * @param timeoutMs how long at most; 0 not at all, -1 for ever.
     * @return what has happened, in order; empty at the time-out and after {@link #close()}.
     */
    public List<NetlinkEvent> await(final int timeoutMs) {
        reading.lock();
        try {
            return !isClosed && hasEvents(timeoutMs) && !isClosed ? read() : List.of();
        } finally {
            reading.unlock();
        }
    }

    /**
     * Tells whether it is closed.
     *
     * @return true after {@link #close()}.
     */
    public boolean isClosed() {
        return isClosed;
    }

    /** Wakes the reader, waits until it has left, and gives the descriptors back. Further calls do nothing. */
    @Override
    public void close() {
        synchronized (wakeUp) {
            if (isClosed) {
                return;
            }
            isClosed = true;
            wake();
        }
        reading.lock();
        try {
            socket.close();
            wakeUp.close();
        } finally {
            reading.unlock();
        }
    }

    private boolean hasEvents(final int timeoutMs) {
        final int ready = LibC.poll(state, pollEntries, ENTRY_COUNT, timeoutMs);
        if (ready < 0 && state.errno() != Errno.EINTR) {
            throw state.failure("wait for events of", "link monitor");
        }
        return ready > 0 && pollfd.revents(pollfd.asSlice(pollEntries, SOCKET_ENTRY)) != 0;
    }

    private List<NetlinkEvent> read() {
        final List<NetlinkEvent> events = new ArrayList<>();
        while (true) {
            final List<NetlinkMessage> messages = socket.receive(Posix.MSG_DONTWAIT);
            if (messages == null) {
                events.add(new NetlinkEvent.Resync());
                continue;
            }
            if (messages.isEmpty()) {
                return events;
            }
            for (final NetlinkMessage message : messages) {
                addEvent(message, events);
            }
        }
    }

    private void addEvent(final NetlinkMessage message, final List<NetlinkEvent> events) {
        final int type = message.type();
        if ((type == RTM_NEWLINK() || type == RTM_DELLINK()) && LinkMessages.isLink(message)) {
            final Link link = LinkMessages.parse(message);
            events.add(type == RTM_NEWLINK() ? new NetlinkEvent.LinkChanged(link)
                : new NetlinkEvent.LinkRemoved(link));
        } else if (type == RTM_NEWADDR() || type == RTM_DELADDR()) {
            final InterfaceAddress address = AddressMessages.parse(message);
            events.add(type == RTM_NEWADDR() ? new NetlinkEvent.AddressChanged(address)
                : new NetlinkEvent.AddressRemoved(address));
        } else if ((type == RTM_NEWROUTE() || type == RTM_DELROUTE()) && RouteMessages.isRoute(message)) {
            final Route route = RouteMessages.parse(message);
            events.add(type == RTM_NEWROUTE() ? new NetlinkEvent.RouteChanged(route)
                : new NetlinkEvent.RouteRemoved(route));
        } else if (type == RTM_NEWNEIGH() || type == RTM_DELNEIGH()) {
            addNeighbourEvent(message, type == RTM_NEWNEIGH(), events);
        }
    }

    /** Both topics come from one multicast group; each is told only to those who asked for it. */
    private void addNeighbourEvent(final NetlinkMessage message, final boolean isThere,
        final List<NetlinkEvent> events) {
        if (topics.contains(Topic.NEIGHBOURS) && NeighbourMessages.isNeighbour(message)) {
            final Neighbour neighbour = NeighbourMessages.parse(message);
            events.add(isThere ? new NetlinkEvent.NeighbourChanged(neighbour)
                : new NetlinkEvent.NeighbourRemoved(neighbour));
        } else if (topics.contains(Topic.FORWARDING) && ForwardingMessages.isForwardingEntry(message)) {
            final ForwardingEntry entry = ForwardingMessages.parse(message);
            events.add(isThere ? new NetlinkEvent.ForwardingEntryChanged(entry)
                : new NetlinkEvent.ForwardingEntryRemoved(entry));
        }
    }

    private static int[] groups(final Topic topic) {
        return switch (topic) {
            case LINKS -> new int[] {RTNLGRP_LINK()};
            case ADDRESSES -> new int[] {RTNLGRP_IPV4_IFADDR(), RTNLGRP_IPV6_IFADDR()};
            case ROUTES -> new int[] {RTNLGRP_IPV4_ROUTE(), RTNLGRP_IPV6_ROUTE()};
            case NEIGHBOURS, FORWARDING -> new int[] {RTNLGRP_NEIGH()};
        };
    }

    private void watch(final int entry, final int fd) {
        final MemorySegment segment = pollfd.asSlice(pollEntries, entry);
        pollfd.fd(segment, fd);
        pollfd.events(segment, (short)Posix.POLLIN);
    }

    private void wake() {
        final CallState wakeState = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1L);
            final long written = LibC.write(wakeState, wakeUp.number(), one, Long.BYTES);
            if (written < 0 && wakeState.errno() != Errno.EAGAIN) {
                throw wakeState.failure("wake", "link monitor");
            }
        }
    }
}

package io.caracal.netlink;

/** What a {@link LinkMonitor} has heard. Each carries the state after the change, or the last one before removal. */
public sealed interface NetlinkEvent {
    /**
     * A link is new or has changed.
     *
     * @param link as it is now.
     */
    record LinkChanged(Link link) implements NetlinkEvent {
    }

    /**
     * A link is gone, or has moved to another namespace.
     *
     * @param link as it was.
     */
    record LinkRemoved(Link link) implements NetlinkEvent {
    }

    /**
     * An IP address was added or has changed.
     *
     * @param address as it is now.
     */
    record AddressChanged(InterfaceAddress address) implements NetlinkEvent {
    }

    /**
     * An IP address is gone.
     *
     * @param address as it was.
     */
    record AddressRemoved(InterfaceAddress address) implements NetlinkEvent {
    }

    /**
     * A route was added or replaced.
     *
     * @param route as it is now.
     */
    record RouteChanged(Route route) implements NetlinkEvent {
    }

    /**
     * A route is gone. NB: the kernel is silent about IPv4 routes that go with their interface.
     *
     * @param route as it was.
     */
    record RouteRemoved(Route route) implements NetlinkEvent {
    }

    /**
     * A neighbour is new or has changed.
     *
     * @param neighbour as it is now.
     */
    record NeighbourChanged(Neighbour neighbour) implements NetlinkEvent {
    }

    /**
     * A neighbour is gone.
     *
     * @param neighbour as it was.
     */
    record NeighbourRemoved(Neighbour neighbour) implements NetlinkEvent {
    }

    /**
     * A forwarding entry of a VXLAN interface is new or has changed.
     *
     * @param entry as it is now.
     */
    record ForwardingEntryChanged(ForwardingEntry entry) implements NetlinkEvent {
    }

    /**
     * A forwarding entry of a VXLAN interface is gone. NB: the kernel is silent about those that go with the interface.
     *
     * @param entry as it was.
     */
    record ForwardingEntryRemoved(ForwardingEntry entry) implements NetlinkEvent {
    }

    /**
     * Events were lost, because they came faster than they were read: read everything anew with {@link RouteNetlink}.
     */
    record Resync() implements NetlinkEvent {
    }
}

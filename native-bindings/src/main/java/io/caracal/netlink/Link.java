package io.caracal.netlink;

import io.caracal.bindings.Posix;

/**
 * A network interface as the kernel describes it.
 *
 * @param index its ifindex.
 * @param name its name.
 * @param kind such as {@code veth} or {@code vxlan}; empty for hardware and loopback.
 * @param mac its Ethernet address; null where it has none.
 * @param mtu bytes of the largest packet, without Ethernet header.
 * @param flags bits such as {@link Posix#IFF_UP}.
 * @param operationalState {@code IF_OPER_*} of RFC 2863: 6 is up, 2 down, 0 unknown.
 * @param lowerIndex index of its peer (veth) or lower interface (VLAN, VXLAN), 0 for none.
 * @param lowerNamespaceId id of the namespace that {@code lowerIndex} is in; -1 when in this one.
 * @param masterIndex index of its bridge or bond, 0 for none.
 * @param txQueueCount transmit queues.
 * @param rxQueueCount receive queues.
 * @param xdpProgramId id of its XDP program, 0 for none.
 */
public record Link(int index, String name, String kind, MacAddress mac, int mtu, int flags, int operationalState,
    int lowerIndex, int lowerNamespaceId, int masterIndex, int txQueueCount, int rxQueueCount, int xdpProgramId) {

    /**
     * Tells whether it is administratively up.
     *
     * @return true after {@code setUp}.
     */
    public boolean isUp() {
        return (flags & Posix.IFF_UP) != 0;
    }

    /**
     * Tells whether it has carrier.
     *
     * @return true for a veth whose both ends are up.
     */
    public boolean isRunning() {
        return (flags & Posix.IFF_RUNNING) != 0;
    }

    /**
     * Tells whether it resolves addresses.
     *
     * @return false with IFF_NOARP.
     */
    public boolean hasArp() {
        return (flags & Posix.IFF_NOARP) == 0;
    }
}

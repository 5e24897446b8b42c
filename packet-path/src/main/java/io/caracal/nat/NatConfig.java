package io.caracal.nat;

import io.caracal.wire.Ipv6Text;

/**
 * What NAT-outgoing may use.
 *
 * @param ipv4 the node's address, or Felix's NATOutgoingAddress, host order; 0 is none.
 * @param ipv6 the same for IPv6; :: is none.
 * @param firstPort lowest port and ICMP identifier (Felix: NATPortRange). The default range lies above Linux's
 *     {@code ip_local_port_range}, so that the host's own connections to the same peer have other ports.
 * @param lastPort highest port.
 * @param worker this worker's number: ports are dealt out, so that a port names its owner.
 * @param workerCount how many workers share the range.
 * @param endpointIndependent whether one address and port of a pod has one port outside, whatever it talks to (RFC 4787
 *     REQ-1): for what pods tell others about themselves. Costs ports, since two pods never share one then.
 */
public record NatConfig(int ipv4, Ipv6Text ipv6, int firstPort, int lastPort, int worker, int workerCount,
    boolean endpointIndependent) {
    /** Lowest port by default. */
    public static final int DEFAULT_FIRST_PORT = 61_000;
    /** Highest port by default. */
    public static final int DEFAULT_LAST_PORT = 65_535;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range, or a range with no port for each worker.
     */
    public NatConfig {
        if (firstPort < 1 || lastPort > 0xFFFF || workerCount < 1 || lastPort - firstPort + 1 < workerCount) {
            throw new IllegalArgumentException("NAT ports " + firstPort + " .. " + lastPort + " of " + workerCount
                + " workers: expected at least one port for each within 1 .. 65535");
        }
        if (worker < 0 || worker >= workerCount) {
            throw new IllegalArgumentException("worker must be within 0 and " + (workerCount - 1) + ": " + worker);
        }
    }

    /**
     * The same with a port for each remote end, as nf_conntrack has it.
     *
     * @param ipv4 the node's address, host order; 0 is none.
     * @param ipv6 the same for IPv6; :: is none.
     * @param firstPort lowest port and ICMP identifier.
     * @param lastPort highest port.
     * @param worker this worker's number.
     * @param workerCount how many workers share the range.
     */
    public NatConfig(final int ipv4, final Ipv6Text ipv6, final int firstPort, final int lastPort, final int worker,
        final int workerCount) {
        this(ipv4, ipv6, firstPort, lastPort, worker, workerCount, false);
    }

    /**
     * Ports of this worker.
     *
     * @return how many, at least 1.
     */
    public int portCount() {
        return (lastPort - firstPort + workerCount - worker) / workerCount;
    }

    /**
     * One of this worker's ports.
     *
     * @param index 0 .. {@link #portCount()} - 1.
     * @return the port.
     */
    public int port(final int index) {
        return firstPort + worker + index * workerCount;
    }

    /**
     * Whose a port is.
     *
     * @param any 0 .. 65535.
     * @return the number of a worker, or -1: outside of the range.
     */
    public int workerOfPort(final int any) {
        return any < firstPort || any > lastPort ? -1 : (any - firstPort) % workerCount;
    }

    /**
     * The inverse of {@link #port}.
     *
     * @param port 0 .. 65535.
     * @return its index, or -1: it is not this worker's.
     */
    public int portIndex(final int port) {
        final int distance = port - firstPort - worker;
        return port > lastPort || distance < 0 || distance % workerCount != 0 ? -1 : distance / workerCount;
    }
}

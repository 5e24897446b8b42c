package io.caracal.netlink;

import java.util.Objects;

/**
 * What a veth pair shall be like; see {@link RouteNetlink#createVeth}. A copy with one thing changed comes from each
 * {@code with} method.
 *
 * @param name of the end in this network namespace, at most 15 letters.
 * @param peerName of the other end.
 * @param queueCount receive and transmit queues of both ends; it can never be raised later.
 * @param mtu of both ends; 0 for the kernel's 1500.
 * @param mac of this end; null for a random one.
 * @param peerMac of the other end; null for a random one.
 * @param peerNamespaceFd namespace that the other end is made in; -1 for this one.
 */
public record VethSpec(String name, String peerName, int queueCount, int mtu, MacAddress mac, MacAddress peerMac,
    int peerNamespaceFd) {
    private static final int IN_THIS_NAMESPACE = -1;

    /**
     * Checks names and ranges.
     *
     * @param name of the end in this network namespace, at most 15 letters.
     * @param peerName of the other end.
     * @param queueCount receive and transmit queues of both ends; it can never be raised later.
     * @param mtu of both ends; 0 for the kernel's 1500.
     * @param mac of this end; null for a random one.
     * @param peerMac of the other end; null for a random one.
     * @param peerNamespaceFd namespace that the other end is made in; -1 for this one.
     */
    public VethSpec {
        RouteNetlink.requireName(name);
        RouteNetlink.requireName(peerName);
        if (queueCount < 1 || mtu < 0) {
            throw new IllegalArgumentException("veth " + name + ": " + queueCount + " queues, MTU " + mtu);
        }
    }

    /**
     * A pair with one queue, random addresses and the default MTU.
     *
     * @param name of the end in this network namespace, at most 15 letters.
     * @param peerName of the other end.
     */
    public VethSpec(final String name, final String peerName) {
        this(name, peerName, 1, 0, null, null, IN_THIS_NAMESPACE);
    }

    /**
     * With more queues.
     *
     * @param queues receive and transmit queues of both ends.
     * @return a copy.
     */
    public VethSpec withQueues(final int queues) {
        return new VethSpec(name, peerName, queues, mtu, mac, peerMac, peerNamespaceFd);
    }

    /**
     * With another MTU.
     *
     * @param bytes MTU of both ends.
     * @return a copy.
     */
    public VethSpec withMtu(final int bytes) {
        return new VethSpec(name, peerName, queueCount, bytes, mac, peerMac, peerNamespaceFd);
    }

    /**
     * With an address for this end.
     *
     * @param address its Ethernet address.
     * @return a copy.
     */
    public VethSpec withMac(final MacAddress address) {
        return new VethSpec(name, peerName, queueCount, mtu, Objects.requireNonNull(address), peerMac, peerNamespaceFd);
    }

    /**
     * With an address for the other end.
     *
     * @param address its Ethernet address.
     * @return a copy.
     */
    public VethSpec withPeerMac(final MacAddress address) {
        return new VethSpec(name, peerName, queueCount, mtu, mac, Objects.requireNonNull(address), peerNamespaceFd);
    }

    /**
     * With the other end in another network namespace.
     *
     * @param namespaceFd such as {@code NetNamespace.fd()}; open until the pair is made.
     * @return a copy.
     */
    public VethSpec withPeerNamespace(final int namespaceFd) {
        return new VethSpec(name, peerName, queueCount, mtu, mac, peerMac, namespaceFd);
    }
}

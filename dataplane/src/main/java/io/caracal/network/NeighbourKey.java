package io.caracal.network;

import java.net.InetAddress;

/**
 * Somebody on a link.
 *
 * @param ifindex the link.
 * @param address IP address there.
 */
record NeighbourKey(int ifindex, InetAddress address) {
}

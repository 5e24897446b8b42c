package io.caracal.kernel;

import java.net.InetAddress;

/**
 * Addresses of pods, or the tunnel address, of another node.
 *
 * @param network the addresses.
 * @param gateway the node's tunnel address with an overlay, the node's own without.
 * @param isEncapsulated false for a node in the same subnet of a pool with CrossSubnet: packets go to it as they are.
 */
public record RemoteBlock(IpPrefix network, InetAddress gateway, boolean isEncapsulated) {
    /**
     * Checks that it is of one IP version.
     *
     * @throws IllegalArgumentException which block, and what is wrong.
     */
    public RemoteBlock {
        if (gateway.getAddress().length != network.address().getAddress().length) {
            throw new IllegalArgumentException("block " + network + " by " + gateway + ": two IP versions");
        }
    }
}

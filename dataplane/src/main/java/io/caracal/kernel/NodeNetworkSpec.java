package io.caracal.kernel;

import java.util.List;

/**
 * What the kernel of this node shall know of the cluster's network, whole: what is not in it any more is removed.
 * Immutable.
 *
 * @param overlays this node's ends of the overlay, at most one for each IP version; none where no pool has VXLAN.
 * @param remoteVteps those of the other nodes.
 * @param remoteBlocks addresses of pods of other nodes.
 * @param localBlocks networks that this node gives its pods addresses of: addresses that no pod has go nowhere, lest
 *     they go round between the nodes.
 * @param pods the host's ends of this node's pods' interfaces.
 * @param host what the operator says about this host.
 */
public record NodeNetworkSpec(List<OverlaySpec> overlays, List<RemoteVtep> remoteVteps, List<RemoteBlock> remoteBlocks,
    List<IpPrefix> localBlocks, List<PodInterface> pods, HostPart host) {
    /** Nothing at all: what a cleanup leaves. */
    public static final NodeNetworkSpec EMPTY =
        new NodeNetworkSpec(List.of(), List.of(), List.of(), List.of(), List.of(), HostPart.DEFAULT);

    /** Copies everything, so that it cannot change later. */
    public NodeNetworkSpec {
        overlays = List.copyOf(overlays);
        remoteVteps = List.copyOf(remoteVteps);
        remoteBlocks = List.copyOf(remoteBlocks);
        localBlocks = List.copyOf(localBlocks);
        pods = List.copyOf(pods);
    }

    /**
     * With other ends of the overlay.
     *
     * @param ends at most one for each IP version.
     * @return a copy.
     */
    public NodeNetworkSpec withOverlays(final List<OverlaySpec> ends) {
        return new NodeNetworkSpec(ends, remoteVteps, remoteBlocks, localBlocks, pods, host);
    }

    /**
     * With other nodes.
     *
     * @param vteps their ends of the overlay.
     * @param blocks their pods' addresses.
     * @return a copy.
     */
    public NodeNetworkSpec withRemotes(final List<RemoteVtep> vteps, final List<RemoteBlock> blocks) {
        return new NodeNetworkSpec(overlays, vteps, blocks, localBlocks, pods, host);
    }

    /**
     * With other pods of this node.
     *
     * @param blocks networks that they have addresses of.
     * @param interfaces the host's ends of their interfaces.
     * @return a copy.
     */
    public NodeNetworkSpec withLocals(final List<IpPrefix> blocks, final List<PodInterface> interfaces) {
        return new NodeNetworkSpec(overlays, remoteVteps, remoteBlocks, blocks, interfaces, host);
    }

    /**
     * With another word about this host.
     *
     * @param part what the operator says.
     * @return a copy.
     */
    public NodeNetworkSpec withHost(final HostPart part) {
        return new NodeNetworkSpec(overlays, remoteVteps, remoteBlocks, localBlocks, pods, part);
    }
}

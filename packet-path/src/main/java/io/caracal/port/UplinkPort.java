package io.caracal.port;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;

/**
 * The engine's socket on one queue of an uplink: says of each received packet that it came from there, since its
 * Ethernet header is its own and no punt header. Sends rows as their bytes are. The worker's thread, as {@link
 * PacketPort} says.
 *
 * <p>A worker with several uplinks has a port for each; its delegate's {@link PortSpec} names the interface, so that
 * each takes only what its next hop sends that way.</p>
 */
public final class UplinkPort extends DecoratedPort {
    /** The actions that an uplink serves. */
    public static final int EGRESS_ACTIONS = PortSpec.actions(io.caracal.burst.EgressAction.TO_UPLINK);

    private final int ifindex;

    /**
     * Stands before the port on an uplink.
     *
     * @param delegate owned and closed by this.
     * @param ifindex kernel ifindex of the uplink.
     */
    public UplinkPort(final PacketPort delegate, final int ifindex) {
        super(delegate);
        this.ifindex = ifindex;
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        final int firstRow = burst.count;
        final int receivedCount = super.rxBurst(burst);
        for (int row = firstRow; row < burst.count; row++) {
            burst.direction(row, Direction.FROM_UPLINK);
            burst.ingressIfindex(row, ifindex);
        }
        return receivedCount;
    }
}

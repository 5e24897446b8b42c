package io.caracal.burst;

/**
 * Which hook a packet came by: constants of the field {@link PacketBurst#direction}.
 * The numbers are on the wire between {@code pod.bpf.c} and the engine (second byte of the destination MAC).
 */
public final class Direction {
    /** tc ingress of a workload interface: a pod sent it. */
    public static final byte FROM_WORKLOAD = 1;
    /** tc egress of a workload interface: the host's stack sends it to a pod. */
    public static final byte TO_WORKLOAD = 2;

    /** By an uplink: another node or the world outside sent it. Set by the uplink's port. */
    public static final byte FROM_UPLINK = 3;
    /** tc egress of an uplink or overlay device: the host's stack sends on what a pod sent, such as to a service. */
    public static final byte TO_UPLINK = 4;

    private Direction() {
    }
}

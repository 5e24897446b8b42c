package io.caracal.burst;

/**
 * How a transmitted packet leaves: constants of the field {@link PacketBurst#egressAction}.
 * The numbers are on the wire between the engine and {@code punt.bpf.c} (second byte of the destination MAC).
 */
public final class EgressAction {
    /** Into the pod behind the interface {@code egressIfindex}, by {@code bpf_redirect_peer}. */
    public static final byte TO_WORKLOAD = 1;
    /**
     * Into the host's stack, as if it had arrived on the interface {@code egressIfindex}: a workload interface, or an
     * uplink or overlay device, whose own programs then let it pass.
     */
    public static final byte TO_HOST = 2;
    /** The same for a packet that is policed: the host's stack may send it out of an uplink or the overlay device. */
    public static final byte TO_HOST_APPROVED = 3;
    /** Out of the uplink or overlay device {@code egressIfindex}, by the host's route and neighbour. */
    public static final byte TO_DEVICE = 4;
    /** Out of the uplink {@code egressIfindex}, by its own port, as the bytes are: the only one that has no header. */
    public static final byte TO_UPLINK = 5;
    /** To the worker {@code egressIfindex}, which owns the packet's flow; it never leaves the engine. */
    public static final byte TO_WORKER = 6;

    private EgressAction() {
    }
}

package io.caracal.burst;

/**
 * How a transmitted packet leaves: constants of the column {@link PacketBurst#egressAction}.
 * The numbers are on the wire between the engine and {@code punt.bpf.c} (second byte of the destination MAC).
 */
public final class EgressAction {
    /** Into the pod behind the interface {@code egressIfindex}, by {@code bpf_redirect_peer}. */
    public static final byte TO_WORKLOAD = 1;
    /** Into the host's stack, as if it had arrived on the interface {@code egressIfindex}. */
    public static final byte TO_HOST = 2;

    private EgressAction() {
    }
}

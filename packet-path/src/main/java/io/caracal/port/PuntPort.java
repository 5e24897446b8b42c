package io.caracal.port;

import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.wire.PuntHeader;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The engine's end of the punt pair: before a packet leaves, its destination MAC says what {@code punt.bpf.c} shall do
 * with it, as a {@link PuntHeader}. The program behind the pair sets the real addresses.
 */
public final class PuntPort extends DecoratedPort {
    /** The actions that the program behind the punt pair understands. */
    public static final int EGRESS_ACTIONS = PortSpec.actions(
        EgressAction.TO_WORKLOAD, EgressAction.TO_HOST, EgressAction.TO_HOST_APPROVED, EgressAction.TO_DEVICE);

    /**
     * Stands before the port on the punt pair.
     *
     * @param delegate a port whose {@link PortSpec#egressActions()} are {@link #EGRESS_ACTIONS}.
     */
    public PuntPort(final PacketPort delegate) {
        super(delegate);
    }

    @Override
    public int txBurst(final PacketBurst burst) {
        final UnsafeBuffer umem = burst.umem();
        for (int row = 0; row < burst.count; row++) {
            final byte action = burst.egressAction(row);
            if (burst.verdict(row) == Verdict.TRANSMIT && (EGRESS_ACTIONS >>> action & 1) != 0) {
                PuntHeader.write(umem, burst.offset(row), action, burst.egressIfindex(row));
            }
        }
        return super.txBurst(burst);
    }
}

package io.caracal.conntrack;

import io.caracal.nat.NatBindings;
import io.caracal.nat.NatTuple;

/**
 * Bindings whose addresses and ports are learnt while the worker runs, and may become others: until then nothing is
 * translated. The worker's thread.
 */
final class LateNatBindings implements NatBindings {
    /** Null: not configured. */
    private FlowNat nat;

    void use(final FlowNat configured) {
        nat = configured;
    }

    @Override
    public boolean bind(final NatTuple tuple, final long nowNs) {
        return nat != null && nat.bind(tuple, nowNs);
    }

    @Override
    public boolean findOutgoing(final NatTuple tuple) {
        return nat != null && nat.findOutgoing(tuple);
    }

    @Override
    public boolean findIncoming(final NatTuple tuple, final long nowNs) {
        return nat != null && nat.findIncoming(tuple, nowNs);
    }

    @Override
    public boolean isNatAddress(final long high, final long low) {
        return nat != null && nat.isNatAddress(high, low);
    }

    @Override
    public int workerOfPort(final int port) {
        return nat == null ? -1 : nat.workerOfPort(port);
    }

    /** Flows expire by their own timers. */
    @Override
    public void expire(final long nowNs) {
        /* The table does it, see FlowTable.expire. */
    }
}

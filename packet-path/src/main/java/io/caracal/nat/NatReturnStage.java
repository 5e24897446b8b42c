package io.caracal.nat;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.stage.PacketStage;
import io.caracal.wire.SymmetricFlowHash;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives answers from outside back to the pods that asked: what comes from an uplink to a NAT address gets the pod's by
 * its binding, before routes, connections and policy see it. Without a binding it is dropped. Belongs to one worker.
 */
public final class NatReturnStage implements PacketStage {
    private final NatBindings bindings;
    private final SymmetricFlowHash hash;
    private final NatErrorRewriter errors;
    private final NatRewriter packet = new NatRewriter();
    private final NatTuple tuple = new NatTuple();

    /**
     * Makes the stage.
     *
     * @param bindings the worker's.
     * @param hash the same for all workers.
     */
    public NatReturnStage(final NatBindings bindings, final SymmetricFlowHash hash) {
        this.bindings = bindings;
        this.hash = hash;
        errors = new NatErrorRewriter(bindings);
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        bindings.expire(nowNs);
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.direction(row) == Direction.FROM_UPLINK && burst.verdict(row) == Verdict.UNDECIDED
                && (burst.flags(row) & PacketFlags.DECAPSULATED) == 0 && burst.ipVersion(row) != 0) {
                translate(burst, umem, row, nowNs);
            }
        }
    }

    private void translate(final PacketBurst burst, final UnsafeBuffer umem, final int row, final long nowNs) {
        NatRows.aim(packet, burst, umem, row);
        packet.readAddresses(tuple);
        if (!bindings.isNatAddress(tuple.destinationHigh, tuple.destinationLow)) {
            return;
        }
        if ((burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
            if (errors.translateIncoming(burst, umem, row, nowNs)) {
                NatRows.rehash(burst, row, errors.tuple(), hash);
            } else {
                burst.drop(row, DropReason.NAT_BINDING_UNKNOWN);
            }
            return;
        }
        NatRows.readPorts(burst, row, tuple);
        if (!bindings.findIncoming(tuple, nowNs)) {
            burst.drop(row, DropReason.NAT_BINDING_UNKNOWN);
            return;
        }
        packet.writeDestination(tuple);
        if (NatRewriter.isIcmp(tuple.protocol)) {
            burst.sourcePort(row, tuple.destinationPort);
            tuple.sourcePort = tuple.destinationPort;
        } else {
            burst.destinationPort(row, tuple.destinationPort);
        }
        NatRows.rehash(burst, row, tuple, hash);
    }
}

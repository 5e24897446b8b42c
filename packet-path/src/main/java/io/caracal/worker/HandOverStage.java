package io.caracal.worker;

import io.caracal.burst.Direction;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatErrorRewriter;
import io.caracal.nat.NatTuple;
import io.caracal.stage.PacketStage;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Gives packets that came to the wrong worker to the one that owns their flow: what an uplink's queue or the hash of
 * outer headers has chosen, and fragments, which the programs deal out by addresses alone. Stands behind what unwraps
 * packets and gives fragments their ports, and before anything that has state. Belongs to one worker.
 *
 * <ul>
 * <li>An answer to NAT-outgoing belongs to the worker whose port it has.</li>
 * <li>An ICMP error belongs to the worker of the packet that it quotes.</li>
 * <li>All else belongs to the worker of its tuple ({@link FlowPlacement}).</li>
 * </ul>
 *
 * <p>SCTP keeps its port behind NAT, which names no worker then: such an answer stays where it came.</p>
 */
public final class HandOverStage implements PacketStage {
    private final int worker;
    private final FlowPlacement placement;
    private final NatBindings bindings;
    private final NatErrorRewriter errors;
    private final HandOverPort port;

    /**
     * Makes the stage.
     *
     * @param worker whose stage it is.
     * @param placement who owns a flow.
     * @param bindings the worker's, of whose ports each names its owner.
     * @param port by which rows leave.
     */
    public HandOverStage(final int worker, final FlowPlacement placement, final NatBindings bindings,
        final HandOverPort port) {
        this.worker = worker;
        this.placement = placement;
        this.bindings = bindings;
        this.port = port;
        errors = new NatErrorRewriter(bindings);
    }

    /**
     * Behind parsing: says of handed-over rows that they came in a tunnel, which their bytes do not tell any more.
     *
     * @param burst the burst.
     * @param nowNs the cycle's time.
     */
    public void mark(final PacketBurst burst, final long nowNs) {
        for (long rows = port.decapsulatedRows(); rows != 0; rows &= rows - 1) {
            burst.addFlags(Long.numberOfTrailingZeros(rows), PacketFlags.DECAPSULATED);
        }
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            final int flags = burst.flags(row);
            if (burst.verdict(row) == Verdict.UNDECIDED && burst.ipVersion(row) != 0
                && (flags & (PacketFlags.LOCALLY_MADE | PacketFlags.MULTICAST)) == 0
                && (burst.direction(row) == Direction.FROM_UPLINK || (flags & PacketFlags.FRAGMENT) != 0)) {
                final int owner = owner(burst, umem, row);
                if (owner != worker) {
                    burst.transmit(row, EgressAction.TO_WORKER, owner);
                }
            }
        }
    }

    private int owner(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        if ((burst.flags(row) & PacketFlags.ICMP_ERROR) != 0) {
            return ownerOfError(burst, umem, row);
        }
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int protocol = burst.ipProtocol(row);
        final int ports = burst.sourcePort(row) << Short.SIZE | burst.destinationPort(row);
        if (burst.ipVersion(row) == 4) {
            final int destination = Ipv4Header.destination(umem, l3);
            return isNat(burst, row, 0, NatTuple.mapped(destination)) ? ownerOfPort(burst, row)
                : placement.workerOfIpv4(Ipv4Header.source(umem, l3), destination, protocol, ports);
        }
        final long high = Ipv6Header.destinationHigh(umem, l3);
        final long low = Ipv6Header.destinationLow(umem, l3);
        return isNat(burst, row, high, low) ? ownerOfPort(burst, row) : placement.workerOfIpv6(
            Ipv6Header.sourceHigh(umem, l3), Ipv6Header.sourceLow(umem, l3), high, low, protocol, ports);
    }

    private boolean isNat(final PacketBurst burst, final int row, final long high, final long low) {
        return burst.direction(row) == Direction.FROM_UPLINK && (burst.flags(row) & PacketFlags.DECAPSULATED) == 0
            && bindings.isNatAddress(high, low);
    }

    private int ownerOfPort(final PacketBurst burst, final int row) {
        final int protocol = burst.ipProtocol(row);
        return orThis(bindings.workerOfPort(protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6
            ? burst.sourcePort(row) : burst.destinationPort(row)));
    }

    private int orThis(final int owner) {
        return owner < 0 ? worker : owner;
    }

    /** What cannot be read belongs to nobody; it is dropped here as well as there. */
    private int ownerOfError(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        if (!errors.readQuote(burst, umem, row)) {
            return worker;
        }
        final NatTuple about = errors.tuple();
        if (isNat(burst, row, about.sourceHigh, about.sourceLow)) {
            return orThis(bindings.workerOfPort(about.sourcePort));
        }
        final int ports = about.sourcePort << Short.SIZE | about.destinationPort;
        return burst.ipVersion(row) == 4
            ? placement.workerOfIpv4((int)about.sourceLow, (int)about.destinationLow, about.protocol, ports)
            : placement.workerOfIpv6(about.sourceHigh, about.sourceLow, about.destinationHigh, about.destinationLow,
                about.protocol, ports);
    }
}

package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.wire.TransportChecksum;
import io.caracal.wire.UdpHeader;
import io.caracal.wire.IpProtocol;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Finishes checksums that a sender left to hardware that is not there: packets from an uplink that is a veth, in the
 * tunnel or without it. The punt pair needs none of this, since {@code punt0} has its transmit offload off. Belongs to
 * one worker; follows the decapsulation, and precedes whatever changes addresses. Only in the chain where the uplink
 * may bring such packets, because it sums their payload.
 */
public final class ChecksumStage implements PacketStage {
    /** Makes the stage. */
    public ChecksumStage() {
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        for (int row = 0; row < count; row++) {
            if (burst.direction(row) == Direction.FROM_UPLINK && burst.verdict(row) == Verdict.UNDECIDED
                && burst.ipVersion(row) != 0 && (burst.flags(row) & PacketFlags.FRAGMENT) == 0) {
                complete(burst, umem, row);
            }
        }
    }

    private static void complete(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int l4 = burst.offset(row) + burst.l4Offset(row);
        final int protocol = burst.ipProtocol(row);
        final int length = protocol == IpProtocol.UDP
            ? UdpHeader.length(umem, l4) : burst.length(row) - burst.l4Offset(row);
        TransportChecksum.completeIfPartial(umem, l3, l4, protocol, length);
    }
}

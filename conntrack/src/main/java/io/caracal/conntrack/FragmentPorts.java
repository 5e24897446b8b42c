package io.caracal.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/** Gives later fragments of a burst the ports of their first one, in the burst's own columns. One thread. */
final class FragmentPorts {
    private static final int FRAGMENT_HEADER = 44;
    private static final int AUTHENTICATION_HEADER = 51;
    private static final int IDENTIFICATION_OFFSET = 4;
    private static final int HEADERS_MAX = 8;

    private final FragmentTable table;

    FragmentPorts(final long seed) {
        table = new FragmentTable(seed);
    }

    /**
     * Notes a first fragment, or looks a later one up.
     *
     * @return false for a later fragment whose first one is not known.
     */
    boolean resolve(final PacketBurst burst, final int row, final long nowMs) {
        fillKey(burst, row);
        if ((burst.flags[row] & PacketFlags.LATER_FRAGMENT) == 0) {
            table.add(burst.sourcePort[row], burst.destinationPort[row], nowMs);
            return true;
        }
        final long ports = table.find(nowMs);
        if (ports < 0) {
            return false;
        }
        burst.sourcePort[row] = (int)(ports >>> Integer.SIZE);
        burst.destinationPort[row] = (int)ports;
        return true;
    }

    private void fillKey(final PacketBurst burst, final int row) {
        final UnsafeBuffer umem = burst.umem();
        final int l3 = burst.offset(row) + burst.l3Offset[row];
        final long[] key = table.key;
        final long rest = (long)burst.ipVersion[row] << Long.SIZE - Byte.SIZE
            | (long)burst.ipProtocol[row] << Integer.SIZE;
        if (burst.ipVersion[row] == 4) {
            key[0] = 0;
            key[1] = Ipv4Header.source(umem, l3);
            key[2] = 0;
            key[3] = Ipv4Header.destination(umem, l3);
            key[4] = rest | Ipv4Header.identification(umem, l3);
        } else {
            key[0] = Ipv6Header.sourceHigh(umem, l3);
            key[1] = Ipv6Header.sourceLow(umem, l3);
            key[2] = Ipv6Header.destinationHigh(umem, l3);
            key[3] = Ipv6Header.destinationLow(umem, l3);
            key[4] = rest | ipv6Identification(umem, l3) & 0xffff_ffffL;
        }
    }

    /** The parse stage has checked the chain of headers and found a fragment header in it. */
    private static int ipv6Identification(final UnsafeBuffer umem, final int l3) {
        int header = Ipv6Header.nextHeader(umem, l3);
        int at = l3 + Ipv6Header.LENGTH;
        for (int i = 0; i < HEADERS_MAX && header != FRAGMENT_HEADER && header != IpProtocol.ICMPV6; i++) {
            final int length = umem.getByte(at + 1) & 0xff;
            final int unit = header == AUTHENTICATION_HEADER ? Integer.BYTES * (length + 2) : Long.BYTES * (length + 1);
            header = umem.getByte(at) & 0xff;
            at += unit;
        }
        return umem.getInt(at + IDENTIFICATION_OFFSET, ByteOrder.BIG_ENDIAN);
    }
}

package io.caracal.stage;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6ExtensionHeaders;
import io.caracal.wire.Ipv6Header;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Lets fragments follow the first one of their datagram without putting it together: a later fragment's row gets the
 * ports and the flow hash of the first, so that connections, policy and NAT treat both alike. Belongs to one worker;
 * follows parsing.
 *
 * <p>A fragment that comes before the first one waits for it, a second at most, 32 of all. One that overlaps what has
 * been seen is dropped: the receiver gets the bytes that were judged (RFC 5722, RFC 1858). What is kept is bounded, see
 * {@link FragmentTable}.</p>
 */
public final class FragmentStage implements PacketStage {
    /** Rows that can wait for first fragments at once: a sum of the worker's frames. */
    public static final int WAITING_MAX = 32;

    /** Fragments are overtaken by microseconds; a first one that is lost should not hold frames for long. */
    private static final long WAIT_MAX_NS = 1_000_000_000L;
    private static final int VERSION_SHIFT = 56;
    private static final int PROTOCOL_SHIFT = 48;
    private static final int DIRECTION_SHIFT = 40;

    private final FragmentTable datagrams;
    private final HeldRows waiting;

    /**
     * Makes the stage.
     *
     * @param ledger of the worker's frames.
     * @param seed of the hash, secret.
     */
    public FragmentStage(final FrameLedger ledger, final long seed) {
        datagrams = new FragmentTable(seed);
        waiting = new HeldRows(ledger, WAITING_MAX);
    }

    /**
     * How many rows wait for first fragments. The worker's thread, for tests and metrics.
     *
     * @return 0 .. {@link #WAITING_MAX}.
     */
    public int waitingCount() {
        return waiting.count();
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final int count = burst.count;
        int laterCount = 0;
        for (int row = 0; row < count; row++) {
            final int flags = burst.flags(row);
            if ((flags & PacketFlags.FRAGMENT) != 0 && burst.verdict(row) == Verdict.UNDECIDED) {
                if ((flags & PacketFlags.LATER_FRAGMENT) == 0) {
                    follow(burst, umem, row, nowNs);
                } else {
                    laterCount++;
                }
            }
        }
        /* Those that came before this burst; none of its own rows is waiting yet. */
        if (waiting.count() > 0) {
            takeBackWaiting(burst, nowNs);
        }
        if (laterCount > 0) {
            followLater(burst, umem, count, nowNs);
        }
    }

    /** After the first ones: where both came in one burst, their order does not matter. */
    private void followLater(final PacketBurst burst, final UnsafeBuffer umem, final int count, final long nowNs) {
        for (int row = 0; row < count; row++) {
            if ((burst.flags(row) & PacketFlags.LATER_FRAGMENT) != 0 && burst.verdict(row) == Verdict.UNDECIDED) {
                follow(burst, umem, row, nowNs);
            }
        }
    }

    private void follow(final PacketBurst burst, final UnsafeBuffer umem, final int row, final long nowNs) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int l3Length = burst.length(row) - burst.l3Offset(row);
        final int start;
        final int payloadLength;
        final boolean isLast;
        if (burst.ipVersion(row) == 4) {
            final int word = Ipv4Header.fragmentWord(umem, l3);
            start = (word & Ipv4Header.FRAGMENT_OFFSET_MASK) << 3;
            payloadLength = l3Length - Ipv4Header.headerLength(umem, l3);
            isLast = (word & Ipv4Header.MORE_FRAGMENTS) == 0;
            keyIpv4(burst, umem, row, l3);
        } else {
            final int header = Ipv6ExtensionHeaders.fragmentHeader(umem, l3);
            final int word = Ipv6ExtensionHeaders.fragmentWord(umem, header);
            start = word & ~Ipv6ExtensionHeaders.MORE_FRAGMENTS;
            payloadLength = l3 + l3Length - header - Ipv6ExtensionHeaders.FRAGMENT_LENGTH;
            isLast = (word & Ipv6ExtensionHeaders.MORE_FRAGMENTS) == 0;
            keyIpv6(burst, umem, row, l3, Ipv6ExtensionHeaders.fragmentIdentification(umem, header));
        }
        /* All but the last are multiples of eight bytes, or the next could not say where it belongs. */
        if (payloadLength == 0 || !isLast && (payloadLength & 7) != 0) {
            burst.drop(row, burst.ipVersion(row) == 4 ? DropReason.IPV4_INVALID : DropReason.IPV6_INVALID);
            return;
        }
        final int slot = datagrams.findOrAdd(nowNs);
        switch (datagrams.cover(slot, start, start + payloadLength, isLast)) {
            case FragmentTable.OVERLAPPING -> burst.drop(row, DropReason.FRAGMENT_OVERLAPPING);
            case FragmentTable.TOO_MANY_GAPS -> burst.drop(row, DropReason.FRAGMENTS_TOO_MANY);
            default -> join(burst, row, slot, nowNs);
        }
    }

    private void join(final PacketBurst burst, final int row, final int slot, final long nowNs) {
        if ((burst.flags(row) & PacketFlags.LATER_FRAGMENT) == 0) {
            datagrams.rememberFirst(
                slot, burst.sourcePort(row) << 16 | burst.destinationPort(row), burst.flowHash(row));
        } else if (datagrams.isFirstSeen(slot)) {
            follow(burst, row, slot);
        } else if (waiting.isFull()) {
            burst.drop(row, DropReason.FRAGMENTS_TOO_MANY);
        } else {
            waiting.hold(burst, row, datagrams.ticket(slot), nowNs + WAIT_MAX_NS);
        }
    }

    private void follow(final PacketBurst burst, final int row, final int slot) {
        burst.sourcePort(row, datagrams.ports(slot) >>> 16);
        burst.destinationPort(row, datagrams.ports(slot) & 0xFFFF);
        burst.flowHash(row, datagrams.flowHash(slot));
        if (datagrams.isComplete(slot) && waiting.countOf(datagrams.ticket(slot)) == 0) {
            datagrams.forget(slot);
        }
    }

    /** Only into rows that a port might have filled: stages behind this one may have room for no more. */
    private void takeBackWaiting(final PacketBurst burst, final long nowNs) {
        int index = 0;
        while (index < waiting.count() && burst.count < PacketBurst.MAX_PACKETS) {
            final int slot = datagrams.slotOf(waiting.key(index));
            if (slot != FragmentTable.NO_SLOT && datagrams.isFirstSeen(slot)) {
                follow(burst, waiting.restore(burst, index), slot);
            } else if (slot == FragmentTable.NO_SLOT || waiting.isExpired(index, nowNs)) {
                burst.drop(waiting.restore(burst, index), DropReason.FRAGMENT_ORPHANED);
            } else {
                index++;
            }
        }
    }

    private void keyIpv4(final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3) {
        final long rest = 4L << VERSION_SHIFT | (long)burst.ipProtocol(row) << PROTOCOL_SHIFT
            | (long)burst.direction(row) << DIRECTION_SHIFT | Ipv4Header.identification(umem, l3);
        datagrams.key(
            burst.ingressIfindex(row), Ipv4Header.source(umem, l3), 0, Ipv4Header.destination(umem, l3), rest);
    }

    /** The interface goes into the upper source half: sources of one interface are the pod's own. */
    private void keyIpv6(
        final PacketBurst burst, final UnsafeBuffer umem, final int row, final int l3, final int identification) {
        final long rest = 6L << VERSION_SHIFT | (long)burst.direction(row) << DIRECTION_SHIFT
            | Integer.toUnsignedLong(identification);
        datagrams.key(Ipv6Header.sourceHigh(umem, l3) ^ (long)burst.ingressIfindex(row) << 32,
            Ipv6Header.sourceLow(umem, l3), Ipv6Header.destinationHigh(umem, l3),
            Ipv6Header.destinationLow(umem, l3), rest);
    }
}

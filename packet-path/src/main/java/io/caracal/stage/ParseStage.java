package io.caracal.stage;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Checks every header of a packet from the punt pair or an uplink once and fills the burst's fields, so that no later
 * stage asks again. Belongs to one worker; keeps nothing between bursts.
 *
 * <p>Uses: frame address and length. Sets: direction, interface, EtherType, IP version, offsets, protocol, ports,
 * flags, flow hash; cuts {@link PacketBurst#length} to the datagram's end, as the kernel does with Ethernet padding
 * ({@code net/ipv4/ip_input.c}, {@code pskb_trim_rcsum}). Drops what is truncated or malformed, each with its reason.
 * A row whose port has set {@link Direction#FROM_UPLINK} has no punt header. Rows that the engine made itself ({@link
 * PacketFlags#LOCALLY_MADE}) are left as their maker filled them.</p>
 */
public final class ParseStage implements PacketStage {
    private final PlainParser plain;
    private final NetworkParser parser;
    /** Keeps the reads of the first pass alive. */
    private long touched;

    /**
     * Makes the stage.
     *
     * @param hash the same for all workers.
     */
    public ParseStage(final SymmetricFlowHash hash) {
        plain = new PlainParser(hash);
        parser = new NetworkParser(hash);
    }

    @Override
    public void process(final PacketBurst burst, final long nowNs) {
        final UnsafeBuffer umem = burst.umem();
        final long address = umem.addressOffset();
        final int count = burst.count;
        touched ^= touch(burst, address, count);
        for (int row = 0; row < count; row++) {
            if (burst.verdict(row) == Verdict.UNDECIDED && (burst.flags(row) & PacketFlags.LOCALLY_MADE) == 0) {
                if (!plain.parse(burst, address, row)) {
                    parse(burst, umem, row);
                }
            }
        }
    }

    /**
     * Reads a byte of each header, and nothing between: a processor has a dozen lines under way then, and two or three
     * while it parses.
     */
    private static long touch(final PacketBurst burst, final long umemAddress, final int count) {
        long bytes = 0;
        for (int row = 0; row < count; row++) {
            bytes ^= UnsafeApi.getByte(umemAddress + burst.frameAddress(row));
        }
        return bytes;
    }

    /** The general way: also says what is wrong. */
    void parse(final PacketBurst burst, final UnsafeBuffer umem, final int row) {
        final int offset = burst.offset(row);
        final int length = burst.length(row);
        if (!EthernetHeader.isValid(length)) {
            burst.drop(row, DropReason.ETHERNET_TRUNCATED);
            return;
        }
        if (burst.direction(row) != Direction.FROM_UPLINK) {
            final long punt = PuntHeader.word(umem, offset);
            if (!PuntHeader.isValid(punt)) {
                burst.drop(row, DropReason.PUNT_HEADER_INVALID);
                return;
            }
            burst.direction(row, PuntHeader.code(punt));
            burst.ingressIfindex(row, PuntHeader.ifindex(punt));
        }
        int l3Offset = EthernetHeader.LENGTH;
        int etherType = EthernetHeader.etherType(umem, offset);
        if (EthernetHeader.isVlanTag(etherType)) {
            l3Offset = EthernetHeader.payloadOffset(umem, offset, length);
            if (l3Offset < 0) {
                burst.drop(row, DropReason.ETHERNET_TRUNCATED);
                return;
            }
            etherType = EthernetHeader.etherTypeBefore(umem, offset + l3Offset);
        }
        burst.l3Offset(row, l3Offset);
        burst.etherType(row, etherType);
        switch (etherType) {
            case EtherType.IPV4 -> parser.parseIpv4(burst, umem, row, offset + l3Offset, length - l3Offset);
            case EtherType.IPV6 -> parser.parseIpv6(burst, umem, row, offset + l3Offset, length - l3Offset);
            case EtherType.ARP -> clearIpColumns(burst, row);
            default -> burst.drop(row, DropReason.ETHERTYPE_UNSUPPORTED);
        }
    }

    private static void clearIpColumns(final PacketBurst burst, final int row) {
        burst.ipVersion(row, 0);
        burst.l4Offset(row, 0);
        burst.ipProtocol(row, 0);
        burst.sourcePort(row, 0);
        burst.destinationPort(row, 0);
        burst.flowHash(row, 0);
    }
}

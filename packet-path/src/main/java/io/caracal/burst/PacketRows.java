package io.caracal.burst;

import java.nio.ByteOrder;
import java.util.Objects;
import org.agrona.BufferUtil;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What the stages know of packets, a row for each: those of a {@link PacketBurst}, or some that a stage keeps for
 * later. Belongs to one worker; only its thread may touch it.
 *
 * <p>A row is one cache line outside the heap, so that a stage needs one base and one line for all that it asks of a
 * packet, and what is known together is written by one store ({@code docs/decisions/001-header-views.md} has what that
 * gained over an array for each column):</p>
 *
 * <pre>
 *   0  frameAddress
 *   8  length                                       flags
 *  16  etherType  l4Offset                          l3Offset  ipProtocol  ipVersion  direction
 *  24  destinationPort  sourcePort                  flowHash
 *  32  ingressIfindex                               verdict  dropReason  replacedReason  tracking
 *  40  flow                                         egressIfindex
 *  48  route
 *  56  egressAction                                 receivedLength
 * </pre>
 */
public sealed class PacketRows permits PacketBurst {
    private static final int ROW_SHIFT = 6;
    private static final int ROW_BYTES = 1 << ROW_SHIFT;
    static final int FRAME_ADDRESS = 0;
    static final int LENGTH = 8;
    static final int FLAGS = 12;
    static final int ETHER_TYPE = 16;
    static final int L4_OFFSET = 18;
    static final int L3_OFFSET = 20;
    static final int IP_PROTOCOL = 21;
    static final int IP_VERSION = 22;
    static final int DIRECTION = 23;
    static final int DESTINATION_PORT = 24;
    static final int SOURCE_PORT = 26;
    static final int FLOW_HASH = 28;
    static final int INGRESS_IFINDEX = 32;
    static final int VERDICT = 36;
    static final int DROP_REASON = 37;
    static final int REPLACED_REASON = 38;
    static final int TRACKING = 39;
    static final int FLOW = 40;
    static final int EGRESS_IFINDEX = 44;
    static final int ROUTE = 48;
    static final int EGRESS_ACTION = 56;
    static final int RECEIVED_LENGTH = 60;
    static final long LOW_32 = 0xFFFF_FFFFL;

    /** Keeps the memory alive. */
    private final UnsafeBuffer memory;
    private final long address;

    static {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new ExceptionInInitializerError("rows of a burst are written for little-endian processors");
        }
    }

    /**
     * Makes rows of which nothing is known; the memory goes when nobody refers to them any more.
     *
     * @param capacity how many.
     */
    public PacketRows(final int capacity) {
        memory = new UnsafeBuffer(BufferUtil.allocateDirectAligned(capacity * ROW_BYTES, ROW_BYTES));
        address = memory.addressOffset();
    }

    /** Address of a row's first byte. */
    final long at(final int row) {
        return address + ((long)(UnsafeBuffer.SHOULD_BOUNDS_CHECK ? check(row) : row) << ROW_SHIFT);
    }

    /** Apart, so that {@link #at} is small enough for the first compiler to inline it anywhere. */
    private int check(final int row) {
        return Objects.checkIndex(row, memory.capacity() >>> ROW_SHIFT);
    }

    /**
     * Offset in {@link PacketBurst#umem()} of the packet's first byte.
     *
     * @param row row of the burst.
     * @return the kernel's {@code xdp_desc.addr}.
     */
    public final long frameAddress(final int row) {
        return UnsafeApi.getLong(at(row) + FRAME_ADDRESS);
    }

    /**
     * Sets {@link #frameAddress(int)}.
     *
     * @param row row of the burst.
     * @param value the kernel's {@code xdp_desc.addr}.
     */
    public final void frameAddress(final int row, final long value) {
        UnsafeApi.putLong(at(row) + FRAME_ADDRESS, value);
    }

    /**
     * Length of the packet as it is now.
     *
     * @param row row of the burst.
     * @return bytes, from its Ethernet header on.
     */
    public final int length(final int row) {
        return UnsafeApi.getInt(at(row) + LENGTH);
    }

    /**
     * Sets {@link #length(int)}.
     *
     * @param row row of the burst.
     * @param value bytes, from its Ethernet header on.
     */
    public final void length(final int row, final int value) {
        UnsafeApi.putInt(at(row) + LENGTH, value);
    }

    /**
     * What is odd about the packet.
     *
     * @param row row of the burst.
     * @return bits of {@link PacketFlags}.
     */
    public final int flags(final int row) {
        return UnsafeApi.getInt(at(row) + FLAGS);
    }

    /**
     * Sets {@link #flags(int)}.
     *
     * @param row row of the burst.
     * @param value bits of {@link PacketFlags}.
     */
    public final void flags(final int row, final int value) {
        UnsafeApi.putInt(at(row) + FLAGS, value);
    }

    /**
     * EtherType of the payload, after VLAN tags.
     *
     * @param row row of the burst.
     * @return one of {@code io.caracal.wire.EtherType}, or another of 16 bits.
     */
    public final int etherType(final int row) {
        return UnsafeApi.getShort(at(row) + ETHER_TYPE) & 0xFFFF;
    }

    /**
     * Sets {@link #etherType(int)}.
     *
     * @param row row of the burst.
     * @param value one of {@code io.caracal.wire.EtherType}, or another of 16 bits.
     */
    public final void etherType(final int row, final int value) {
        UnsafeApi.putShort(at(row) + ETHER_TYPE, (short)value);
    }

    /**
     * Where the transport header begins.
     *
     * @param row row of the burst.
     * @return bytes from {@link #frameAddress(int)} on; 0 in a fragment that is not the first.
     */
    public final int l4Offset(final int row) {
        return UnsafeApi.getShort(at(row) + L4_OFFSET) & 0xFFFF;
    }

    /**
     * Sets {@link #l4Offset(int)}.
     *
     * @param row row of the burst.
     * @param value bytes from {@link #frameAddress(int)} on; 0 in a fragment that is not the first.
     */
    public final void l4Offset(final int row, final int value) {
        UnsafeApi.putShort(at(row) + L4_OFFSET, (short)value);
    }

    /**
     * Where the IP (or ARP) header begins.
     *
     * @param row row of the burst.
     * @return bytes from {@link #frameAddress(int)} on: 14, and 4 for each VLAN tag.
     */
    public final int l3Offset(final int row) {
        return UnsafeApi.getByte(at(row) + L3_OFFSET) & 0xFF;
    }

    /**
     * Sets {@link #l3Offset(int)}.
     *
     * @param row row of the burst.
     * @param value bytes from {@link #frameAddress(int)} on: 14, and 4 for each VLAN tag.
     */
    public final void l3Offset(final int row, final int value) {
        UnsafeApi.putByte(at(row) + L3_OFFSET, (byte)value);
    }

    /**
     * Protocol of the transport header, after IPv6 extension headers.
     *
     * @param row row of the burst.
     * @return IP protocol number.
     */
    public final int ipProtocol(final int row) {
        return UnsafeApi.getByte(at(row) + IP_PROTOCOL) & 0xFF;
    }

    /**
     * Sets {@link #ipProtocol(int)}.
     *
     * @param row row of the burst.
     * @param value IP protocol number.
     */
    public final void ipProtocol(final int row, final int value) {
        UnsafeApi.putByte(at(row) + IP_PROTOCOL, (byte)value);
    }

    /**
     * Version of IP.
     *
     * @param row row of the burst.
     * @return 4 or 6; 0 when the packet is not IP.
     */
    public final int ipVersion(final int row) {
        return UnsafeApi.getByte(at(row) + IP_VERSION);
    }

    /**
     * Sets {@link #ipVersion(int)}.
     *
     * @param row row of the burst.
     * @param value 4 or 6; 0 when the packet is not IP.
     */
    public final void ipVersion(final int row, final int value) {
        UnsafeApi.putByte(at(row) + IP_VERSION, (byte)value);
    }

    /**
     * Whence the packet came.
     *
     * @param row row of the burst.
     * @return one of {@link Direction}.
     */
    public final byte direction(final int row) {
        return UnsafeApi.getByte(at(row) + DIRECTION);
    }

    /**
     * Sets {@link #direction(int)}.
     *
     * @param row row of the burst.
     * @param value one of {@link Direction}.
     */
    public final void direction(final int row, final byte value) {
        UnsafeApi.putByte(at(row) + DIRECTION, value);
    }

    /**
     * Where the packet goes to, of the transport.
     *
     * @param row row of the burst.
     * @return destination port; for ICMP {@code type << 8 | code}; 0 where there is none.
     */
    public final int destinationPort(final int row) {
        return UnsafeApi.getShort(at(row) + DESTINATION_PORT) & 0xFFFF;
    }

    /**
     * Sets {@link #destinationPort(int)}.
     *
     * @param row row of the burst.
     * @param value destination port; for ICMP {@code type << 8 | code}; 0 where there is none.
     */
    public final void destinationPort(final int row, final int value) {
        UnsafeApi.putShort(at(row) + DESTINATION_PORT, (short)value);
    }

    /**
     * Where the packet comes from, of the transport.
     *
     * @param row row of the burst.
     * @return source port; for ICMP queries the identifier; 0 where there is none.
     */
    public final int sourcePort(final int row) {
        return UnsafeApi.getShort(at(row) + SOURCE_PORT) & 0xFFFF;
    }

    /**
     * Sets {@link #sourcePort(int)}.
     *
     * @param row row of the burst.
     * @param value source port; for ICMP queries the identifier; 0 where there is none.
     */
    public final void sourcePort(final int row, final int value) {
        UnsafeApi.putShort(at(row) + SOURCE_PORT, (short)value);
    }

    /**
     * Symmetric, seeded hash of addresses, protocol and ports.
     *
     * @param row row of the burst.
     * @return the same for both directions of a flow.
     */
    public final int flowHash(final int row) {
        return UnsafeApi.getInt(at(row) + FLOW_HASH);
    }

    /**
     * Sets {@link #flowHash(int)}.
     *
     * @param row row of the burst.
     * @param value the same for both directions of a flow.
     */
    public final void flowHash(final int row, final int value) {
        UnsafeApi.putInt(at(row) + FLOW_HASH, value);
    }

    /**
     * The interface by which the packet came; for the host's own packets, where they go.
     *
     * @param row row of the burst.
     * @return kernel ifindex.
     */
    public final int ingressIfindex(final int row) {
        return UnsafeApi.getInt(at(row) + INGRESS_IFINDEX);
    }

    /**
     * Sets {@link #ingressIfindex(int)}.
     *
     * @param row row of the burst.
     * @param value kernel ifindex.
     */
    public final void ingressIfindex(final int row, final int value) {
        UnsafeApi.putInt(at(row) + INGRESS_IFINDEX, value);
    }

    /**
     * What becomes of the packet.
     *
     * @param row row of the burst.
     * @return one of {@link Verdict}.
     */
    public final byte verdict(final int row) {
        return UnsafeApi.getByte(at(row) + VERDICT);
    }

    /**
     * Sets {@link #verdict(int)}.
     *
     * @param row row of the burst.
     * @param value one of {@link Verdict}.
     */
    public final void verdict(final int row, final byte value) {
        UnsafeApi.putByte(at(row) + VERDICT, value);
    }

    /**
     * Why the packet is dropped.
     *
     * @param row row of the burst.
     * @return {@link DropReason#id()} where the verdict is {@link Verdict#DROP}.
     */
    public final byte dropReason(final int row) {
        return UnsafeApi.getByte(at(row) + DROP_REASON);
    }

    /**
     * Sets {@link #dropReason(int)}.
     *
     * @param row row of the burst.
     * @param value {@link DropReason#id()} where the verdict is {@link Verdict#DROP}.
     */
    public final void dropReason(final int row, final byte value) {
        UnsafeApi.putByte(at(row) + DROP_REASON, value);
    }

    /**
     * Why the received packet was dropped whose frame now carries the ICMP error about it. The worker counts that drop,
     * and the error as a packet that a stage made.
     *
     * @param row row of the burst.
     * @return {@link DropReason#id()}; else 0.
     */
    public final byte replacedReason(final int row) {
        return UnsafeApi.getByte(at(row) + REPLACED_REASON);
    }

    /**
     * What connection tracking says about the packet.
     *
     * @param row row of the burst.
     * @return one of {@link Tracking}.
     */
    public final byte tracking(final int row) {
        return UnsafeApi.getByte(at(row) + TRACKING);
    }

    /**
     * Sets {@link #tracking(int)}.
     *
     * @param row row of the burst.
     * @param value one of {@link Tracking}.
     */
    public final void tracking(final int row, final byte value) {
        UnsafeApi.putByte(at(row) + TRACKING, value);
    }

    /**
     * The packet's flow in the flow table of its IP version.
     *
     * @param row row of the burst.
     * @return {@code slot << 1 | direction} (0 original, 1 reply); {@link PacketBurst#NO_FLOW} for none.
     */
    public final int flow(final int row) {
        return UnsafeApi.getInt(at(row) + FLOW);
    }

    /**
     * Sets {@link #flow(int)}.
     *
     * @param row row of the burst.
     * @param value {@code slot << 1 | direction} (0 original, 1 reply); {@link PacketBurst#NO_FLOW} for none.
     */
    public final void flow(final int row, final int value) {
        UnsafeApi.putInt(at(row) + FLOW, value);
    }

    /**
     * The interface that {@link #egressAction(int)} is about.
     *
     * @param row row of the burst.
     * @return kernel ifindex.
     */
    public final int egressIfindex(final int row) {
        return UnsafeApi.getInt(at(row) + EGRESS_IFINDEX);
    }

    /**
     * Sets {@link #egressIfindex(int)}.
     *
     * @param row row of the burst.
     * @param value kernel ifindex.
     */
    public final void egressIfindex(final int row, final int value) {
        UnsafeApi.putInt(at(row) + EGRESS_IFINDEX, value);
    }

    /**
     * Where the destination leads, set by the route stage.
     *
     * @param row row of the burst.
     * @return a word of {@code io.caracal.route.RouteWord}.
     */
    public final long route(final int row) {
        return UnsafeApi.getLong(at(row) + ROUTE);
    }

    /**
     * Sets {@link #route(int)}.
     *
     * @param row row of the burst.
     * @param value a word of {@code io.caracal.route.RouteWord}.
     */
    public final void route(final int row, final long value) {
        UnsafeApi.putLong(at(row) + ROUTE, value);
    }

    /**
     * How the packet leaves.
     *
     * @param row row of the burst.
     * @return one of {@link EgressAction}, where the verdict is {@link Verdict#TRANSMIT}.
     */
    public final byte egressAction(final int row) {
        return UnsafeApi.getByte(at(row) + EGRESS_ACTION);
    }

    /**
     * Sets {@link #egressAction(int)}.
     *
     * @param row row of the burst.
     * @param value one of {@link EgressAction}, where the verdict is {@link Verdict#TRANSMIT}.
     */
    public final void egressAction(final int row, final byte value) {
        UnsafeApi.putByte(at(row) + EGRESS_ACTION, value);
    }

    /**
     * Length of the packet as it arrived: stages may lengthen or shorten it.
     *
     * @param row row of the burst.
     * @return bytes.
     */
    public final int receivedLength(final int row) {
        return UnsafeApi.getInt(at(row) + RECEIVED_LENGTH);
    }

    /**
     * Sets, by one store, what the headers are: see the setters of the single fields.
     *
     * @param row row of the burst.
     * @param etherType 16 bits.
     * @param l3Offset 0 .. 255.
     * @param l4Offset 0 .. 65535.
     * @param ipProtocol 0 .. 255.
     * @param ipVersion 4 or 6.
     * @param direction one of {@link Direction}.
     */
    public final void headers(
        final int row, final int etherType, final int l3Offset, final int l4Offset, final int ipProtocol,
        final int ipVersion, final byte direction) {
        final int lower = etherType | l4Offset << 16;
        final int upper = l3Offset | ipProtocol << 8 | ipVersion << 16 | direction << 24;
        UnsafeApi.putLong(at(row) + ETHER_TYPE, (long)upper << 32 | lower & LOW_32);
    }

    /**
     * Sets, by one store, ports and flow hash.
     *
     * @param row row of the burst.
     * @param ports source port in the upper, destination port in the lower half, as {@link #sourcePort(int)} and
     *     {@link #destinationPort(int)} have them.
     * @param flowHash see {@link #flowHash(int)}.
     */
    public final void portsAndHash(final int row, final int ports, final int flowHash) {
        UnsafeApi.putLong(at(row) + DESTINATION_PORT, (long)flowHash << 32 | ports & LOW_32);
    }

    /**
     * Sets, by one store, length and flags.
     *
     * @param row row of the burst.
     * @param length see {@link #length(int)}.
     * @param flags see {@link #flags(int)}.
     */
    public final void lengthAndFlags(final int row, final int length, final int flags) {
        UnsafeApi.putLong(at(row) + LENGTH, (long)flags << 32 | length & LOW_32);
    }

    /**
     * Adds to {@link #flags(int)}.
     *
     * @param row row of the burst.
     * @param bits bits of {@link PacketFlags}.
     */
    public final void addFlags(final int row, final int bits) {
        flags(row, flags(row) | bits);
    }

    /**
     * Copies all that is known of a packet.
     *
     * @param row row of this object.
     * @param from rows that may be these.
     * @param fromRow row of those.
     */
    public final void copy(final int row, final PacketRows from, final int fromRow) {
        final long target = at(row);
        final long source = from.at(fromRow);
        for (int offset = 0; offset < ROW_BYTES; offset += Long.BYTES) {
            UnsafeApi.putLong(target + offset, UnsafeApi.getLong(source + offset));
        }
    }

    /**
     * Forgets what the stages have decided about a packet, whichever way it had come; what its headers are, and its
     * route, remain.
     *
     * @param row row of these.
     */
    public final void undecide(final int row) {
        verdict(row, Verdict.UNDECIDED);
        dropReason(row, (byte)0);
        UnsafeApi.putByte(at(row) + REPLACED_REASON, (byte)0);
        tracking(row, Tracking.UNTRACKED);
        flow(row, PacketBurst.NO_FLOW);
    }
}

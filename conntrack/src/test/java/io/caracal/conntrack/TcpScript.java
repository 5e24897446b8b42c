package io.caracal.conntrack;

import io.caracal.burst.DropReason;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.TcpHeader;
import java.nio.ByteBuffer;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * One TCP flow on a table, 10.0.0.1:1000 to 10.0.0.2:80, and the packets that tests send through it. {@code >} is from
 * the client, {@code <} from the server; a packet is {@code "> SYN 1000 0 len=0 win=500 ws=7 sack"}.
 */
final class TcpScript {
    static final int CLIENT_PORT = 1000;
    static final int SERVER_PORT = 80;
    static final long CLIENT_TO_SERVER = 0x0a000001_0a000002L;
    static final int PORTS = CLIENT_PORT << 16 | SERVER_PORT;
    private static final int IPV4_LENGTH = 20;

    private final Ipv4FlowTable table;
    private final FlowTracker tracker;
    private final Ipv4FlowSpec spec = new Ipv4FlowSpec();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[2048]);
    private DropReason reason;

    TcpScript(final Ipv4FlowTable table, final FlowTracker tracker) {
        this.table = table;
        this.tracker = tracker;
    }

    /** Sends a packet; true when it is let through. */
    boolean accepts(final byte[] packet, final long nowMs) {
        final boolean fromClient = packet[15] == 1;
        final long addresses = fromClient ? CLIENT_TO_SERVER : Long.rotateLeft(CLIENT_TO_SERVER, 32);
        final int ports = fromClient ? PORTS : Integer.rotateLeft(PORTS, 16);
        buffer.wrap(packet);
        reason = null;
        return passes(addresses, ports, packet.length, nowMs);
    }

    private boolean passes(final long addresses, final int ports, final int length, final long nowMs) {
        final int found = table.find(addresses, ports, IpProtocol.TCP);
        if (found == FlowTable.MISS) {
            return creates(addresses, ports, length, nowMs);
        }
        switch (tracker.update(found, buffer, IPV4_LENGTH, length - IPV4_LENGTH, length, nowMs)) {
            case TcpTracker.INVALID:
                reason = tracker.reason();
                return false;
            case TcpTracker.REOPENED:
                table.remove(found >> 1, RemovalCause.REOPENED);
                return creates(addresses, ports, length, nowMs);
            case TcpTracker.REFUSED:
                table.remove(found >> 1, RemovalCause.REFUSED);
                return true;
            default:
                return true;
        }
    }

    private boolean creates(final long addresses, final int ports, final int length, final long nowMs) {
        final int state = tracker.firstState(IpProtocol.TCP, buffer, IPV4_LENGTH, length - IPV4_LENGTH);
        if (state == FlowState.FREE) {
            reason = tracker.reason();
            return false;
        }
        spec.reset(addresses, ports, IpProtocol.TCP);
        spec.state = state;
        spec.nowMs = nowMs;
        tracker.open(table.create(spec), length);
        return true;
    }

    DropReason reason() {
        return reason;
    }

    /** Slot of the flow, or MISS. */
    int slot() {
        final int found = table.find(CLIENT_TO_SERVER, PORTS, IpProtocol.TCP);
        return found == FlowTable.MISS ? FlowTable.MISS : found >> 1;
    }

    /** The flow as {@link KernelConntrack#flow} words it, seen from the client whoever has opened it. */
    String flow() {
        final int slot = slot();
        if (slot == FlowTable.MISS) {
            return "none";
        }
        final int flags = FlowRecord.flags(table.record(slot));
        return FlowState.name(FlowRecord.state(table.record(slot)))
            + ((flags & FlowFlags.SEEN_REPLY) == 0 ? " unreplied" : "")
            + ((flags & FlowFlags.ASSURED) != 0 ? " assured" : "");
    }

    void reset() {
        final int slot = slot();
        if (slot != FlowTable.MISS) {
            table.remove(slot, RemovalCause.FLUSHED);
        }
    }

    /** Bytes of a packet in the notation of the class comment. */
    static byte[] packet(final String notation) {
        final List<String> words = List.of(notation.trim().split("\\s+"));
        int flags = 0;
        for (final String flag : words.get(1).split("\\+")) {
            flags |= switch (flag) {
                case "SYN" -> TcpHeader.SYN;
                case "ACK" -> TcpHeader.ACK;
                case "FIN" -> TcpHeader.FIN;
                case "RST" -> TcpHeader.RST;
                case "PSH" -> TcpHeader.PSH;
                case "URG" -> TcpHeader.URG;
                case "none" -> 0;
                default -> throw new IllegalArgumentException(notation);
            };
        }
        final ByteBuffer options = ByteBuffer.allocate(40);
        int length = 0;
        int window = 500;
        for (final String word : words.subList(4, words.size())) {
            final String value = word.substring(word.indexOf('=') + 1);
            switch (word.substring(0, Math.max(word.indexOf('='), 0)).isEmpty() ? word : word.split("=")[0]) {
                case "len" -> length = Integer.parseInt(value);
                case "win" -> window = Integer.parseInt(value);
                case "ws" -> options.put((byte)1).put((byte)3).put((byte)3).put(Byte.parseByte(value));
                case "sackok" -> options.put((byte)1).put((byte)1).put((byte)4).put((byte)2);
                case "sack" -> options.put((byte)1).put((byte)1).put((byte)5).put((byte)10)
                    .putInt((int)Long.parseLong(value.split("-")[0])).putInt((int)Long.parseLong(value.split("-")[1]));
                default -> throw new IllegalArgumentException(notation);
            }
        }
        return packet(words.get(0).equals(">"), flags, (int)Long.parseLong(words.get(2)),
            (int)Long.parseLong(words.get(3)), new int[] {length, window},
            java.util.Arrays.copyOf(options.array(), options.position()));
    }

    /** Bytes of a packet; the last pair is payload length and window. */
    static byte[] packet(final boolean fromClient, final int flags, final int sequence, final int acknowledgement,
        final int[] lengthAndWindow, final byte[] options) {
        final int headerLength = TcpHeader.MIN_LENGTH + options.length;
        final ByteBuffer bytes = ByteBuffer.allocate(IPV4_LENGTH + headerLength + lengthAndWindow[0]);
        bytes.put((byte)0x45).put((byte)0).putShort((short)bytes.capacity()).putInt(0);
        bytes.put((byte)64).put((byte)IpProtocol.TCP).putShort((short)0);
        bytes.putInt(fromClient ? 0x0a000001 : 0x0a000002).putInt(fromClient ? 0x0a000002 : 0x0a000001);
        bytes.putShort((short)(fromClient ? CLIENT_PORT : SERVER_PORT));
        bytes.putShort((short)(fromClient ? SERVER_PORT : CLIENT_PORT));
        bytes.putInt(sequence).putInt(acknowledgement);
        bytes.put((byte)(headerLength << 2)).put((byte)flags).putShort((short)lengthAndWindow[1]).putInt(0);
        bytes.put(options);
        KernelConntrack.completeIpv4Checksum(bytes.array());
        return bytes.array();
    }
}

package io.caracal.overlay;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.MacAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Says what a packet is, in the words of {@link PacketText}; what is wrong with it is said in capitals. Reads byte by
 * byte and computes checksums anew.
 */
final class PacketReader {
    private final ByteBuffer packet;
    private final StringBuilder text = new StringBuilder();
    private final boolean quoted;

    private PacketReader(final byte[] bytes, final boolean quoted) {
        packet = ByteBuffer.wrap(bytes);
        this.quoted = quoted;
    }

    /** What an Ethernet frame carries. */
    static String frame(final byte[] frame) {
        final int etherType = Short.toUnsignedInt(ByteBuffer.wrap(frame).getShort(12));
        final byte[] packet = Arrays.copyOfRange(frame, 14, frame.length);
        if (packet.length == 0 || etherType != (packet[0] >> 4 == 4 ? 0x0800 : 0x86DD)) {
            return "ETHERTYPE " + Integer.toHexString(etherType);
        }
        return packet(packet);
    }

    /** What an IP packet is. */
    static String packet(final byte[] bytes) {
        return new PacketReader(bytes, false).read();
    }

    static String macs(final byte[] frame) {
        final ByteBuffer bytes = ByteBuffer.wrap(frame);
        return name(bytes.getLong(0) >>> 16) + '<' + name(bytes.getLong(4) & 0xFFFF_FFFF_FFFFL);
    }

    /** Names of {@link OverlayNode}'s neighbours and VTEPs. */
    private static String name(final long mac) {
        return switch (Long.toHexString(mac)) {
            case "20000000001" -> "router";
            case "2000000000a" -> "a";
            case "2000000000b" -> "b";
            case "2000000000c" -> "c";
            case "66000000000a" -> "vtep-a";
            case "66000000000b" -> "vtep-b";
            default -> MacAddress.format(mac);
        };
    }

    private String read() {
        return packet.get(0) >> 4 == 4 ? readIpv4() : readIpv6();
    }

    private String readIpv4() {
        final int headerLength = (packet.get(0) & 0xF) * 4;
        final int length = Short.toUnsignedInt(packet.getShort(2));
        if (!quoted && length != packet.capacity()) {
            text.append("LENGTH ").append(length).append(" OF ").append(packet.capacity()).append(' ');
        }
        if (PacketText.checksum(Arrays.copyOf(packet.array(), headerLength)) != 0) {
            text.append("BADIP ");
        }
        final byte[] source = Arrays.copyOfRange(packet.array(), 12, 16);
        final byte[] destination = Arrays.copyOfRange(packet.array(), 16, 20);
        text.append(address(source)).append('>').append(address(destination));
        final int word = Short.toUnsignedInt(packet.getShort(6));
        transport(packet.get(9) & 0xFF, headerLength, length, new byte[][] {source, destination}, word & 0x1FFF,
            (word & 0x2000) != 0);
        text.append(" ttl=").append(packet.get(8) & 0xFF);
        append((word & 0x4000) != 0, " df");
        append((word & 0x2000) != 0, " mf");
        append((word & 0x1FFF) != 0, " off=" + (word & 0x1FFF));
        append((word & 0x3FFF) != 0, " ipid=" + Short.toUnsignedInt(packet.getShort(4)));
        append(headerLength > 20, " opt");
        append(packet.get(1) != 0, " tos=" + (packet.get(1) & 0xFF));
        return text.toString();
    }

    private String readIpv6() {
        final int length = 40 + Short.toUnsignedInt(packet.getShort(4));
        if (!quoted && length != packet.capacity()) {
            text.append("LENGTH ").append(length).append(" OF ").append(packet.capacity()).append(' ');
        }
        final byte[] source = Arrays.copyOfRange(packet.array(), 8, 24);
        final byte[] destination = Arrays.copyOfRange(packet.array(), 24, 40);
        text.append(address(source)).append('>').append(address(destination));
        int header = packet.get(6) & 0xFF;
        int position = 40;
        int word = 0;
        int ipid = 0;
        boolean options = false;
        /* Behind the header of a later fragment is the middle of something (RFC 8200 section 4.5). */
        while (header == 60 && word >> 3 == 0 || header == 44) {
            if (header == 44) {
                word = Short.toUnsignedInt(packet.getShort(position + 2));
                ipid = packet.getInt(position + 4);
            }
            options |= header == 60;
            final int next = packet.get(position) & 0xFF;
            position += header == 44 ? 8 : 8 * (1 + (packet.get(position + 1) & 0xFF));
            header = next;
        }
        transport(header, position, length, new byte[][] {source, destination}, word >> 3, (word & 1) != 0);
        text.append(" ttl=").append(packet.get(7) & 0xFF);
        append((word & 1) != 0, " mf");
        append(word >> 3 != 0, " off=" + (word >> 3));
        append(word != 0, " ipid=" + ipid);
        append(options, " opt");
        final int trafficClass = packet.getShort(0) >> 4 & 0xFF;
        append(trafficClass != 0, " tos=" + trafficClass);
        return text.toString();
    }

    /** ICMP's number means nothing in IPv6, and ICMPv6's nothing in IPv4: neither has a header that must be there. */
    private static int known(final int protocol, final boolean v4) {
        return protocol == 1 && !v4 || protocol == 58 && v4 ? 255 : protocol;
    }

    private void transport(
        final int number, final int start, final int end, final byte[][] addresses, final int offset,
        final boolean more) {
        final int protocol = known(number, addresses[0].length == 4);
        final byte[] payload = Arrays.copyOfRange(packet.array(), start, Math.min(end, packet.capacity()));
        if (offset > 0) {
            text.append(" proto=").append(protocol).append(" bytes=").append(payload.length);
            return;
        }
        final ByteBuffer bytes = ByteBuffer.wrap(payload);
        final boolean whole = !quoted && !more;
        if (whole && isChecksumWrong(protocol, payload, addresses)) {
            text.append(" BADSUM");
        }
        switch (protocol) {
            case 17 -> {
                if (Short.toUnsignedInt(bytes.getShort(2)) == 4789 && whole && payload.length >= 50) {
                    readVxlan(payload);
                    return;
                }
                ports(" udp ", bytes).append(" len=").append(Short.toUnsignedInt(bytes.getShort(4)) - 8);
                append(bytes.getShort(6) == 0, " nosum");
            }
            case 6 -> ports(" tcp ", bytes).append(" len=").append(payload.length - 20);
            case 132 -> ports(" sctp ", bytes).append(" len=").append(payload.length - 12);
            case 1, 58 -> icmp(protocol, bytes);
            default -> text.append(" proto=").append(protocol).append(" len=").append(payload.length);
        }
        append(more, " bytes=" + payload.length);
    }

    private void icmp(final int protocol, final ByteBuffer bytes) {
        final int type = bytes.get(0) & 0xFF;
        text.append(protocol == 1 ? " icmp " : " icmp6 ").append(type).append('/').append(bytes.get(1) & 0xFF);
        if (protocol == 1 ? type == 3 || type == 11 : type < 128) {
            append(bytes.getInt(4) != 0, " mtu=" + bytes.getInt(4));
            if (!quoted) {
                final byte[] rest = Arrays.copyOfRange(bytes.array(), 8, bytes.capacity());
                text.append(" about [").append(quote(rest)).append("] quote=").append(rest.length);
            }
        } else {
            text.append(" id=").append(Short.toUnsignedInt(bytes.getShort(4))).append(" len=").append(bytes.capacity() - 8);
        }
    }

    /** A quote may be cut anywhere, and a stranger's may be anything. */
    private static String quote(final byte[] bytes) {
        try {
            return new PacketReader(bytes, true).read();
        } catch (final IndexOutOfBoundsException | IllegalArgumentException | NegativeArraySizeException
            | java.nio.BufferUnderflowException cut) {
            return "cut";
        }
    }

    private void readVxlan(final byte[] payload) {
        final ByteBuffer bytes = ByteBuffer.wrap(payload);
        final int sourcePort = Short.toUnsignedInt(bytes.getShort(0));
        text.insert(0, "vxlan ");
        append(sourcePort < 49_152, " SPORT " + sourcePort);
        append(bytes.getInt(8) != 0x0800_0000, " FLAGS");
        text.append(" vni=").append(bytes.getInt(12) >>> 8);
        append(bytes.getShort(6) == 0, " nosum");
        final byte[] frame = Arrays.copyOfRange(payload, 16, payload.length);
        text.append(" mac=").append(macs(frame)).append(" [").append(frame(frame)).append(']');
    }

    private StringBuilder ports(final String name, final ByteBuffer bytes) {
        return text.append(name).append(Short.toUnsignedInt(bytes.getShort(0))).append('>')
            .append(Short.toUnsignedInt(bytes.getShort(2)));
    }

    private static boolean isChecksumWrong(final int protocol, final byte[] payload, final byte[][] addresses) {
        if (protocol != 17 && protocol != 6 && protocol != 1 && protocol != 58) {
            return false;
        }
        final boolean v4 = addresses[0].length == 4;
        if (protocol == 17 && payload[6] == 0 && payload[7] == 0) {
            return !v4;
        }
        final ByteBuffer summed = ByteBuffer.allocate(40 + payload.length);
        if (protocol != 1) {
            summed.put(addresses[0]).put(addresses[1]).putInt(payload.length).putInt(protocol);
        }
        summed.put(payload);
        return PacketText.checksum(Arrays.copyOf(summed.array(), summed.position())) != 0;
    }

    private void append(final boolean wanted, final String word) {
        if (wanted) {
            text.append(word);
        }
    }

    private static String address(final byte[] bytes) {
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return bytes.length == 4 ? Ipv4Address.format(buffer.getInt()) : Ipv6Text.format(buffer.getLong(), buffer.getLong());
    }
}

package io.caracal.dataplane;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * One packet of a recorded case's probe, as bytes, with a number that it can be known by on arrival whatever NAT did to
 * its addresses and ports: in the payload, in a TCP SYN the sequence number, in an SCTP INIT the initiate tag.
 */
final class ProbePacket {
    private static final int ICMP = 1;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;
    private static final int IP_HEADER_LENGTH = 20;
    private static final int TTL = 64;
    private static final int MAGIC = 0xCA7A << 16;
    private static final byte TCP_SYN = 0x02;
    private static final int ICMP_ID_FIRST = 1000;

    private ProbePacket() {
    }

    static int protocol(final JsonNode probe) {
        return switch (probe.path("proto").asText()) {
            case "icmp" -> ICMP;
            case "tcp" -> TCP;
            case "udp" -> UDP;
            case "sctp" -> SCTP;
            default -> probe.path("proto").asInt();
        };
    }

    /** The packet of a probe; the number is 0 to 65535. */
    static byte[] of(final JsonNode probe, final int number) {
        final int protocol = protocol(probe);
        final byte[] source = InetAddress.ofLiteral(probe.path("srcIp").asText()).getAddress();
        final byte[] destination = InetAddress.ofLiteral(probe.path("dstIp").asText()).getAddress();
        final byte[] payload = switch (protocol) {
            case ICMP -> icmp(probe, number);
            case TCP -> tcp(probe, number, pseudoHeader(source, destination, TCP, 20));
            case UDP -> udp(probe, number, pseudoHeader(source, destination, UDP, 12));
            case SCTP -> sctp(probe, number);
            default -> ByteBuffer.allocate(Long.BYTES).putInt(MAGIC | number).putInt(0).array();
        };
        final ByteBuffer packet = ByteBuffer.allocate(IP_HEADER_LENGTH + payload.length);
        packet.put((byte)0x45).put((byte)0).putShort((short)packet.capacity()).putInt(0).put((byte)TTL)
            .put((byte)protocol).putShort((short)0).put(source).put(destination);
        packet.putShort(10, (short)checksum(packet.array(), 0, IP_HEADER_LENGTH, 0));
        return packet.put(payload).array();
    }

    private static byte[] icmp(final JsonNode probe, final int number) {
        final ByteBuffer message = ByteBuffer.allocate(20);
        message.put((byte)probe.path("icmpType").asInt()).put((byte)probe.path("icmpCode").asInt()).putShort((short)0)
            .putShort((short)(ICMP_ID_FIRST + number)).putShort((short)number).putInt(MAGIC | number);
        return message.putShort(2, (short)checksum(message.array(), 0, message.capacity(), 0)).array();
    }

    private static byte[] tcp(final JsonNode probe, final int number, final int pseudoHeader) {
        final ByteBuffer segment = ByteBuffer.allocate(20);
        segment.putShort((short)probe.path("sport").asInt()).putShort((short)probe.path("dport").asInt())
            .putInt(MAGIC | number).putInt(0).put((byte)0x50).put(TCP_SYN).putShort((short)8192);
        return segment.putShort(16, (short)checksum(segment.array(), 0, segment.capacity(), pseudoHeader)).array();
    }

    private static byte[] udp(final JsonNode probe, final int number, final int pseudoHeader) {
        final ByteBuffer datagram = ByteBuffer.allocate(12);
        datagram.putShort((short)probe.path("sport").asInt()).putShort((short)probe.path("dport").asInt())
            .putShort((short)12).putShort((short)0).putInt(MAGIC | number);
        return datagram.putShort(6, (short)checksum(datagram.array(), 0, datagram.capacity(), pseudoHeader)).array();
    }

    private static byte[] sctp(final JsonNode probe, final int number) {
        final ByteBuffer packet = ByteBuffer.allocate(32);
        packet.putShort((short)probe.path("sport").asInt()).putShort((short)probe.path("dport").asInt())
            .putInt(0).putInt(0).put((byte)1).put((byte)0).putShort((short)20).putInt(MAGIC | number).putInt(65_536)
            .putShort((short)1).putShort((short)1).putInt(1);
        final CRC32C crc = new CRC32C();
        crc.update(packet.array());
        return packet.putInt(8, Integer.reverseBytes((int)crc.getValue())).array();
    }

    /** The number of a packet that was heard, if it is a probe and not an answer to one. */
    static OptionalInt number(final byte[] heard) {
        final ByteBuffer packet = ByteBuffer.wrap(heard);
        final int header = (packet.get(0) & 0xf) * Integer.BYTES;
        final int offset = header + switch (packet.get(9) & 0xff) {
            case TCP -> Integer.BYTES;
            case UDP, ICMP -> Long.BYTES;
            case SCTP -> 16;
            default -> 0;
        };
        if (packet.capacity() < offset + Integer.BYTES || (packet.getInt(offset) & 0xffff0000) != MAGIC) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(packet.getInt(offset) & 0xffff);
    }

    /** Sum over what TCP's and UDP's checksums cover of the IP header. */
    private static int pseudoHeader(final byte[] source, final byte[] destination, final int protocol,
                                    final int length) {
        return sum(source, 0, source.length) + sum(destination, 0, destination.length) + protocol + length;
    }

    private static int checksum(final byte[] bytes, final int from, final int length, final int start) {
        int sum = start + sum(bytes, from, length);
        while (sum >>> Short.SIZE != 0) {
            sum = (sum & 0xffff) + (sum >>> Short.SIZE);
        }
        return ~sum & 0xffff;
    }

    private static int sum(final byte[] bytes, final int from, final int length) {
        int sum = 0;
        for (int i = from; i < from + length; i += 2) {
            sum += (bytes[i] & 0xff) << Byte.SIZE | bytes[i + 1] & 0xff;
        }
        return sum;
    }
}

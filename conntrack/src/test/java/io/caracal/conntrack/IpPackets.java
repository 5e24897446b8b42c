package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes of IP packets for tests, from the IP header on; header checksums are right, others 0. */
final class IpPackets {
    private static final int IPV4_LENGTH = 20;
    private static final int TTL = 64;

    private IpPackets() {
    }

    /** An IPv4 packet; addresses in host order. */
    static byte[] ipv4(final int protocol, final int source, final int destination, final byte[] payload) {
        return ipv4(protocol, source, destination, payload, 0, 0);
    }

    /** An IPv4 fragment: {@code fragmentWord} as in the header, flags and offset. */
    static byte[] ipv4(final int protocol, final int source, final int destination, final byte[] payload,
        final int identification, final int fragmentWord) {
        final ByteBuffer bytes = ByteBuffer.allocate(IPV4_LENGTH + payload.length);
        bytes.put((byte)0x45).put((byte)0).putShort((short)bytes.capacity());
        bytes.putShort((short)identification).putShort((short)fragmentWord);
        bytes.put((byte)TTL).put((byte)protocol).putShort((short)0).putInt(source).putInt(destination).put(payload);
        KernelConntrack.completeIpv4Checksum(bytes.array());
        return bytes.array();
    }

    /** An IPv6 packet between fd00::source and fd00::destination. */
    static byte[] ipv6(final int nextHeader, final int source, final int destination, final byte[] payload) {
        final ByteBuffer bytes = ByteBuffer.allocate(40 + payload.length);
        bytes.putInt(0x60000000).putShort((short)payload.length).put((byte)nextHeader).put((byte)TTL);
        bytes.putLong(0xfd00L << 48).putLong(source).putLong(0xfd00L << 48).putLong(destination).put(payload);
        return bytes.array();
    }

    static byte[] udp(final int sourcePort, final int destinationPort, final int length) {
        final ByteBuffer bytes = ByteBuffer.allocate(8 + length);
        bytes.putShort((short)sourcePort).putShort((short)destinationPort).putShort((short)(8 + length));
        return bytes.array();
    }

    static byte[] tcp(final int sourcePort, final int destinationPort, final int flags, final int sequence,
        final int acknowledgement) {
        final ByteBuffer bytes = ByteBuffer.allocate(20);
        bytes.putShort((short)sourcePort).putShort((short)destinationPort).putInt(sequence).putInt(acknowledgement);
        bytes.put((byte)0x50).put((byte)flags).putShort((short)1000);
        return bytes.array();
    }

    static byte[] icmp(final int type, final int code, final int identifier) {
        return ByteBuffer.allocate(16).put((byte)type).put((byte)code).putShort((short)0).putShort((short)identifier)
            .putShort((short)1).array();
    }

    /** An ICMP error that quotes the beginning of a packet. */
    static byte[] icmpError(final int type, final int code, final byte[] quoted) {
        final byte[] quote = Arrays.copyOf(quoted, Math.min(quoted.length, 64));
        return ByteBuffer.allocate(8 + quote.length).put((byte)type).put((byte)code).putShort((short)0).putInt(0)
            .put(quote).array();
    }

    /** An SCTP packet with one chunk; an INIT or INIT ACK has an initiate tag and sixteen bytes more. */
    static byte[] sctp(final int[] ports, final int tag, final int chunk, final int chunkFlags, final int initiateTag) {
        final int chunkLength = chunk == 1 || chunk == 2 ? 20 : chunk == 0 ? 20 : chunk == 7 ? 8 : 4;
        final ByteBuffer bytes = ByteBuffer.allocate(12 + chunkLength);
        bytes.putShort((short)ports[0]).putShort((short)ports[1]).putInt(tag).putInt(0);
        bytes.put((byte)chunk).put((byte)chunkFlags).putShort((short)chunkLength);
        if (chunkLength == 20) {
            bytes.putInt(initiateTag).putInt(65536).putShort((short)10).putShort((short)10).putInt(1);
        }
        return bytes.array();
    }

    static int protocol(final byte[] packet) {
        return packet[0] >> 4 == 4 ? packet[9] : packet[6] == IpProtocol.ICMPV6 ? IpProtocol.ICMPV6 : packet[6];
    }
}

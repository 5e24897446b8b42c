package io.caracal.xdp.testing;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Bytes of packets for the tables of the tests, put together layer by layer. Checksums are right where a kernel reads
 * them.
 */
public final class Packet {
    public static final byte[] POD_MAC = mac("0a:58:0a:41:00:02");
    public static final byte[] HOST_MAC = mac("ee:ee:ee:ee:ee:ee");
    public static final int ETH_IPV4 = 0x0800;
    public static final int ETH_ARP = 0x0806;
    public static final int ETH_IPV6 = 0x86dd;
    public static final int TCP = 6;
    public static final int UDP = 17;
    public static final int ICMP = 1;
    public static final int ICMPV6 = 58;
    public static final int SYN = 0x02;
    public static final int ACK = 0x10;
    public static final int RST = 0x04;

    private Packet() {
    }

    public static byte[] mac(final String text) {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }

    public static byte[] puntMac(final int code, final int ifindex) {
        return ByteBuffer.allocate(6).put((byte)2).put((byte)code).putInt(ifindex).array();
    }

    public static byte[] address(final String literal) {
        try {
            return InetAddress.getByName(literal).getAddress();
        } catch (final UnknownHostException e) {
            throw new IllegalArgumentException(literal, e);
        }
    }

    public static byte[] concat(final byte[]... parts) {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (final byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /** A frame of the pod to its gateway. */
    public static byte[] ethernet(final int etherType, final byte[]... payload) {
        return ethernet(HOST_MAC, POD_MAC, etherType, payload);
    }

    public static byte[] ethernet(final byte[] destination, final byte[] source, final int etherType,
        final byte[]... payload) {
        return concat(destination, source, be16(etherType), concat(payload));
    }

    public static byte[] be16(final int value) {
        return new byte[] {(byte)(value >> 8), (byte)value};
    }

    public static byte[] ipv4(final String source, final String destination, final int protocol,
        final byte[]... payload) {
        return ipv4(source, destination, protocol, 0, payload);
    }

    /** fragmentWord: the header's flags and offset, such as 0x2000 for MF. */
    public static byte[] ipv4(final String source, final String destination, final int protocol, final int fragmentWord,
        final byte[]... payload) {
        final byte[] body = concat(payload);
        final ByteBuffer header = ByteBuffer.allocate(20).put((byte)0x45).put((byte)0)
            .putShort((short)(20 + body.length)).putShort((short)0x1234).putShort((short)fragmentWord)
            .put((byte)64).put((byte)protocol).putShort((short)0).put(address(source)).put(address(destination));
        header.putShort(10, (short)~onesComplementSum(header.array(), 0));
        return concat(header.array(), body);
    }

    /** With four bytes of options (end of list). */
    public static byte[] ipv4WithOptions(final String source, final String destination, final int protocol,
        final byte[]... payload) {
        final byte[] body = concat(payload);
        final byte[] plain = ipv4(source, destination, protocol, 0, new byte[4], body);
        plain[0] = 0x46;
        plain[10] = 0;
        plain[11] = 0;
        final int checksum = ~onesComplementSum(java.util.Arrays.copyOf(plain, 24), 0);
        plain[10] = (byte)(checksum >> 8);
        plain[11] = (byte)checksum;
        return plain;
    }

    public static byte[] ipv6(final String source, final String destination, final int nextHeader,
        final byte[]... payload) {
        return ipv6(source, destination, nextHeader, 64, payload);
    }

    public static byte[] ipv6(final String source, final String destination, final int nextHeader, final int hopLimit,
        final byte[]... payload) {
        final byte[] body = concat(payload);
        return concat(ByteBuffer.allocate(40).putInt(0x60000000).putShort((short)body.length).put((byte)nextHeader)
            .put((byte)hopLimit).put(address(source)).put(address(destination)).array(), body);
    }

    /** Hop-by-hop, routing or destination options of 8 * (1 + more) bytes, or AH, which counts otherwise. */
    public static byte[] extension(final int nextHeader, final int lengthField, final int byteCount) {
        return ByteBuffer.allocate(byteCount).put((byte)nextHeader).put((byte)lengthField).array();
    }

    public static byte[] tcp(final int sourcePort, final int destinationPort, final int flags) {
        return ByteBuffer.allocate(20).putShort((short)sourcePort).putShort((short)destinationPort).putInt(1).putInt(1)
            .put((byte)0x50).put((byte)flags).putShort((short)1024).putInt(0).array();
    }

    public static byte[] udp(final int sourcePort, final int destinationPort, final byte[]... payload) {
        final byte[] body = concat(payload);
        return concat(be16(sourcePort), be16(destinationPort), be16(8 + body.length), be16(0), body);
    }

    /** An ICMP or ICMPv6 message without a right checksum: nothing here reads it. */
    public static byte[] icmp(final int type, final int code, final byte[]... payload) {
        return concat(new byte[] {(byte)type, (byte)code, 0, 0, 0, 0, 0, 0}, concat(payload));
    }

    public static byte[] arpRequest(final String sender, final String target) {
        return concat(be16(1), be16(ETH_IPV4), new byte[] {6, 4}, be16(1), POD_MAC, address(sender), new byte[6],
            address(target));
    }

    public static int onesComplementSum(final byte[] bytes, final int initial) {
        int sum = initial;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += ((bytes[i] & 0xff) << 8) + (i + 1 < bytes.length ? bytes[i + 1] & 0xff : 0);
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    /** Writes the checksum of a frame's IPv4 header without options. */
    public static void fixIpv4Checksum(final byte[] frame) {
        frame[24] = 0;
        frame[25] = 0;
        final int sum = ~onesComplementSum(Arrays.copyOfRange(frame, 14, 34), 0);
        frame[24] = (byte)(sum >> 8);
        frame[25] = (byte)sum;
    }
}

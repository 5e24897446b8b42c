package io.caracal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** What each view says about bytes that a kernel wrote, and every reason for which {@code isValid} says no. */
class HeaderViewsTest {
    private static final int L3 = EthernetHeader.LENGTH;
    private static final int POD = Ipv4Address.parse("10.65.0.7");
    private static final int PEER = Ipv4Address.parse("10.65.0.1");
    private static final long POD_MAC = MacAddress.parse("0a:58:0a:41:00:07");

    @Test
    void shouldReadEthernet() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.UDP_IPV4);
        assertEquals(MacAddress.GATEWAY, EthernetHeader.destination(frame, 0));
        assertEquals(POD_MAC, EthernetHeader.source(frame, 0));
        assertEquals(EtherType.IPV4, EthernetHeader.etherType(frame, 0));
        assertEquals(L3, EthernetHeader.payloadOffset(frame, 0, frame.capacity()));
        assertTrue(EthernetHeader.isValid(14));
        assertFalse(EthernetHeader.isValid(13));
    }

    @Test
    void shouldFindThePayloadBehindVlanTags() {
        final String addresses = "ffffffffffff0a580a410007";
        final UnsafeBuffer one = GoldenFrames.buffer(addresses + "8100000a0806");
        final UnsafeBuffer two = GoldenFrames.buffer(addresses + "88a800648100000a86dd");
        final UnsafeBuffer three = GoldenFrames.buffer(addresses + "88a800648100000a8100000b0800");
        assertEquals(18, EthernetHeader.payloadOffset(one, 0, 18));
        assertEquals(EtherType.ARP, EthernetHeader.etherTypeBefore(one, 18));
        assertEquals(-1, EthernetHeader.payloadOffset(one, 0, 17));
        assertEquals(22, EthernetHeader.payloadOffset(two, 0, 22));
        assertEquals(EtherType.IPV6, EthernetHeader.etherTypeBefore(two, 22));
        assertEquals(-1, EthernetHeader.payloadOffset(two, 0, 21));
        assertEquals(-1, EthernetHeader.payloadOffset(three, 0, 26));
    }

    @Test
    void shouldReadThePuntHeaderOfBothDirections() {
        final UnsafeBuffer fromWorkload = GoldenFrames.buffer("02010000000c0a580a4100070800");
        final long from = PuntHeader.word(fromWorkload, 0);
        assertTrue(PuntHeader.isValid(from));
        assertEquals(1, PuntHeader.code(from));
        assertEquals(12, PuntHeader.ifindex(from));
        final UnsafeBuffer toWorkload = GoldenFrames.buffer("02020001000c0200000000030800");
        final long to = PuntHeader.word(toWorkload, 0);
        assertTrue(PuntHeader.isValid(to));
        assertEquals(2, PuntHeader.code(to));
        assertEquals(0x1000C, PuntHeader.ifindex(to));
        assertEquals(3, PuntHeader.originIfindex(toWorkload, 0));
    }

    @Test
    void shouldRefuseWhatThePuntProgramsNeverWrite() {
        assertPuntInvalid("first byte", "04010000000c0a580a4100070800");
        assertPuntInvalid("broadcast", "ffffffffffff0a580a4100070800");
        assertPuntInvalid("code 0", "02000000000c0a580a4100070800");
        assertTrue(PuntHeader.isValid(PuntHeader.word(GoldenFrames.buffer("02030000000c0a580a4100070800"), 0)), "uplink");
        assertPuntInvalid("code 5", "02050000000c0200000000030800");
        assertPuntInvalid("ifindex 0", "0201000000000a580a4100070800");
        assertPuntInvalid("negative ifindex", "0201800000010a580a4100070800");
        assertPuntInvalid("origin not marked", "02020000000c0a580a4100070800");
    }

    @Test
    void shouldReadArpAndAnswerAsTheKernelDoes() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.ARP_REQUEST);
        assertTrue(ArpPacket.isValid(frame, L3, ArpPacket.LENGTH));
        assertFalse(ArpPacket.isValid(frame, L3, ArpPacket.LENGTH - 1));
        assertEquals(ArpPacket.REQUEST, ArpPacket.operation(frame, L3));
        assertEquals(POD_MAC, ArpPacket.senderMac(frame, L3));
        assertEquals(POD, ArpPacket.senderAddress(frame, L3));
        assertEquals(0, ArpPacket.targetMac(frame, L3));
        assertEquals(PEER, ArpPacket.targetAddress(frame, L3));
        ArpPacket.turnIntoReply(frame, L3, MacAddress.GATEWAY);
        assertEquals(GoldenFrames.ARP_REPLY.substring(2 * L3), hex(frame, L3, ArpPacket.LENGTH));
    }

    @Test
    void shouldRefuseArpOfOtherKinds() {
        final UnsafeBuffer golden = GoldenFrames.buffer(GoldenFrames.ARP_REQUEST);
        for (final int index : new int[] {0, 1, 2, 3, 4, 5, 6, 8}) {
            final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.ARP_REQUEST);
            frame.putByte(L3 + index, (byte)(golden.getByte(L3 + index) ^ 0x11));
            assertFalse(ArpPacket.isValid(frame, L3, ArpPacket.LENGTH), "byte " + index);
        }
        final UnsafeBuffer inverse = GoldenFrames.buffer(GoldenFrames.ARP_REQUEST);
        inverse.putByte(L3 + 7, (byte)8);
        assertFalse(ArpPacket.isValid(inverse, L3, ArpPacket.LENGTH), "inverse ARP request");
    }

    @Test
    void shouldReadIpv4() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.UDP_IPV4);
        assertTrue(Ipv4Header.isValid(frame, L3, frame.capacity() - L3));
        assertTrue(Ipv4Header.isChecksumValid(frame, L3));
        assertEquals(20, Ipv4Header.headerLength(frame, L3));
        assertEquals(33, Ipv4Header.totalLength(frame, L3));
        assertEquals(0x550D, Ipv4Header.identification(frame, L3));
        assertEquals(Ipv4Header.DONT_FRAGMENT, Ipv4Header.fragmentWord(frame, L3));
        assertEquals(64, Ipv4Header.ttl(frame, L3));
        assertEquals(IpProtocol.UDP, Ipv4Header.protocol(frame, L3));
        assertEquals(0xD135, Ipv4Header.checksum(frame, L3));
        assertEquals(POD, Ipv4Header.source(frame, L3));
        assertEquals(PEER, Ipv4Header.destination(frame, L3));
        assertEquals(0xC0, Ipv4Header.tos(GoldenFrames.buffer(GoldenFrames.ICMP_UNREACHABLE), L3));
    }

    @Test
    void shouldVerifyTheChecksumOverOptions() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.ICMP_RECORD_ROUTE);
        assertEquals(60, Ipv4Header.headerLength(frame, L3));
        assertTrue(Ipv4Header.isChecksumValid(frame, L3));
        frame.putByte(L3 + 59, (byte)1);
        assertFalse(Ipv4Header.isChecksumValid(frame, L3));
    }

    @Test
    void shouldRefuseIpv4HeadersWhoseLengthsDoNotFit() {
        final int length = GoldenFrames.UDP_IPV4.length() / 2 - L3;
        assertIpv4(true, "padding after the datagram is no error", length + 13, 0, 0x45);
        assertIpv4(false, "one byte short", length - 1, 0, 0x45);
        assertIpv4(false, "shorter than a header", 19, 0, 0x45);
        assertIpv4(false, "version 5", length, 0, 0x55);
        assertIpv4(false, "header of 16 bytes", length, 0, 0x44);
        assertIpv4(false, "header of 36 bytes in a datagram of 33", length, 0, 0x49);
        assertIpv4(false, "total length below the header's", length, 3, 19);
        assertIpv4(true, "no payload", length, 3, 20);
        assertIpv4(false, "fragment beyond 65535 bytes", length, 6, 0x1F, 7, 0xFF);
    }

    @Test
    void shouldKeepTheChecksumWhenTheTtlIsDecremented() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.UDP_IPV4);
        for (int ttl = 63; ttl >= 1; ttl--) {
            Ipv4Header.decrementTtl(frame, L3);
            assertEquals(ttl, Ipv4Header.ttl(frame, L3));
            assertTrue(Ipv4Header.isChecksumValid(frame, L3), "TTL " + ttl);
        }
    }

    @Test
    void shouldReadIpv6() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.UDP_IPV6);
        final Ipv6Text pod = Ipv6Text.parse("fd00:10:65::7");
        final Ipv6Text peer = Ipv6Text.parse("fd00:10:65::1");
        assertTrue(Ipv6Header.isValid(frame, L3, frame.capacity() - L3));
        assertFalse(Ipv6Header.isValid(frame, L3, frame.capacity() - L3 - 1));
        assertFalse(Ipv6Header.isValid(frame, L3, 39));
        assertEquals(13, Ipv6Header.payloadLength(frame, L3));
        assertEquals(IpProtocol.UDP, Ipv6Header.nextHeader(frame, L3));
        assertEquals(64, Ipv6Header.hopLimit(frame, L3));
        assertEquals(0, Ipv6Header.trafficClass(frame, L3));
        assertEquals(pod, new Ipv6Text(Ipv6Header.sourceHigh(frame, L3), Ipv6Header.sourceLow(frame, L3)));
        assertEquals(peer, new Ipv6Text(Ipv6Header.destinationHigh(frame, L3), Ipv6Header.destinationLow(frame, L3)));
        Ipv6Header.decrementHopLimit(frame, L3);
        assertEquals(63, Ipv6Header.hopLimit(frame, L3));
        frame.putByte(L3, (byte)0x40);
        assertFalse(Ipv6Header.isValid(frame, L3, frame.capacity() - L3));
    }

    @Test
    void shouldReadUdpTcpAndIcmp() {
        final UnsafeBuffer udp = GoldenFrames.buffer(GoldenFrames.UDP_IPV4);
        assertTrue(UdpHeader.isValid(udp, 34, 13));
        assertEquals(5000 << 16 | 53, TransportPorts.both(udp, 34));
        assertEquals(13, UdpHeader.length(udp, 34));
        assertEquals(0x93BB, UdpHeader.checksum(udp, 34));
        final UnsafeBuffer syn = GoldenFrames.buffer(GoldenFrames.TCP_SYN_IPV4);
        assertTrue(TcpHeader.isValid(syn, 34, 40));
        assertEquals(40, TcpHeader.headerLength(syn, 34));
        assertEquals(TcpHeader.SYN, TcpHeader.flags(syn, 34));
        assertEquals(0xE9409DD9, TcpHeader.sequence(syn, 34));
        assertEquals(0, TcpHeader.acknowledgement(syn, 34));
        assertEquals(0xFAF0, TcpHeader.window(syn, 34));
        assertEquals(0xA0E8, TcpHeader.checksum(syn, 34));
        final UnsafeBuffer rst = GoldenFrames.buffer(GoldenFrames.TCP_RST_IPV4);
        assertEquals(TcpHeader.RST | TcpHeader.ACK, TcpHeader.flags(rst, 34));
        assertEquals(0xE9409DDA, TcpHeader.acknowledgement(rst, 34));
        final UnsafeBuffer echo = GoldenFrames.buffer(GoldenFrames.ICMP_ECHO);
        assertEquals(IcmpHeader.ECHO_REQUEST, IcmpHeader.type(echo, 34));
        assertEquals(0, IcmpHeader.code(echo, 34));
        assertEquals(0x4E9A, IcmpHeader.identifier(echo, 34));
        assertEquals(0x64D5, IcmpHeader.checksum(echo, 34));
    }

    @Test
    void shouldRefuseTransportHeadersThatAreCut() {
        final UnsafeBuffer udp = GoldenFrames.buffer(GoldenFrames.UDP_IPV4);
        assertFalse(UdpHeader.isValid(udp, 34, 7), "shorter than a header");
        assertFalse(UdpHeader.isValid(udp, 34, 12), "length beyond what is there");
        assertTrue(UdpHeader.isFirstFragmentValid(udp, 34, 12), "unless more fragments follow");
        udp.putByte(34 + 5, (byte)7);
        assertFalse(UdpHeader.isValid(udp, 34, 13), "length below the header's");
        final UnsafeBuffer syn = GoldenFrames.buffer(GoldenFrames.TCP_SYN_IPV4);
        assertFalse(TcpHeader.isValid(syn, 34, 19), "shorter than a header");
        assertFalse(TcpHeader.isValid(syn, 34, 39), "options cut");
        syn.putByte(34 + 12, (byte)0x40);
        assertFalse(TcpHeader.isValid(syn, 34, 40), "data offset 4");
        assertFalse(IcmpHeader.isValid(7));
        assertFalse(SctpHeader.isValid(11));
    }

    @Test
    void shouldAnswerASolicitationAsTheKernelDoes() {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.SOLICITATION);
        final int message = L3 + Ipv6Header.LENGTH;
        assertTrue(NeighbourMessage.isValidSolicitation(frame, L3));
        assertEquals(POD_MAC, NeighbourMessage.linkAddress(frame, message, 32, NeighbourMessage.SOURCE_LINK_ADDRESS));
        assertEquals(-1, NeighbourMessage.linkAddress(frame, message, 32, NeighbourMessage.TARGET_LINK_ADDRESS));
        NeighbourMessage.turnIntoAdvertisement(frame, L3, 0, MacAddress.GATEWAY);
        assertEquals(GoldenFrames.ADVERTISEMENT.substring(2 * L3), hex(frame, L3, 72));
        assertEquals(NeighbourMessage.SOLICITED | NeighbourMessage.OVERRIDE, NeighbourMessage.flags(frame, message));
    }

    @Test
    void shouldBelieveADuplicateAddressProbeButNotOneWithAnAddress() {
        final UnsafeBuffer probe = GoldenFrames.buffer(GoldenFrames.DUPLICATE_ADDRESS_PROBE);
        assertTrue(NeighbourMessage.isValidSolicitation(probe, L3));
        final int option = L3 + Ipv6Header.LENGTH + NeighbourMessage.MIN_LENGTH;
        probe.putByte(option, (byte)NeighbourMessage.SOURCE_LINK_ADDRESS);
        completeIcmpv6(probe);
        assertFalse(NeighbourMessage.isValidSolicitation(probe, L3), "a source link-layer address");
        final UnsafeBuffer unicast = GoldenFrames.buffer(GoldenFrames.DUPLICATE_ADDRESS_PROBE);
        Ipv6Header.writeDestination(unicast, L3, Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW);
        completeIcmpv6(unicast);
        assertFalse(NeighbourMessage.isValidSolicitation(unicast, L3), "not to a solicited-node address");
    }

    @Test
    void shouldRefuseSolicitationsThatRfc4861Refuses() {
        assertSolicitationInvalid("hop limit 254", 7, 254);
        assertSolicitationInvalid("code 1", 41, 1);
        assertSolicitationInvalid("target multicast", 48, 0xFF);
        assertSolicitationInvalid("source multicast", 8, 0xFF);
        assertSolicitationInvalid("option of length 0", 65, 0);
        assertSolicitationInvalid("option beyond the message", 65, 2);
        assertSolicitationInvalid("an advertisement", 40, 136);
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.SOLICITATION);
        frame.putByte(L3 + 43, (byte)(frame.getByte(L3 + 43) ^ 1));
        assertFalse(NeighbourMessage.isValidSolicitation(frame, L3), "checksum");
        final UnsafeBuffer cut = GoldenFrames.buffer(GoldenFrames.SOLICITATION);
        cut.putByte(L3 + 5, (byte)23);
        completeIcmpv6(cut);
        assertFalse(NeighbourMessage.isValidSolicitation(cut, L3), "shorter than a target");
        final UnsafeBuffer odd = GoldenFrames.buffer(GoldenFrames.SOLICITATION);
        odd.putByte(L3 + 5, (byte)25);
        completeIcmpv6(odd);
        assertFalse(NeighbourMessage.isValidSolicitation(odd, L3), "half an option header");
    }

    private static void assertPuntInvalid(final String what, final String hex) {
        assertFalse(PuntHeader.isValid(PuntHeader.word(GoldenFrames.buffer(hex), 0)), what);
    }

    private static void assertIpv4(final boolean expected, final String what, final int length, final int... changes) {
        final byte[] bytes = HexFormat.of().parseHex(GoldenFrames.UDP_IPV4 + "00".repeat(16));
        for (int i = 0; i < changes.length; i += 2) {
            bytes[L3 + changes[i]] = (byte)changes[i + 1];
        }
        assertEquals(expected, Ipv4Header.isValid(new UnsafeBuffer(bytes), L3, length), what);
    }

    private static void assertSolicitationInvalid(final String what, final int index, final int value) {
        final UnsafeBuffer frame = GoldenFrames.buffer(GoldenFrames.SOLICITATION);
        frame.putByte(L3 + index, (byte)value);
        completeIcmpv6(frame);
        assertFalse(NeighbourMessage.isValidSolicitation(frame, L3), what);
    }

    /** Rights the checksum after a change, so that only the change can be the reason for a refusal. */
    private static void completeIcmpv6(final UnsafeBuffer frame) {
        final int message = L3 + Ipv6Header.LENGTH;
        final int length = Ipv6Header.payloadLength(frame, L3);
        IcmpHeader.writeChecksum(frame, message, 0);
        final long sum = InternetChecksum.pseudoHeaderIpv6(frame, L3, IpProtocol.ICMPV6, length)
            + InternetChecksum.sum(frame, message, length);
        IcmpHeader.writeChecksum(frame, message, InternetChecksum.finish(sum));
    }

    private static String hex(final UnsafeBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return HexFormat.of().formatHex(bytes);
    }
}

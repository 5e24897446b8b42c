package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.wire.EtherType;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.GoldenFrames;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.PuntHeader;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Packets in, columns out: what the first stage makes of a kernel's frames and of broken ones. */
class ParseStageTest {
    private static final int POD = Ipv4Address.parse("10.65.0.7");
    private static final int PEER = Ipv4Address.parse("10.65.0.9");
    private static final int IFINDEX = StageFixture.POD_IFINDEX;
    private static final String LOCAL_EXPERIMENTAL = "88b5";

    private final StageFixture fixture = new StageFixture();
    private final ParseStage stage = new ParseStage(fixture.hash);

    /** name, frame, l3Offset, l4Offset, protocol, source port, destination port, flags. */
    static Stream<Arguments> golden() {
        final int error = PacketFlags.ICMP_ERROR;
        final int multicast = PacketFlags.MULTICAST;
        return Stream.of(
            Arguments.of("UDP", GoldenFrames.UDP_IPV4, 34, IpProtocol.UDP, 5000, 53, 0),
            Arguments.of("SYN", GoldenFrames.TCP_SYN_IPV4, 34, IpProtocol.TCP, 5001, 80, 0),
            Arguments.of("RST", GoldenFrames.TCP_RST_IPV4, 34, IpProtocol.TCP, 80, 5001, 0),
            Arguments.of("echo", GoldenFrames.ICMP_ECHO, 34, IpProtocol.ICMP, 0x4E9A, 0x0800, 0),
            Arguments.of("options", GoldenFrames.ICMP_RECORD_ROUTE, 74, IpProtocol.ICMP, 0x4EA6, 0x0800,
                PacketFlags.IP_OPTIONS),
            Arguments.of("unreachable", GoldenFrames.ICMP_UNREACHABLE, 34, IpProtocol.ICMP, 0, 0x0303, error),
            Arguments.of("UDP 6", GoldenFrames.UDP_IPV6, 54, IpProtocol.UDP, 5000, 53, 0),
            Arguments.of("SYN 6", GoldenFrames.TCP_SYN_IPV6, 54, IpProtocol.TCP, 5001, 80, 0),
            Arguments.of("echo 6", GoldenFrames.ICMPV6_ECHO, 54, IpProtocol.ICMPV6, 0x4E9C, 0x8000, 0),
            Arguments.of("unreachable 6", GoldenFrames.ICMPV6_UNREACHABLE, 54, IpProtocol.ICMPV6, 0, 0x0104, error),
            Arguments.of("listener report", GoldenFrames.LISTENER_REPORT, 62, IpProtocol.ICMPV6, 0, 0x8F00,
                multicast | PacketFlags.IP_OPTIONS),
            Arguments.of("solicitation", GoldenFrames.SOLICITATION, 54, IpProtocol.ICMPV6, 0, 0x8700, multicast));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("golden")
    void shouldFillTheColumnsFromAKernelsFrame(
        final String name, final String hex, final int l4Offset, final int protocol,
        final int sourcePort, final int destinationPort, final int flags) {
        final int row = fixture.addFromWorkload(hex, IFINDEX);
        stage.process(fixture.burst, 0);
        final PacketBurst burst = fixture.burst;
        final boolean v6 = hex.startsWith("86dd", 24);
        assertEquals(Verdict.UNDECIDED, burst.verdict(row), () -> fixture.outcomeOf(row));
        assertEquals(Direction.FROM_WORKLOAD, burst.direction(row));
        assertEquals(IFINDEX, burst.ingressIfindex(row));
        assertEquals(v6 ? EtherType.IPV6 : EtherType.IPV4, burst.etherType(row));
        assertEquals(v6 ? 6 : 4, burst.ipVersion(row));
        assertEquals(14, burst.l3Offset(row));
        assertEquals(l4Offset, burst.l4Offset(row));
        assertEquals(protocol, burst.ipProtocol(row));
        assertEquals(sourcePort, burst.sourcePort(row));
        assertEquals(destinationPort, burst.destinationPort(row));
        assertEquals(flags, burst.flags(row));
        assertEquals(hex.length() / 2, burst.length(row));
    }

    /** name, frame writer, outcome. */
    static Stream<Arguments> dropped() {
        return Stream.of(
            drop("no Ethernet header", DropReason.ETHERNET_TRUNCATED, w -> 13),
            drop("tag cut", DropReason.ETHERNET_TRUNCATED, w -> Math.min(17, w.vlan(5).ipv4(POD, PEER).udp(1, 2, 0))),
            drop("three tags", DropReason.ETHERNET_TRUNCATED,
                w -> w.vlan(5).vlan(6).vlan(7).ipv4(POD, PEER).udp(1, 2, 9)),
            drop("IPv4 header cut", DropReason.IPV4_INVALID, w -> Math.min(33, udp(w))),
            drop("IPv4 payload cut", DropReason.IPV4_INVALID, w -> udp(w) - 1),
            drop("IPv6 header cut", DropReason.IPV6_INVALID, w -> Math.min(53, udp6(w))),
            drop("IPv6 payload cut", DropReason.IPV6_INVALID, w -> udp6(w) - 1),
            drop("TCP header cut", DropReason.L4_INVALID, w -> w.ipv4(POD, PEER).other(IpProtocol.TCP, 1, 19)),
            drop("UDP header cut", DropReason.L4_INVALID, w -> w.ipv4(POD, PEER).other(IpProtocol.UDP, 1, 7)),
            drop("UDP-Lite header cut", DropReason.L4_INVALID,
                w -> w.ipv4(POD, PEER).other(IpProtocol.UDP_LITE, 1, 7)),
            drop("SCTP header cut", DropReason.L4_INVALID, w -> w.ipv4(POD, PEER).other(IpProtocol.SCTP, 1, 11)),
            drop("ICMP header cut", DropReason.L4_INVALID, w -> w.ipv4(POD, PEER).other(IpProtocol.ICMP, 1, 7)),
            drop("first fragment without its ports", DropReason.L4_INVALID,
                w -> w.fragment(0, true).ipv4(POD, PEER).other(IpProtocol.TCP, 1, 8)),
            drop("TCP overlapping fragment", DropReason.L4_INVALID,
                w -> w.fragment(1, false).ipv4(POD, PEER).other(IpProtocol.TCP, 1, 40)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("dropped")
    void shouldDropWhatIsMalformed(
        final String name, final DropReason reason, final ToIntFunction<FrameWriter> frame) {
        final int row = fixture.add(frame.applyAsInt(fixture.next().fromWorkload(IFINDEX)));
        stage.process(fixture.burst, 0);
        assertEquals("drop " + reason, fixture.outcomeOf(row));
    }

    @Test
    void shouldDropAWrongIpv4Checksum() {
        final int row = fixture.addFromWorkload(GoldenFrames.UDP_IPV4, IFINDEX);
        final int ttl = fixture.burst.offset(row) + 14 + 8;
        fixture.umem.putByte(ttl, (byte)63);
        stage.process(fixture.burst, 0);
        assertEquals("drop IPV4_CHECKSUM_INVALID", fixture.outcomeOf(row));
    }

    @Test
    void shouldDropWhatIsNoIpAndWhatIsNotPunted() {
        final String ethernet = GoldenFrames.UDP_IPV4.substring(0, 24);
        final int other = fixture.addFromWorkload(ethernet + LOCAL_EXPERIMENTAL + "00".repeat(50), IFINDEX);
        final int llc = fixture.addFromWorkload(ethernet + "0026" + "4242030000", IFINDEX);
        final int notPunted = fixture.addFromWorkload(GoldenFrames.UDP_IPV4, IFINDEX);
        fixture.umem.putByte(fixture.burst.offset(notPunted), (byte)0xEE);
        stage.process(fixture.burst, 0);
        assertEquals("drop ETHERTYPE_UNSUPPORTED", fixture.outcomeOf(other));
        assertEquals("drop ETHERTYPE_UNSUPPORTED", fixture.outcomeOf(llc));
        assertEquals("drop PUNT_HEADER_INVALID", fixture.outcomeOf(notPunted));
    }

    @Test
    void shouldCutEthernetPadding() {
        final int row = fixture.addFromWorkload(GoldenFrames.UDP_IPV4 + "00".repeat(13), IFINDEX);
        final int row6 = fixture.addFromWorkload(GoldenFrames.UDP_IPV6 + "00".repeat(13), IFINDEX);
        stage.process(fixture.burst, 0);
        assertEquals(GoldenFrames.UDP_IPV4.length() / 2, fixture.burst.length(row));
        assertEquals(GoldenFrames.UDP_IPV6.length() / 2, fixture.burst.length(row6));
    }

    @Test
    void shouldReadBehindVlanTags() {
        final int row = fixture.add(fixture.next().fromWorkload(IFINDEX).vlan(5).vlan(6).ipv4(POD, PEER).udp(1, 2, 9));
        stage.process(fixture.burst, 0);
        assertEquals(22, fixture.burst.l3Offset(row));
        assertEquals(42, fixture.burst.l4Offset(row));
        assertEquals(2, fixture.burst.destinationPort(row));
    }

    @Test
    void shouldMarkFragmentsOfBothFamilies() {
        final int first = fixture.add(udp(fixture.next().fromWorkload(IFINDEX).fragment(0, true)));
        final int later = fixture.add(udp(fixture.next().fromWorkload(IFINDEX).fragment(9, false)));
        final int first6 = fixture.add(ipv6(fixture.next().fromWorkload(IFINDEX).fragment(0, true)).udp(1, 2, 8));
        final int later6 = fixture.add(ipv6(fixture.next().fromWorkload(IFINDEX).fragment(9, true)).udp(1, 2, 8));
        final int atomic6 = fixture.add(ipv6(fixture.next().fromWorkload(IFINDEX).fragment(0, false)).udp(1, 2, 8));
        stage.process(fixture.burst, 0);
        assertRow(first, PacketFlags.FRAGMENT, 34, 53);
        assertRow(later, PacketFlags.FRAGMENT | PacketFlags.LATER_FRAGMENT, 0, 0);
        assertRow(first6, PacketFlags.FRAGMENT | PacketFlags.IP_OPTIONS, 62, 2);
        assertRow(later6, PacketFlags.FRAGMENT | PacketFlags.LATER_FRAGMENT | PacketFlags.IP_OPTIONS, 0, 0);
        assertRow(atomic6, PacketFlags.IP_OPTIONS, 62, 2);
        assertEquals(IpProtocol.UDP, fixture.burst.ipProtocol(later));
        assertEquals(IpProtocol.UDP, fixture.burst.ipProtocol(later6));
    }

    @Test
    void shouldHashBothDirectionsAndTheErrorAboutThemAlike() {
        final int there = fixture.add(fixture.next().fromWorkload(IFINDEX).ipv4(POD, PEER).udp(5000, 53, 9));
        final int back = fixture.add(fixture.next().fromWorkload(IFINDEX).ipv4(PEER, POD).udp(53, 5000, 99));
        final int error = fixture.add(
            fixture.next().fromWorkload(IFINDEX).ipv4(PEER, POD).icmpError(IcmpHeader.UNREACHABLE, 3, 5000, 53));
        final int other = fixture.add(fixture.next().fromWorkload(IFINDEX).ipv4(POD, PEER).udp(5001, 53, 9));
        final int there6 = fixture.add(ipv6(fixture.next().fromWorkload(IFINDEX)).udp(5000, 53, 9));
        final int error6 = fixture.add(fixture.next().fromWorkload(IFINDEX).ipv6(
            StageFixture.PEER_IPV6.high(), StageFixture.PEER_IPV6.low(), StageFixture.POD_IPV6.high(),
            StageFixture.POD_IPV6.low()).icmpError(Icmpv6Type.UNREACHABLE, 4, 5000, 53));
        stage.process(fixture.burst, 0);
        final PacketBurst burst = fixture.burst;
        assertEquals(burst.flowHash(there), burst.flowHash(back));
        assertEquals(burst.flowHash(there), burst.flowHash(error));
        assertNotEquals(burst.flowHash(there), burst.flowHash(other));
        assertEquals(burst.flowHash(there6), burst.flowHash(error6));
    }

    @Test
    void shouldHashEchoRequestAndReplyAlike() {
        final int request = fixture.add(
            fixture.next().fromWorkload(IFINDEX).ipv4(POD, PEER).icmp(IcmpHeader.ECHO_REQUEST, 77, 8));
        final int reply = fixture.add(
            fixture.next().fromWorkload(IFINDEX).ipv4(PEER, POD).icmp(IcmpHeader.ECHO_REPLY, 77, 8));
        stage.process(fixture.burst, 0);
        assertEquals(fixture.burst.flowHash(request), fixture.burst.flowHash(reply));
        assertEquals(77, fixture.burst.sourcePort(request));
    }

    @Test
    void shouldLeaveRowsAloneThatAreDecidedOrMadeHere() {
        final int decided = fixture.addFromWorkload("00", IFINDEX);
        fixture.burst.drop(decided, DropReason.FAULT_INJECTED);
        final int made = fixture.addFromWorkload("00", IFINDEX);
        fixture.burst.flags(made, PacketFlags.LOCALLY_MADE);
        stage.process(fixture.burst, 0);
        assertEquals("drop FAULT_INJECTED", fixture.outcomeOf(decided));
        assertEquals("undecided", fixture.outcomeOf(made));
    }

    @Test
    void shouldAgreeWithThePuntProgramsAboutDirections() {
        assertEquals(Direction.FROM_WORKLOAD, PuntHeader.CODE_FROM_WORKLOAD);
        assertEquals(Direction.TO_WORKLOAD, PuntHeader.CODE_TO_WORKLOAD);
    }

    private void assertRow(final int row, final int flags, final int l4Offset, final int destinationPort) {
        assertEquals("undecided", fixture.outcomeOf(row));
        assertEquals(flags, fixture.burst.flags(row));
        assertEquals(l4Offset, fixture.burst.l4Offset(row));
        assertEquals(destinationPort, fixture.burst.destinationPort(row));
    }

    private static Arguments drop(final String name, final DropReason reason, final ToIntFunction<FrameWriter> frame) {
        return Arguments.of(name, reason, frame);
    }

    private static int udp(final FrameWriter writer) {
        return writer.ipv4(POD, PEER).udp(5000, 53, 9);
    }

    private static int udp6(final FrameWriter writer) {
        return ipv6(writer).udp(5000, 53, 9);
    }

    private static FrameWriter ipv6(final FrameWriter writer) {
        final Ipv6Text from = StageFixture.POD_IPV6;
        final Ipv6Text to = StageFixture.PEER_IPV6;
        return writer.ipv6(from.high(), from.low(), to.high(), to.low());
    }
}

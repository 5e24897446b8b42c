package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.PacketFlags;
import io.caracal.umem.Umem;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.GoldenFrames;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.MacAddress;
import io.caracal.wire.NeighbourMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whom the gateway answers, with which bytes, and what it drops for which reason. */
class NeighbourStageTest {
    private static final int IFINDEX = StageFixture.POD_IFINDEX;
    private static final Ipv6Text POD = StageFixture.POD_IPV6;
    private static final Ipv6Text SOLICITED_GATEWAY = Ipv6Text.parse("ff02::1:ffee:eeee");

    private final StageFixture fixture = new StageFixture();

    @ParameterizedTest(name = "{0} asks for {1}: {2}")
    @CsvSource({
        "10.65.0.7, 169.254.1.1, workload 12, the gateway",
        "10.65.0.7, 10.65.0.9, workload 12, another pod: proxy ARP",
        "10.65.0.7, 10.65.0.1, workload 12, any host: proxy ARP",
        "10.65.0.7, 192.0.2.1, workload 12, outside: proxy ARP",
        "169.254.9.9, 169.254.1.1, workload 12, a sender address that is not the pod's does no harm",
        "0.0.0.0, 169.254.1.1, workload 12, a probe for an address that is taken",
        "0.0.0.0, 10.65.0.7, drop ARP_NOT_FOR_GATEWAY, duplicate address detection of its own",
        "0.0.0.0, 10.65.0.9, drop ARP_NOT_FOR_GATEWAY, a probe for another's",
        "10.65.0.7, 10.65.0.7, drop ARP_NOT_FOR_GATEWAY, an announcement",
        "169.254.9.9, 10.65.0.7, drop ARP_NOT_FOR_GATEWAY, its own address from another of its addresses",
        "10.65.0.77, 10.65.0.77, drop ARP_NOT_FOR_GATEWAY, an announcement of an unknown address",
        "10.65.0.7, 0.0.0.0, drop ARP_NOT_FOR_GATEWAY, nobody",
        "10.65.0.7, 127.0.0.1, drop ARP_NOT_FOR_GATEWAY, loopback",
        "10.65.0.7, 224.0.0.1, drop ARP_NOT_FOR_GATEWAY, a group",
        "10.65.0.7, 255.255.255.255, drop ARP_NOT_FOR_GATEWAY, broadcast"})
    void shouldAnswerArpAsACalicoHostDoes(
        final String sender, final String target, final String outcome, final String why) {
        final int length = fixture.next().fromWorkload(IFINDEX)
            .arpRequest(Ipv4Address.parse(sender), Ipv4Address.parse(target));
        assertEquals(outcome, fixture.outcome(length), why);
    }

    @Test
    void shouldTurnARequestIntoTheKernelsReply() {
        final int row = fixture.addFromWorkload(GoldenFrames.ARP_REQUEST + "00".repeat(18), IFINDEX);
        fixture.run();
        assertEquals("workload 12", fixture.outcomeOf(row));
        assertEquals(GoldenFrames.ARP_REPLY.substring(28), fixture.l3Hex(row));
        assertEquals(PacketFlags.LOCALLY_MADE, fixture.burst.flags(row));
        assertEquals(MacAddress.GATEWAY, EthernetHeader.source(fixture.umem, fixture.burst.offset(row)));
    }

    @Test
    void shouldDropArpThatIsNoRequestOfAPod() {
        final int reply = fixture.addFromWorkload(GoldenFrames.ARP_REPLY, IFINDEX);
        final int malformed = fixture.addFromWorkload(
            GoldenFrames.ARP_REQUEST.replace("0806000108", "0806000208"), IFINDEX);
        final int cut = fixture.addFromWorkload(GoldenFrames.ARP_REQUEST.substring(0, 82), IFINDEX);
        final int unknown = fixture.addFromWorkload(GoldenFrames.ARP_REQUEST, 99);
        final int tagged = fixture.add(fixture.next().fromWorkload(IFINDEX).vlan(5).arpRequest(1, 2));
        final int fromHost = fixture.add(fixture.next().toWorkload(IFINDEX, 0).arpRequest(1, 2));
        fixture.run();
        assertEquals("drop ARP_NOT_FOR_GATEWAY", fixture.outcomeOf(reply));
        assertEquals("drop ARP_INVALID", fixture.outcomeOf(malformed));
        assertEquals("drop ARP_INVALID", fixture.outcomeOf(cut));
        assertEquals("drop INTERFACE_UNKNOWN", fixture.outcomeOf(unknown));
        assertEquals("drop VLAN_UNEXPECTED", fixture.outcomeOf(tagged));
        assertEquals("drop NEIGHBOUR_FROM_HOST", fixture.outcomeOf(fromHost));
    }

    @Test
    void shouldAdvertiseTheGateway() {
        final int row = fixture.add(fixture.next().fromWorkload(IFINDEX)
            .ipv6(POD.high(), POD.low(), SOLICITED_GATEWAY.high(), SOLICITED_GATEWAY.low())
            .solicitation(Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW));
        fixture.run();
        assertEquals("workload 12", fixture.outcomeOf(row));
        final int ipv6 = fixture.burst.offset(row) + 14;
        final int message = ipv6 + Ipv6Header.LENGTH;
        assertEquals(14 + 72, fixture.burst.length(row));
        assertEquals(0x8800, fixture.burst.destinationPort(row));
        assertEquals("fe80::ecee:eeff:feee:eeee", Ipv6Text.format(
            Ipv6Header.sourceHigh(fixture.umem, ipv6), Ipv6Header.sourceLow(fixture.umem, ipv6)));
        assertEquals(POD.toString(), Ipv6Text.format(
            Ipv6Header.destinationHigh(fixture.umem, ipv6), Ipv6Header.destinationLow(fixture.umem, ipv6)));
        assertEquals(NeighbourMessage.ROUTER | NeighbourMessage.SOLICITED | NeighbourMessage.OVERRIDE,
            NeighbourMessage.flags(fixture.umem, message));
        assertEquals(MacAddress.GATEWAY,
            NeighbourMessage.linkAddress(fixture.umem, message, 32, NeighbourMessage.TARGET_LINK_ADDRESS));
    }

    @Test
    void shouldDefendTheGatewaysAddressToAllNodes() {
        final int row = fixture.add(probeForGateway(fixture.nextOffset()));
        fixture.run();
        assertEquals("workload 12", fixture.outcomeOf(row));
        final int ipv6 = fixture.burst.offset(row) + 14;
        assertEquals("ff02::1", Ipv6Text.format(
            Ipv6Header.destinationHigh(fixture.umem, ipv6), Ipv6Header.destinationLow(fixture.umem, ipv6)));
        assertEquals(NeighbourMessage.ROUTER | NeighbourMessage.OVERRIDE,
            NeighbourMessage.flags(fixture.umem, ipv6 + Ipv6Header.LENGTH));
    }

    @Test
    void shouldNotLetAnAnswerLeaveItsFrame() {
        final int length = probeForGateway(0);
        final byte[] next = new byte[8];
        final int address = Umem.FRAME_SIZE - length;
        probeForGateway(address);
        fixture.burst.add(address, length);
        fixture.run();
        assertEquals("drop PACKET_TOO_BIG", fixture.outcomeOf(0));
        final byte[] behind = new byte[8];
        fixture.umem.getBytes(Umem.FRAME_SIZE, behind);
        assertArrayEquals(next, behind);
    }

    @Test
    void shouldDropNeighbourDiscoveryThatIsNotForTheGateway() {
        final int own = fixture.addFromWorkload(GoldenFrames.DUPLICATE_ADDRESS_PROBE, IFINDEX);
        final int other = fixture.addFromWorkload(GoldenFrames.SOLICITATION, IFINDEX);
        final int router = fixture.addFromWorkload(GoldenFrames.ROUTER_SOLICITATION, IFINDEX);
        final int advertisement = fixture.addFromWorkload(GoldenFrames.ADVERTISEMENT, IFINDEX);
        final int unknown = fixture.addFromWorkload(GoldenFrames.SOLICITATION, 99);
        final int report = fixture.addFromWorkload(GoldenFrames.LISTENER_REPORT, IFINDEX);
        fixture.run();
        assertEquals("drop NDP_NOT_FOR_GATEWAY", fixture.outcomeOf(own));
        assertEquals("drop NDP_NOT_FOR_GATEWAY", fixture.outcomeOf(other));
        assertEquals("drop NDP_NOT_FOR_GATEWAY", fixture.outcomeOf(router));
        assertEquals("drop NDP_NOT_FOR_GATEWAY", fixture.outcomeOf(advertisement));
        assertEquals("drop INTERFACE_UNKNOWN", fixture.outcomeOf(unknown));
        assertEquals("drop MULTICAST_UNSUPPORTED", fixture.outcomeOf(report));
    }

    @Test
    void shouldDropMalformedSolicitationsAndTheHostsOwn() {
        final int badChecksum = fixture.addFromWorkload(
            GoldenFrames.SOLICITATION.replace("87006a0a", "87006a0b"), IFINDEX);
        final int fromHost = fixture.add(fixture.next().toWorkload(IFINDEX, 0)
            .ipv6(POD.high(), 1, SOLICITED_GATEWAY.high(), SOLICITED_GATEWAY.low())
            .solicitation(POD.high(), POD.low()));
        fixture.run();
        assertEquals("drop ICMPV6_INVALID", fixture.outcomeOf(badChecksum));
        assertEquals("drop NEIGHBOUR_FROM_HOST", fixture.outcomeOf(fromHost));
    }

    /** A solicitation without any option: the answer is longer. */
    private int probeForGateway(final int offset) {
        final int length = fixture.frames.at(offset).fromWorkload(IFINDEX)
            .ipv6(0, 0, SOLICITED_GATEWAY.high(), SOLICITED_GATEWAY.low())
            .icmp(135, 0, NeighbourMessage.MIN_LENGTH - 8);
        return withTarget(offset, length);
    }

    private int withTarget(final int offset, final int length) {
        final int ipv6 = offset + 14;
        final int message = ipv6 + Ipv6Header.LENGTH;
        Ipv6Header.write(fixture.umem, ipv6, NeighbourMessage.MIN_LENGTH, 58, 255);
        fixture.umem.putInt(message + 4, 0);
        Ipv6Address.write(fixture.umem, message + 8, Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW);
        IcmpHeader.writeChecksum(fixture.umem, message, 0);
        final long sum = InternetChecksum.pseudoHeaderIpv6(fixture.umem, ipv6, 58, 24)
            + InternetChecksum.sum(fixture.umem, message, 24);
        IcmpHeader.writeChecksum(fixture.umem, message, InternetChecksum.finish(sum));
        return length;
    }
}

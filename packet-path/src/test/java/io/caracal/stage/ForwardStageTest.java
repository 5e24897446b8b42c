package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.PacketFlags;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.Ipv6Text;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packets in, packets out: where each goes, what is written into it, what is dropped and why. */
class ForwardStageTest {
    private static final int IFINDEX = StageFixture.POD_IFINDEX;

    private final StageFixture fixture = new StageFixture();

    /** Interface, source, destination, TTL in, outcome, TTL out. */
    @ParameterizedTest(name = "pod {0}: {1} to {2}, TTL {3}: {4}")
    @CsvSource({
        "12, 10.65.0.7, 10.65.0.9, 64, workload 13, 63",
        "12, 10.65.0.7, 10.65.0.9, 2, workload 13, 1",
        "12, 10.65.0.7, 10.65.0.9, 1, drop TTL_EXPIRED, 1",
        "12, 10.65.0.7, 10.65.0.9, 0, drop TTL_EXPIRED, 0",
        "12, 10.65.0.7, 10.65.0.7, 64, workload 12, 63",
        "12, 10.65.0.7, 10.65.0.1, 64, host 12, 64",
        "12, 10.65.0.7, 10.65.0.1, 1, host 12, 1",
        "12, 10.65.0.7, 169.254.169.254, 64, host 12, 64",
        "12, 10.65.0.7, 10.96.0.1, 64, host 12, 64",
        "12, 10.65.0.9, 10.65.0.1, 64, drop SOURCE_SPOOFED, 64",
        "12, 10.65.0.99, 10.65.0.9, 64, drop SOURCE_SPOOFED, 64",
        "12, 0.0.0.0, 255.255.255.255, 64, drop MULTICAST_UNSUPPORTED, 64",
        "12, 0.0.0.0, 10.65.0.1, 64, drop SOURCE_SPOOFED, 64",
        "12, 10.65.0.7, 224.0.0.251, 64, drop MULTICAST_UNSUPPORTED, 64",
        "99, 10.65.0.7, 10.65.0.9, 64, drop INTERFACE_UNKNOWN, 64",
        "99, 10.65.0.99, 224.0.0.1, 64, drop INTERFACE_UNKNOWN, 64",
        "12, fd00:10:65::7, fd00:10:65::9, 64, workload 13, 63",
        "12, fd00:10:65::7, fd00:10:65::9, 1, drop TTL_EXPIRED, 1",
        "12, fd00:10:65::7, 2001:db8::1, 64, host 12, 64",
        "12, fd00:10:65::7, 2001:db8::1, 1, host 12, 1",
        "12, fd00:10:65::9, 2001:db8::1, 64, drop SOURCE_SPOOFED, 64",
        "12, ::, fd00:10:65::9, 64, drop SOURCE_SPOOFED, 64",
        "12, fe80::858:aff:fe41:7, ff02::16, 1, drop MULTICAST_UNSUPPORTED, 1",
        "12, fe80::858:aff:fe41:7, fd00:10:65::9, 64, drop LINK_LOCAL, 64",
        "12, fd00:10:65::7, fe80::ecee:eeff:feee:eeee, 64, drop LINK_LOCAL, 64",
        "99, fd00:10:65::7, fe80::1, 64, drop INTERFACE_UNKNOWN, 64"})
    void shouldSendAPodsPacketWhereItsDestinationLives(
        final int ifindex, final String source, final String destination, final int ttlIn, final String outcome,
        final int ttlOut) {
        final FrameWriter writer = fixture.next().fromWorkload(ifindex).hopLimit(ttlIn);
        assertEquals(outcome, fixture.outcome(udp(writer, source, destination)));
        assertEquals(ttlOut, ttl());
    }

    /** Interface, source, destination, outcome. */
    @ParameterizedTest(name = "host to interface {0}: {1} to {2}: {3}")
    @CsvSource({
        "12, 10.65.0.1, 10.65.0.7, workload 12",
        "12, 192.0.2.9, 10.65.0.7, workload 12",
        "12, 10.65.0.9, 10.65.0.7, workload 12",
        "12, 10.65.0.1, 10.65.0.9, drop DESTINATION_UNKNOWN",
        "12, 10.65.0.1, 10.65.0.99, drop DESTINATION_UNKNOWN",
        "12, 10.65.0.1, 224.0.0.1, drop MULTICAST_UNSUPPORTED",
        "12, 10.65.0.1, 255.255.255.255, drop MULTICAST_UNSUPPORTED",
        "99, 10.65.0.1, 10.65.0.7, drop INTERFACE_UNKNOWN",
        "12, fd00::1, fd00:10:65::7, workload 12",
        "12, fe80::ecee:eeff:feee:eeee, fd00:10:65::7, workload 12",
        "12, fd00::1, fd00:10:65::9, drop DESTINATION_UNKNOWN",
        "12, fe80::ecee:eeff:feee:eeee, fe80::858:aff:fe41:7, drop LINK_LOCAL",
        "12, fe80::ecee:eeff:feee:eeee, ff02::1, drop MULTICAST_UNSUPPORTED",
        "99, fd00::1, fd00:10:65::7, drop INTERFACE_UNKNOWN"})
    void shouldDeliverTheHostsPacketOnlyToItsAddress(
        final int ifindex, final String source, final String destination, final String outcome) {
        final FrameWriter writer = fixture.next().toWorkload(ifindex, 0).hopLimit(1);
        assertEquals(outcome, fixture.outcome(udp(writer, source, destination)));
        assertEquals(1, ttl(), "the host's stack has done its part");
    }

    @Test
    void shouldChangeNothingButTtlAndChecksum() {
        final int length = udp(fixture.next().fromWorkload(IFINDEX), "10.65.0.7", "10.65.0.9");
        fixture.burst.add(fixture.nextOffset(), length);
        final byte[] before = fixture.bytes(0);
        fixture.run();
        final byte[] after = fixture.bytes(0);
        assertEquals("workload 13", fixture.outcomeOf(0));
        assertTrue(Ipv4Header.isChecksumValid(fixture.umem, fixture.burst.offset(0) + 14));
        for (final int changed : new int[] {22, 24, 25}) {
            before[changed] = after[changed];
        }
        assertArrayEquals(before, after);
    }

    @Test
    void shouldDropVlanTags() {
        final int length = fixture.next().fromWorkload(IFINDEX).vlan(5)
            .ipv4(Ipv4Address.parse("10.65.0.7"), Ipv4Address.parse("10.65.0.9")).udp(1, 2, 9);
        assertEquals("drop VLAN_UNEXPECTED", fixture.outcome(length));
    }

    /** An ICMP error of the engine: its source is the gateway's, which no pod may use, and its TTL stays. */
    @Test
    void shouldOnlySendWhatTheEngineMade() {
        final int row = fixture.add(udp(fixture.next().fromWorkload(IFINDEX).hopLimit(1), "169.254.1.1", "10.65.0.7"));
        new ParseStage(fixture.hash).process(fixture.burst, 0);
        fixture.burst.flags(row, PacketFlags.LOCALLY_MADE);
        fixture.run();
        assertEquals("workload 12", fixture.outcomeOf(row));
        assertEquals(1, ttl());
    }

    @Test
    void shouldUseTheLatestTable() {
        final String[] outcomes = new String[2];
        outcomes[0] = fixture.outcome(udp(fixture.next().fromWorkload(IFINDEX), "10.65.0.7", "10.65.0.9"));
        fixture.tables.publish(new WorkloadTable.Builder().put(Workload.of(IFINDEX, "10.65.0.7")).build());
        outcomes[1] = fixture.outcome(udp(fixture.next().fromWorkload(IFINDEX), "10.65.0.7", "10.65.0.9"));
        assertArrayEquals(new String[] {"workload 13", "host 12"}, outcomes);
    }

    private int ttl() {
        final int l3 = fixture.burst.offset(0) + 14;
        return fixture.burst.ipVersion(0) == 4
            ? Ipv4Header.ttl(fixture.umem, l3) : Ipv6Header.hopLimit(fixture.umem, l3);
    }

    private static int udp(final FrameWriter writer, final String source, final String destination) {
        if (source.indexOf(':') < 0) {
            return writer.ipv4(Ipv4Address.parse(source), Ipv4Address.parse(destination)).udp(5000, 53, 30);
        }
        final Ipv6Text from = Ipv6Text.parse(source);
        final Ipv6Text to = Ipv6Text.parse(destination);
        return writer.ipv6(from.high(), from.low(), to.high(), to.low()).udp(5000, 53, 30);
    }
}

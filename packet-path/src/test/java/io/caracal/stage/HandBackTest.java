package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.burst.Direction;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.port.PathFixture;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.wire.Ipv6Text;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What goes to the host's stack, and as if by which interface: pod 12, uplink 2, overlay devices 30 and 31. Kinds of
 * routes are 6 HOST, 7 SERVICE, 8 OUTSIDE without next hop; actions 2 TO_HOST, 3 TO_HOST_APPROVED, 4 TO_DEVICE.
 */
class HandBackTest {
    private static final int POD = 12;
    private static final int UPLINK = 2;

    @ParameterizedTest(name = "direction {0}, IPv{1}, decapsulated {2}, route {3}")
    @CsvSource({
        "FROM_WORKLOAD, 4, false, HOST,    12, 2", "FROM_WORKLOAD, 6, false, SERVICE, 12, 2",
        "FROM_WORKLOAD, 4, false, OUTSIDE, 12, 3", "TO_UPLINK,     4, false, OUTSIDE,  2, 4",
        "FROM_UPLINK,   4, false, HOST,     2, 2", "FROM_UPLINK,   6, false, HOST,     2, 2",
        "FROM_UPLINK,   4, true,  HOST,    30, 2", "FROM_UPLINK,   6, true,  HOST,    31, 2"})
    void shouldHandToTheHostsStackByTheInterfaceItExpects(
        final String from, final byte version, final boolean decapsulated, final String kind, final int ifindex,
        final byte action) {
        final PacketBurst burst = row(from, version, decapsulated, kind);
        stage(30, 31).process(burst, 0);
        assertEquals(Verdict.TRANSMIT, burst.verdict(0));
        assertEquals(action, burst.egressAction(0));
        assertEquals(ifindex, burst.egressIfindex(0));
    }

    @ParameterizedTest
    @CsvSource({"TO_WORKLOAD, HOST", "TO_WORKLOAD, OUTSIDE", "TO_UPLINK, HOST", "TO_UPLINK, SERVICE"})
    void shouldNotGiveTheHostsStackBackWhatItHasSent(final String from, final String kind) {
        final PacketBurst burst = row(from, (byte)4, false, kind);
        stage(30, 31).process(burst, 0);
        assertEquals(Verdict.DROP, burst.verdict(0));
    }

    @ParameterizedTest
    @CsvSource({"4", "6"})
    void shouldUseTheUplinkWhereTheKernelHasNoOverlayDevice(final byte version) {
        final PacketBurst burst = row("FROM_UPLINK", version, true, "HOST");
        stage(0, 0).process(burst, 0);
        assertEquals(EgressAction.TO_HOST, burst.egressAction(0));
        assertEquals(UPLINK, burst.egressIfindex(0));
    }

    private static TransmitStage stage(final int overlayIpv4, final int overlayIpv6) {
        final ForwardingPublisher tables = new ForwardingPublisher();
        tables.publish(new ForwardingTables(RouteTable.EMPTY, NextHopTable.EMPTY, new VtepTable(
            new VtepTable.Device(4096, 4789, 1, new Ipv6Text(0, 1), 1, 1, overlayIpv4, overlayIpv6), List.of()),
            ForwardingOptions.DEFAULT));
        return new TransmitStage(tables, new PathFixture(16).pool);
    }

    private static PacketBurst row(
        final String from, final byte version, final boolean decapsulated, final String kind) {
        final PacketBurst burst = new PacketBurst(new PathFixture(16).umem);
        burst.add(256, 100);
        burst.direction(0, switch (from) {
            case "FROM_WORKLOAD" -> Direction.FROM_WORKLOAD;
            case "TO_WORKLOAD" -> Direction.TO_WORKLOAD;
            case "FROM_UPLINK" -> Direction.FROM_UPLINK;
            default -> Direction.TO_UPLINK;
        });
        burst.ingressIfindex(0, from.endsWith("WORKLOAD") ? POD : UPLINK);
        burst.ipVersion(0, version);
        burst.l3Offset(0, 14);
        burst.flags(0, decapsulated ? PacketFlags.DECAPSULATED : 0);
        burst.route(0, RouteTarget.of(switch (kind) {
            case "HOST" -> RouteKind.HOST;
            case "SERVICE" -> RouteKind.SERVICE;
            default -> RouteKind.OUTSIDE;
        }).word());
        return burst;
    }
}

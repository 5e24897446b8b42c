package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** tc ingress of punt0: what the engine has transmitted in; verdict, MACs, mark and counters out. */
final class FromEngineTest extends ProgramTable {
    private static final int TO_WORKLOAD = 1;
    private static final int TO_HOST = 2;
    private static final byte[] PAYLOAD = Packet.ipv4("10.65.0.3", "10.65.0.2", UDP, Packet.udp(53, 5000));

    private TestSkb.Result run(final byte[] destination) {
        return TestSkb.of(Packet.ethernet(destination, new byte[6], ETH_IPV4, PAYLOAD), 1).withMark(0x10000)
            .run(programs.fromEngine());
    }

    @Test
    void shouldDeliverToThePodWithItsAddress() {
        final TestSkb.Result result = run(Packet.puntMac(TO_WORKLOAD, WORKLOAD));
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.POD_MAC, result.destinationMac());
        assertArrayEquals(Packet.HOST_MAC, result.sourceMac());
        assertArrayEquals(PAYLOAD, Arrays.copyOfRange(result.packet(), 14, result.packet().length));
        assertEquals(0x10000, result.mark(), "only what goes to the host is marked");
        assertCounted(PuntCounter.DELIVERED_TO_WORKLOAD);
        assertEquals(1, programs.traffic(WORKLOAD).orElseThrow().deliveredPackets());
        assertEquals(14 + PAYLOAD.length, programs.traffic(WORKLOAD).orElseThrow().deliveredBytes());
    }

    @Test
    void shouldHandToTheHostWithTheMarkAndTheInterfacesAddress() {
        final TestSkb.Result result = run(Packet.puntMac(TO_HOST, WORKLOAD));
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.HOST_MAC, result.destinationMac());
        assertArrayEquals(Packet.POD_MAC, result.sourceMac());
        assertEquals(0x10000 | PuntConfig.HANDED_MARK_DEFAULT, result.mark());
        assertCounted(PuntCounter.DELIVERED_TO_HOST);
        assertEquals(1, programs.traffic(WORKLOAD).orElseThrow().handedPackets());
    }

    @Test
    void shouldDropWhatHasNoAction() {
        final byte[][] destinations = {Packet.puntMac(0, WORKLOAD), Packet.puntMac(5, WORKLOAD),
            Packet.puntMac(255, WORKLOAD), Packet.HOST_MAC, Packet.POD_MAC, new byte[6],
            Packet.mac("ff:ff:ff:ff:ff:ff"), Packet.mac("03:01:00:00:00:01")};
        for (final byte[] destination : destinations) {
            assertEquals(TC_ACT_SHOT, run(destination).action(), Arrays.toString(destination));
            assertCounted(PuntCounter.DROPPED_ENGINE_HEADER);
        }
    }

    @Test
    void shouldDropForAnInterfaceThatIsNotInTheMap() {
        for (final int ifindex : new int[] {0, 2, -1, Integer.MIN_VALUE, WORKLOAD << 24}) {
            assertEquals(TC_ACT_SHOT, run(Packet.puntMac(TO_WORKLOAD, ifindex)).action());
            assertCounted(PuntCounter.DROPPED_ENGINE_UNKNOWN_WORKLOAD);
            assertEquals(TC_ACT_SHOT, run(Packet.puntMac(TO_HOST, ifindex)).action());
            assertCounted(PuntCounter.DROPPED_ENGINE_UNKNOWN_WORKLOAD);
        }
    }

    @Test
    void shouldNotHandOverBeforeAMarkIsConfigured() {
        try (PuntPrograms unconfigured = PuntPrograms.load(16)) {
            unconfigured.putWorkload(WORKLOAD, POD);
            final byte[] packet = Packet.ethernet(Packet.puntMac(TO_HOST, WORKLOAD), new byte[6], ETH_IPV4, PAYLOAD);
            assertEquals(TC_ACT_SHOT, TestSkb.of(packet, 1).run(unconfigured.fromEngine()).action());
            assertEquals(1, unconfigured.counter(PuntCounter.DROPPED_NOT_CONFIGURED));
        }
    }
}

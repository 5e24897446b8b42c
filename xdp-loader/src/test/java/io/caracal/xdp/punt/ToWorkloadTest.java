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

/** tc egress of a workload interface: packet in; verdict, bytes and counters out. */
final class ToWorkloadTest extends ProgramTable {
    private static final byte[] PACKET = Packet.ethernet(Packet.POD_MAC, Packet.HOST_MAC, ETH_IPV4,
        Packet.ipv4("192.0.2.7", "10.65.0.2", UDP, Packet.udp(5000, 53)));

    private TestSkb.Result run(final int ingressIfindex, final int mark) {
        return TestSkb.of(PACKET, WORKLOAD).withIngressIfindex(ingressIfindex).withMark(mark)
            .run(programs.toWorkload());
    }

    @Test
    void shouldPuntTheHostsOwnPacketsWithIngressIfindexZero() {
        bindEngine();
        final TestSkb.Result result = run(0, 0);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(2, WORKLOAD), result.destinationMac());
        assertArrayEquals(Packet.puntMac(0, 0), result.sourceMac());
        assertArrayEquals(Arrays.copyOfRange(PACKET, 12, PACKET.length),
            Arrays.copyOfRange(result.packet(), 12, result.packet().length), "all but the MACs is untouched");
        assertCounted(PuntCounter.PUNTED_TO_WORKLOAD);
        assertEquals(1, programs.traffic(WORKLOAD).orElseThrow().toWorkloadPackets());
        assertEquals(PACKET.length, programs.traffic(WORKLOAD).orElseThrow().toWorkloadBytes());
    }

    @Test
    void shouldPuntForwardedPacketsWithTheInterfaceTheyCameBy() {
        bindEngine();
        assertArrayEquals(Packet.puntMac(0, 0x01020304), run(0x01020304, 0).sourceMac());
        assertCounted(PuntCounter.PUNTED_TO_WORKLOAD);
    }

    @Test
    void shouldPuntWhateverItsMarks() {
        bindEngine();
        assertEquals(TC_ACT_REDIRECT, run(5, PuntConfig.HANDED_MARK_DEFAULT).action());
        assertCounted(PuntCounter.PUNTED_TO_WORKLOAD);
        assertEquals(TC_ACT_REDIRECT, run(5, PuntConfig.APPROVED_MARK_DEFAULT).action());
        assertCounted(PuntCounter.PUNTED_TO_WORKLOAD);
    }

    @Test
    void shouldDropForAnInterfaceThatIsNotInTheMap() {
        bindEngine();
        programs.removeWorkload(WORKLOAD);
        assertEquals(TC_ACT_SHOT, run(0, 0).action());
        assertCounted(PuntCounter.DROPPED_UNKNOWN_WORKLOAD);
    }
}

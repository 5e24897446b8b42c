package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_ARP;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** tc ingress of a workload interface: packet in; verdict, bytes, mark and counters out. */
final class FromWorkloadTest extends ProgramTable {
    private static final byte[] UDP_PACKET =
        Packet.ethernet(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(5000, 53, new byte[20])));

    private TestSkb.Result run(final byte[] packet) {
        return TestSkb.of(packet, WORKLOAD).run(programs.fromWorkload());
    }

    @Test
    void shouldPuntWithDirectionAndIfindexInTheDestinationMac() {
        bindEngine();
        final TestSkb.Result result = run(UDP_PACKET);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(1, WORKLOAD), result.destinationMac());
        assertArrayEquals(Arrays.copyOfRange(UDP_PACKET, 6, UDP_PACKET.length),
            Arrays.copyOfRange(result.packet(), 6, result.packet().length), "all but the destination MAC is untouched");
        assertCounted(PuntCounter.PUNTED_FROM_WORKLOAD);
        final WorkloadTraffic traffic = programs.traffic(WORKLOAD).orElseThrow();
        assertEquals(1, traffic.fromWorkloadPackets());
        assertEquals(UDP_PACKET.length, traffic.fromWorkloadBytes());
    }

    @Test
    void shouldLetInWhatTheEngineHandsOverAndClearOnlyItsMark() {
        bindEngine();
        final TestSkb.Result result = TestSkb.of(UDP_PACKET, WORKLOAD)
            .withMark(0xffff0000 | PuntConfig.HANDED_MARK_DEFAULT | PuntConfig.APPROVED_MARK_DEFAULT)
            .run(programs.fromWorkload());
        assertEquals(TC_ACT_OK, result.action());
        assertEquals(0xffff0000 | PuntConfig.APPROVED_MARK_DEFAULT, result.mark());
        assertArrayEquals(UDP_PACKET, result.packet());
        assertCounted(PuntCounter.HANDED_ACCEPTED);
    }

    @Test
    void shouldPuntInSpiteOfForeignMarks() {
        bindEngine();
        final TestSkb.Result result = TestSkb.of(UDP_PACKET, WORKLOAD)
            .withMark(0xffff0000 | 0x4000 | PuntConfig.APPROVED_MARK_DEFAULT).run(programs.fromWorkload());
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertCounted(PuntCounter.PUNTED_FROM_WORKLOAD);
    }

    /** NB: headers cut within their fixed part are refused by BPF_PROG_TEST_RUN itself; PuntTrafficTest sends those. */
    @Test
    void shouldPuntWhatHasNoFlowToQueueZero() {
        bindEngine(0);
        final byte[][] packets = {
            Packet.ethernet(ETH_ARP, Packet.arpRequest("10.65.0.2", "169.254.1.1")),
            Packet.ethernet(0x88cc, new byte[46]),
            Packet.ethernet(ETH_IPV4, new byte[46]),
            Packet.ethernet(ETH_IPV4, withByte(Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, new byte[8]), 0, 0x44)),
            Packet.ethernet(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", TCP, new byte[3])),
            Packet.ethernet(ETH_IPV6, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, new byte[40])),
            Packet.ethernet(0x8100, Packet.be16(7), Packet.be16(ETH_IPV4), new byte[40]),
        };
        for (final byte[] packet : packets) {
            assertEquals(TC_ACT_REDIRECT, run(packet).action(), Arrays.toString(packet));
            assertCounted(PuntCounter.PUNTED_FROM_WORKLOAD, PuntCounter.PUNTED_UNPARSED);
        }
    }

    @Test
    void shouldDropEverythingOfAnInterfaceThatIsNotInTheMap() {
        bindEngine();
        programs.removeWorkload(WORKLOAD);
        assertEquals(TC_ACT_SHOT, run(UDP_PACKET).action());
        assertCounted(PuntCounter.DROPPED_UNKNOWN_WORKLOAD);
    }

    @Test
    void shouldDropEverythingBeforeItIsConfigured() {
        try (PuntPrograms unconfigured = PuntPrograms.load(16)) {
            unconfigured.putWorkload(WORKLOAD, POD);
            assertEquals(TC_ACT_SHOT, TestSkb.of(UDP_PACKET, WORKLOAD).withMark(-1)
                .run(unconfigured.fromWorkload()).action());
            assertEquals(TC_ACT_SHOT, TestSkb.of(UDP_PACKET, WORKLOAD).run(unconfigured.toWorkload()).action());
            assertEquals(2, unconfigured.counter(PuntCounter.DROPPED_NOT_CONFIGURED));
            assertEquals(2, unconfigured.traffic(WORKLOAD).orElseThrow().droppedPackets());
        }
    }

    private static byte[] withByte(final byte[] bytes, final int index, final int value) {
        bytes[index] = (byte)value;
        return bytes;
    }
}

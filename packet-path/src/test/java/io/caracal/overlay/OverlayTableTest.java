package io.caracal.overlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.port.FaultSpec;
import io.caracal.umem.FrameLedger;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Packets in, packets out, drops counted: the whole chain between loopback ports, each row on a node of its own. */
class OverlayTableTest {
    static List<String> rows() throws IOException {
        try (InputStream in = OverlayTableTest.class.getResourceAsStream("/overlay-packets.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
                .filter(line -> !line.startsWith("#")).toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void shouldTreatPacketsAsTheTableSays(final String row) {
        final String[] columns = row.split(" \\| ");
        final OverlayNode node = new OverlayNode();
        assertEquals(columns[2], node.run(columns[1]), columns[0]);
        assertEquals(0, node.imbalance(), "received and made = sent, held and dropped");
        assertEquals(0, node.worker.miscountedFrames());
        assertEquals(0, node.path.ledger.violationCount());
        node.worker.onClose();
        assertEquals(OverlayNode.FRAMES, node.path.pool.freeCount() + node.path.ledger.count(FrameLedger.HELD),
            "every frame that is not held came back");
    }

    @Test
    void shouldHaveRowsOfBothFamilies() throws IOException {
        final List<String> rows = rows();
        final long ipv4 = rows.stream().filter(row -> row.startsWith("v4 ")).count();
        final long ipv6 = rows.stream().filter(row -> row.startsWith("v6 ")).count();
        assertTrue(rows.size() >= 150 && ipv4 > 75 && ipv6 > 75, ipv4 + " and " + ipv6);
    }

    @ParameterizedTest(name = "tags {1}: {0}")
    @CsvSource(delimiter = '|', value = {
        "uplink 10.65.2.5>10.65.0.7 udp 53>5000 len=30 | 5 | pod12 10.65.2.5>10.65.0.7 udp 53>5000 len=30 ttl=63",
        "uplink fd00:10:65:2::5>fd00:10:65::7 tcp 53>5000 len=3 | 5 | "
            + "pod12 fd00:10:65:2::5>fd00:10:65::7 tcp 53>5000 len=3 ttl=63",
        "uplink vxlan 192.168.1.11>192.168.1.10 [10.65.1.5>10.65.0.7 udp 53>5000 len=30] | 5 | "
            + "pod12 10.65.1.5>10.65.0.7 udp 53>5000 len=30 ttl=63",
        "uplink 10.65.2.5>10.65.0.7 udp 53>5000 ttl=1 | 5 | uplink c<a 169.254.1.1>10.65.2.5 icmp 11/0 about "
            + "[10.65.2.5>10.65.0.7 udp 53>5000 len=0 ttl=1] quote=28 ttl=64 df tos=192 + TTL_EXPIRED"})
    void shouldTakeVlanTagsOffAnUplinksPackets(final String in, final int tag, final String out) {
        final OverlayNode node = new OverlayNode(FaultSpec.NONE, 0, tag);
        assertEquals(out.replace("169.254.1.1", "10.65.0.1"), node.run(in));
        final OverlayNode twice = new OverlayNode(FaultSpec.NONE, 0, tag, tag + 1);
        assertEquals(out.replace("169.254.1.1", "10.65.0.1"), twice.run(in));
    }

    @Test
    void shouldSendWhatWaitedWhenItsNeighbourAnswers() {
        final OverlayNode node = new OverlayNode();
        assertEquals("", node.run("pod12 10.65.0.7>10.65.3.5 udp 5000>53 len=30 ttl=9"));
        node.forwarding.publish(node.forwarding.current().withNextHops(OverlayNode.nextHops(0x0200_0000_000CL)));
        assertEquals("uplink c<a vxlan 192.168.1.10>192.168.1.13 vni=4096 nosum mac=vtep-b<vtep-a "
            + "[10.65.0.7>10.65.3.5 udp 5000>53 len=30 ttl=8] ttl=64", node.run(""));
        assertEquals(0, node.imbalance());
        assertEquals(0, node.path.ledger.count(FrameLedger.HELD));
    }

    @Test
    void shouldKeepOnlyAFewPacketsForEachNeighbour() {
        final OverlayNode node = new OverlayNode();
        final String ten = "pod12 10.65.0.7>10.65.3.5 udp 5000>53 & ".repeat(10);
        assertEquals("NEIGHBOUR_UNRESOLVED*2", node.run(ten));
        assertEquals(8, node.path.ledger.count(FrameLedger.HELD));
        assertEquals("NEIGHBOUR_UNRESOLVED*8", node.run("wait 1000"));
        assertEquals(0, node.path.ledger.count(FrameLedger.HELD));
    }

    @Test
    void shouldKeepOnlySoManyFragmentsWithoutAFirst() {
        final OverlayNode node = new OverlayNode();
        final StringBuilder lines = new StringBuilder();
        for (int datagram = 0; datagram < 40; datagram++) {
            lines.append("pod12 10.65.0.7>10.65.1.5 udp 5000>53 len=80 off=8 from=64 ipid=").append(datagram).append('&');
        }
        assertEquals("FRAGMENTS_TOO_MANY*8", node.run(lines.toString()));
        assertEquals("FRAGMENT_ORPHANED*32", node.run("wait 1000"));
        assertEquals(0, node.imbalance());
    }

    /** 60 packets of three pieces: more rows than a burst receives; every piece is sent. */
    @Test
    void shouldFragmentAWholeBurst() {
        final OverlayNode node = new OverlayNode();
        final StringBuilder lines = new StringBuilder();
        for (int datagram = 0; datagram < 60; datagram++) {
            lines.append("pod12 10.65.0.7>10.65.0.9 udp 5000>53 len=3400 ipid=").append(datagram).append('&');
        }
        final String out = node.run(lines.toString());
        assertEquals(180, out.split(" \\+ ").length, out);
        assertEquals(0, node.imbalance());
    }
}

package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowReaderTest {
    @TempDir
    Path directory;

    private final FlowSnapshot flow = new FlowSnapshot();

    @Test
    void shouldListFlowsOfBothFamiliesWhileTheirWorkerRuns() {
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10));
            FlowReader ipv4 = FlowReader.open(directory.resolve("flows4"));
            FlowReader ipv6 = FlowReader.open(directory.resolve("flows6"))) {
            assertEquals(0, ipv4.slotCount());
            final byte[] packet = IpPackets.ipv4(IpProtocol.UDP, TrackedNode.POD_IPV4, TrackedNode.PEER_IPV4,
                IpPackets.udp(1000, 53, 4));
            node.send(TrackedNode.POD, packet);
            node.send(TrackedNode.POD, packet);
            assertEquals(1, ipv4.slotCount());
            assertTrue(ipv4.read(0, flow));
            assertEquals(0x0a000001L, flow.original.sourceLow);
            assertEquals(0x0a000009L, flow.reply.sourceLow);
            assertEquals(1000 << 16 | 53, flow.original.ports);
            assertEquals(2, flow.originalPackets);
            assertEquals(2L * packet.length, flow.originalBytes);
            assertEquals(0, flow.replyPackets);
            assertEquals(TrackedNode.POD + " 1 7 " + TrackedNode.PEER + " 1 8", flow.sourceIfindex + " "
                + flow.sourceGeneration + " " + flow.sourceRule + " " + flow.destinationIfindex + " "
                + flow.destinationGeneration + " " + flow.destinationRule);
            node.send(TrackedNode.POD, IpPackets.ipv6(IpProtocol.UDP, 1, 2, IpPackets.udp(7, 8, 0)));
            assertTrue(ipv6.read(0, flow));
            assertEquals(0xfd00L << 48, flow.original.sourceHigh);
            assertEquals(2, flow.original.destinationLow);
            node.conntrack.removeEndpoint(TrackedNode.POD, 10);
            assertFalse(ipv4.read(0, flow));
            assertFalse(ipv6.read(0, flow));
        }
    }

    @Test
    void shouldCountARecordWhoseWriterNeverFinishes() {
        try (FlowImage image = Tables.image(directory, 4, 3); Ipv4FlowTable table = Tables.ipv4(image);
            FlowReader reader = FlowReader.open(directory.resolve("flows4"))) {
            table.create(Tables.udp(new Ipv4FlowSpec(), 0x0a000001_0a000002L, 7));
            FlowRecord.beginWrite(image.records());
            assertFalse(reader.read(0, flow));
            assertEquals(1, reader.unreadableCount());
        }
    }

    @Test
    void shouldRefuseWhatIsNoImage() throws Exception {
        final Path file = Files.writeString(directory.resolve("text"), "x".repeat(5000));
        assertTrue(assertThrows(FlowImageException.class, () -> FlowReader.open(file)).getMessage()
            .contains("damaged or not ours"));
    }
}

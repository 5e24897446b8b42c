package io.caracal.perf.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.Lab;
import io.caracal.perf.forward.VethTopology;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was asked for is what is on the wire: sent by one socket, counted and checksummed at the veth's other end. */
class GeneratorTest {
    private static final TrafficSpec.Addresses ADDRESSES =
        new TrafficSpec.Addresses("02:00:00:00:00:01", "02:00:00:00:00:02", "10.1.0.1", "10.2.0.1");
    private static final int ANSWER_MS = 20_000;

    private static NativeTools tools;
    private static Lab lab;
    private static VethTopology topology;

    @BeforeAll
    static void make() throws Exception {
        tools = NativeTools.open();
        lab = Lab.create("perftest");
        topology = VethTopology.create(lab, "gen");
    }

    @AfterAll
    static void remove() {
        topology.close();
        lab.close();
        tools.close();
    }

    private static TrafficSpec traffic(final String backend, final int flows, final int length, final long count) {
        return new TrafficSpec(topology.generatorNamespace(), VethTopology.GENERATOR, backend, flows, length, 20_000,
            20, count, length >= 62, -1, ADDRESSES);
    }

    private static List<String> receive(final String backend) {
        return List.of(tools.generator().toString(), "receive", "--netns", topology.dutNamespace(), "--interface",
            VethTopology.INGRESS, "--backend", backend, "--quiet-ms", "500", "--seconds", "20");
    }

    private static JsonNode sendAndReceive(final TrafficSpec traffic, final String receiverBackend) throws Exception {
        try (ToolProcess receiver = ToolProcess.start("receiver", receive(receiverBackend))) {
            receiver.awaitLine("ready", ANSWER_MS);
            try (ToolProcess sender = ToolProcess.start("sender", traffic.command(tools.generator()))) {
                final JsonNode sent = sender.readJson(ANSWER_MS);
                assertEquals(traffic.count(), sent.get("sent").asLong());
                return receiver.readJson(ANSWER_MS);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        /* sender, receiver, flows, length */
        "xdp,    packet, 1,     64",
        "packet, packet, 1000,  64",
        "xdp,    xdp,    1000,  65",
        "packet, xdp,    7,     1400",
        "xdp,    packet, 20000, 128",
        "xdp,    packet, 3,     42",
    })
    void shouldPutExactlyTheAskedPacketsOnTheWire(final String sender, final String receiver, final int flows,
                                                  final int length) throws Exception {
        final int count = Math.max(5000, flows);
        final JsonNode seen = sendAndReceive(traffic(sender, flows, length, count), receiver);
        assertEquals(count, seen.get("received").asLong(), seen.toString());
        assertEquals((long)count * length, seen.get("bytes").asLong());
        assertEquals(flows, seen.get("flows").asLong());
        assertEquals(0, seen.get("badIpChecksum").asLong() + seen.get("badUdpChecksum").asLong()
            + seen.get("badLength").asLong());
        assertEquals(0, seen.get("lost").asLong() + seen.get("duplicates").asLong() + seen.get("outOfOrder").asLong());
        assertEquals(length >= 62 ? count : 0, seen.get("stamped").asLong());
    }

    @Test
    void shouldGiveEachStampedPacketALatencyAndABucket() throws Exception {
        final JsonNode seen = sendAndReceive(traffic("xdp", 1, 64, 1000), "packet");
        long counted = 0;
        long last = -1;
        for (final JsonNode entry : seen.get("latencyNs")) {
            assertTrue(entry.get(0).asLong() > last, "values ascend: " + seen.get("latencyNs"));
            last = entry.get(0).asLong();
            counted += entry.get(1).asLong();
        }
        assertEquals(1000, counted);
        assertEquals(100, seen.get("firstLatenciesNs").size());
        assertTrue(seen.get("firstNs").asLong() <= seen.get("lastNs").asLong());
    }

    @Test
    void shouldEndEarlyWithItsResultWhenAsked() throws Exception {
        final TrafficSpec endless = traffic("xdp", 1, 64, 0).withSeconds(3600);
        try (ToolProcess sender = ToolProcess.start("sender", endless.command(tools.generator()))) {
            Thread.sleep(200);
            sender.terminate();
            assertEquals("send", sender.readJson(ANSWER_MS).get("role").asText());
        }
    }
}

package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.Writer;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.tool.NativeTools;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Clients and servers over one wire: what the one has sent is what the other has counted. */
class LoadProcessTest {
    private static final int WAIT_MS_MAX = 20_000;

    private static NativeTools tools;
    private static Lab lab;
    private static PodPath wire;

    @BeforeAll
    static void make() throws Exception {
        tools = NativeTools.open();
        lab = Lab.create("podload");
        wire = PodPeer.BARE_VETH.lay(new PodSetting(lab, tools, new BenchSettings(1, true, Path.of("."), Path.of("."),
            Map.of(), new PrintWriter(Writer.nullWriter())), PodSetting.Layout.SAME_NODE));
    }

    @AfterAll
    static void remove() throws Exception {
        wire.close();
        lab.close();
        tools.close();
    }

    private static LoadProcess start(final PodPath.Place place, final String... words) throws Exception {
        return LoadProcess.start(tools.load(), List.of(words), List.of("--netns", place.namespace(), "--address",
            wire.api().address(), "--port", "8080"));
    }

    private static LoadCounters readUntilSome(final LoadProcess process, final long operations) throws Exception {
        LoadCounters now = process.read();
        for (int waitedMs = 0; now.operations() < operations && waitedMs < WAIT_MS_MAX; waitedMs += 10) {
            Thread.sleep(10);
            now = process.read();
        }
        assertTrue(now.operations() >= operations, now.toString());
        return now;
    }

    @Test
    void shouldAnswerEveryConnectionAndKeepItsLatency() throws Exception {
        try (LoadProcess server = start(wire.api(), "answer", "--close", "1");
            LoadProcess client = start(wire.client(), "crr", "--parallel", "4")) {
            final LoadCounters counted = readUntilSome(client, 100);
            assertEquals(0, counted.failures());
            assertTrue(counted.latencies().count() > 0);
            assertTrue(server.read().operations() >= counted.operations());
        }
    }

    @Test
    void shouldCountAsManyDatagramsAsWereSentAtALowRate() throws Exception {
        try (LoadProcess server = start(wire.api(), "udp-sink");
            LoadProcess client = start(wire.client(), "udp", "--parallel", "10", "--length", "100", "--rate", "500")) {
            readUntilSome(client, 50);
            final LoadCounters sent = client.read();
            final LoadCounters received = readUntilSome(server, sent.operations());
            assertEquals(received.operations() * 100, received.bytes());
        }
    }

    @Test
    void shouldSendEachDatagramFromTheNextOfSoManyPorts() throws Exception {
        try (DatagramSocket sink = new DatagramSocket(0, InetAddress.getLoopbackAddress());
            LoadProcess client = LoadProcess.start(tools.load(), List.of("udp"), List.of("--address", "127.0.0.1",
                "--port", String.valueOf(sink.getLocalPort()), "--ports", "3", "--rate", "500"))) {
            sink.setSoTimeout(WAIT_MS_MAX);
            final List<Integer> ports = new ArrayList<>();
            for (int datagram = 0; datagram < 7; datagram++) {
                final DatagramPacket packet = new DatagramPacket(new byte[64], 64);
                sink.receive(packet);
                ports.add(packet.getPort());
            }
            assertEquals(List.of(20_000, 20_001, 20_002, 20_000, 20_001, 20_002, 20_000), ports);
            assertEquals(0, client.read().failures());
        }
    }

    @Test
    void shouldKeepConnectionsAndTellTheLongestGap() throws Exception {
        try (LoadProcess server = start(wire.api(), "answer");
            LoadProcess client = start(wire.client(), "hold", "--parallel", "20")) {
            final LoadCounters counted = readUntilSome(client, 50);
            assertEquals(0, counted.failures());
            assertTrue(counted.gapNs() > 0);
            assertTrue(server.read().operations() >= 50);
        }
    }

    @Test
    void shouldSayThatNobodyListens() {
        final BenchException failure = assertThrows(BenchException.class, () -> {
            try (LoadProcess client = start(wire.client(), "hold")) {
                client.read();
            }
        });
        assertTrue(failure.getMessage().contains("connect to 10.32.0.2: ECONNREFUSED"), failure.getMessage());
    }
}

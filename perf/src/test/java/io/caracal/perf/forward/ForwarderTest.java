package io.caracal.perf.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.Lab;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both forwarders do the same to the same packets: otherwise their comparison would mean nothing. */
class ForwarderTest {
    private static final int CPU = 0;
    private static final int ANSWER_MS = 20_000;
    /** Fewer than the rings are deep: on a busy machine a forwarder may not run for longer than the packets take. */
    private static final int COUNT = 1500;

    private static NativeTools tools;
    private static Lab lab;

    @BeforeAll
    static void compile() throws Exception {
        tools = NativeTools.open();
        lab = Lab.create("perftest");
    }

    @AfterAll
    static void remove() {
        lab.close();
        tools.close();
    }

    private static LaunchedForwarder launch(final String who) throws Exception {
        final ForwarderLauncher launcher = new ForwarderLauncher(tools, lab, CPU);
        return "java".equals(who) ? launcher.launchJava(who, "java") : launcher.launchTwin(who, "twin");
    }

    private static TrafficSpec paced(final LaunchedForwarder launched, final String source) {
        final TrafficSpec spec = launched.traffic(-1, 100, 64);
        final TrafficSpec.Addresses addresses = new TrafficSpec.Addresses(spec.addresses().sourceMac(),
            spec.addresses().destinationMac(), source, spec.addresses().destination());
        return new TrafficSpec(spec.namespace(), spec.interfaceName(), "xdp", 100, 64, 20_000, 20, COUNT, true, -1,
            addresses);
    }

    private static JsonNode forward(final LaunchedForwarder launched, final String source) throws Exception {
        final List<String> receive = List.of(tools.generator().toString(), "receive", "--netns",
            launched.topology().sinkNamespace(), "--interface", VethTopology.SINK, "--seconds", "3",
            "--quiet-ms", "500");
        try (ToolProcess receiver = ToolProcess.start("receiver", receive)) {
            receiver.awaitLine("ready", ANSWER_MS);
            try (ToolProcess sender = ToolProcess.start("sender", paced(launched, source).command(tools.generator()))) {
                sender.readJson(ANSWER_MS);
                return receiver.readJson(ANSWER_MS);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "twin"})
    void shouldForwardEveryPacketWithCorrectChecksums(final String who) throws Exception {
        try (LaunchedForwarder launched = launch(who)) {
            for (final boolean measured : new boolean[] {false, true}) {
                final long arrivedBefore = launched.topology().arrived().packets();
                launched.forwarder().run(measured);
                final JsonNode seen = forward(launched, LaunchedForwarder.SOURCE);
                final ForwarderCounters counters = launched.forwarder().pause();
                assertEquals(COUNT, seen.get("received").asLong(), seen.toString());
                assertEquals(100, seen.get("flows").asLong());
                assertEquals(0, seen.get("badIpChecksum").asLong() + seen.get("badUdpChecksum").asLong());
                assertEquals(COUNT, counters.received(), counters.toString());
                assertEquals(COUNT, counters.transmitted(), counters.toString());
                assertEquals(0, counters.dropped(), counters.toString());
                assertEquals(COUNT, launched.topology().arrived().packets() - arrivedBefore);
                assertEquals(measured, counters.busyNs() > 0);
                assertTrue(counters.busyNs() >= counters.kickNs(), counters.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "twin"})
    void shouldDropWhatAPodSendsFromAnAddressThatIsNotItsOwn(final String who) throws Exception {
        try (LaunchedForwarder launched = launch(who)) {
            launched.forwarder().run(false);
            final JsonNode seen = forward(launched, "10.9.9.9");
            final ForwarderCounters counters = launched.forwarder().pause();
            assertEquals(0, seen.get("received").asLong());
            assertEquals(COUNT, counters.dropped(), counters.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java", "twin"})
    void shouldLeaveNothingBehind(final String who) throws Exception {
        try (LaunchedForwarder launched = launch(who)) {
            assertTrue(Files.exists(Path.of("/run/netns", launched.topology().dutNamespace())));
        }
        for (final String role : List.of("-gen", "-dut", "-sink")) {
            assertFalse(Files.exists(Path.of("/run/netns", "perf-test-" + who + role)));
        }
    }
}

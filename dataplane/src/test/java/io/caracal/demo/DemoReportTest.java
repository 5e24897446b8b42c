package io.caracal.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.demo.DemoReport.Result;
import org.junit.jupiter.api.Test;

class DemoReportTest {
    private static final DemoStep PING = step("ping", "ping, pod to pod", 6);
    private static final DemoStep TCP = step("tcp", "TCP, one stream", 1000);

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    private static DemoStep step(final String name, final String title, final long minPackets) {
        return new DemoStep(name, title, "how it works", minPackets, scene -> Outcome.passed("done"));
    }

    private Console console(final boolean isTerminal) {
        return new Console(new PrintStream(printed, true, StandardCharsets.UTF_8), isTerminal);
    }

    private static DemoReport report(final Outcome tcp) throws Exception {
        final EngineCounters counters = EngineCounters.of(new JsonMapper().readTree("""
            {"workers": [
              {"index": 0, "rxPackets": 1000000, "rxBytes": 1400000000, "txPackets": 999990, "txBytes": 1399990000,
               "drops": {"multicast-unsupported": 7, "ttl-expired": 0}},
              {"index": 1, "rxPackets": 234567, "rxBytes": 1, "txPackets": 234567, "txBytes": 1,
               "drops": {"multicast-unsupported": 3, "new-reason": 2}}],
             "bpf": {"punted": 1234567, "cache-hits": 4321, "missed": 0}, "workloads": []}"""));
        final Result ping = new Result(PING, Outcome.passed("5 of 5 answered"), 12, 0);
        return new DemoReport(List.of(ping, new Result(TCP, tcp, 1234555, 4321)), 740, counters, 23456);
    }

    @Test
    void shouldRenderATable() throws Exception {
        final DemoReport report = report(Outcome.passed("2.41 Gbit/s, 3 retransmits", Map.of("bitsPerSecond", 2.41e9)));
        assertEquals("""
                what was tried    what happened                                                   packets in Java    in the cache
              ✓ ping, pod to pod  5 of 5 answered                                                              12               0
              ✓ TCP, one stream   2.41 Gbit/s, 3 retransmits                                            1,234,555           4,321

                Java received 1,234,567 packets (1.40 GB), sent 1,234,557, dropped 12; its flow cache sent 4,321 \
            (GSO packets as one):
                          10  multicast-unsupported: multicast or broadcast that is no neighbour discovery of the \
            gateway
                           2  new-reason: (a reason that this version does not know)

                All 2 steps did what they should, in 23.5 s.
            """.stripTrailing(),
            String.join("\n", report.lines(console(false))));
        assertTrue(report.passed());
    }

    @Test
    void shouldSayHowManyStepsFailed() throws Exception {
        final DemoReport report = report(Outcome.failed("iperf3: unable to connect to server: Connection refused, "
            + "which is longer than the column is wide"));
        final List<String> lines = report.lines(console(false));
        assertFalse(report.passed());
        assertEquals("  ✗ TCP, one stream   iperf3: unable to connect to server: Connection refused, whic…  "
            + "      1,234,555           4,321", lines.get(2));
        assertEquals("    1 of 2 steps failed.", lines.getLast());
    }

    @Test
    void shouldColourOnlyOnATerminal() throws Exception {
        final DemoReport report = report(Outcome.passed("x"));
        assertFalse(String.join("", report.lines(console(false))).contains("\u001b"));
        assertTrue(String.join("", report.lines(console(true))).contains("\u001b[32m✓"));
    }

    @Test
    void shouldGiveScriptsOneDocument() throws Exception {
        final JsonNode json = report(Outcome.passed("2.41 Gbit/s",
            Map.of("bitsPerSecond", 2.41e9, "p50Us", 41.5))).json();
        assertEquals(new JsonMapper().readTree("""
            {"passed": true, "elapsedMs": 23456, "engineReadyMs": 740,
             "steps": [
               {"name": "ping", "title": "ping, pod to pod", "passed": true, "happened": "5 of 5 answered",
                "packets": 12, "cachedPackets": 0, "figures": {}},
               {"name": "tcp", "title": "TCP, one stream", "passed": true, "happened": "2.41 Gbit/s",
                "packets": 1234555, "cachedPackets": 4321, "figures": {"bitsPerSecond": 2410000000, "p50Us": 41.5}}],
             "counters": {"rxPackets": 1234567, "rxBytes": 1400000001, "txPackets": 1234557, "txBytes": 1399990001,
              "cachedPackets": 4321},
             "drops": {"multicast-unsupported": 10, "new-reason": 2}, "bpf": {"punted": 1234567, "cache-hits": 4321}}"""),
            new JsonMapper().readTree(json.toString()));
    }

    @Test
    void shouldFailAStepThatJavaDidNotSee() {
        assertTrue(Demo.judge(PING, Outcome.passed("5 of 5 answered"), 4, 2).outcome().passed());
        final Result shortCut = Demo.judge(PING, Outcome.passed("5 of 5 answered"), 4, 1);
        assertFalse(shortCut.outcome().passed());
        assertEquals("5 of 5 answered, but Java and its cache saw only 5 packets, not 6", shortCut.outcome().happened());
        assertEquals("no", Demo.judge(PING, Outcome.failed("no"), 0, 0).outcome().happened());
    }

    @Test
    void shouldNotPassWithoutSteps() {
        assertFalse(new DemoReport(List.of(), 0, EngineCounters.ZERO, 0).passed());
    }

    @Test
    void shouldReplaceTheLiveLineOnATerminalAndLimitItElsewhere() {
        final Console terminal = console(true);
        terminal.live("1");
        terminal.live("2");
        terminal.line("done");
        assertEquals("\r\u001b[K\u001b[2m1\u001b[0m\r\u001b[K\u001b[2m2\u001b[0m\r\u001b[Kdone\n",
            printed.toString(StandardCharsets.UTF_8));
        printed.reset();
        final Console plain = console(false);
        plain.live("1");
        plain.live("2");
        plain.stop("bye");
        plain.stop("not heard");
        plain.line("not heard");
        plain.live("not heard");
        assertEquals("1\nbye\n", printed.toString(StandardCharsets.UTF_8));
    }

    @Test
    void shouldTellPacketsPerSecondFromTwoSamples() {
        final EngineCounters last = new EngineCounters(1000, 10_000, 0, 0, Map.of("ttl-expired", 1L),
            Map.of("cache-hits", 100L));
        final EngineCounters now = new EngineCounters(101_000, 125_010_000, 0, 0, Map.of("ttl-expired", 4L),
            Map.of("cache-hits", 600L));
        assertEquals("    TCP: 200,000   packets/s through Java, 2.00 Gbit/s, 1,000 by its flow cache, 3 dropped",
            TrafficMeter.describe("TCP", last, now, 500_000_000));
    }
}

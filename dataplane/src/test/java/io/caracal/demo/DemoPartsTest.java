package io.caracal.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.json.JsonMapper;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the steps make of what programs print: real output in, outcome out. */
class DemoPartsTest {
    private static final String PING = """
        PING 10.65.0.3 (10.65.0.3) 56(84) bytes of data.
        64 bytes from 10.65.0.3: icmp_seq=1 ttl=63 time=0.041 ms

        --- 10.65.0.3 ping statistics ---
        5 packets transmitted, 5 received, 0% packet loss, time 402ms
        rtt min/avg/max/mdev = 0.041/0.052/0.068/0.011 ms
        """;

    static Stream<Arguments> pings() {
        return Stream.of(
            Arguments.of(PING, true, "5 of 5 answered, 52.0 µs on average"),
            Arguments.of(PING.replace("5 received", "4 received"), false, "4 of 5 answered"),
            Arguments.of("5 packets transmitted, 0 received, +5 errors, 100% packet loss", false, "0 of 5 answered"),
            Arguments.of("ping: connect: Network is unreachable\n", false,
                "ping 10.65.0.3 from null: ping: connect: Network is unreachable"));
    }

    @ParameterizedTest
    @MethodSource("pings")
    void shouldReadWhatPingSays(final String output, final boolean passed, final String happened) {
        final Outcome outcome = Reachability.judge(output, null, "10.65.0.3");
        assertEquals(happened, outcome.happened());
        assertEquals(passed, outcome.passed());
    }

    static Stream<Arguments> iperfRuns() {
        return Stream.of(
            Arguments.of(0, """
                {"end": {"sum_sent": {"retransmits": 12, "bits_per_second": 2.5e9},
                         "sum_received": {"bits_per_second": 2.41e9}}}""", true, "2.41 Gbit/s, 12 retransmits"),
            Arguments.of(1, "{\"error\": \"unable to connect to server\"}", false,
                "iperf3: unable to connect to server"),
            Arguments.of(0, "{\"end\": {}}", false, "iperf3: nothing was received"),
            Arguments.of(1, "iperf3: parameter error\n", false, "iperf3: iperf3: parameter error"));
    }

    @ParameterizedTest
    @MethodSource("iperfRuns")
    void shouldReadWhatIperf3Says(final int exitCode, final String output, final boolean passed, final String happened)
        throws Exception {
        final Outcome outcome = TcpThroughput.judge(new CommandRun(exitCode, output));
        assertEquals(happened, outcome.happened());
        assertEquals(passed, outcome.passed());
    }

    @Test
    void shouldAcceptOnlyTheWholePage() {
        assertTrue(WebPages.judge(new CommandRun(0, "200 " + WebPages.PAGE_LENGTH)).passed());
        assertFalse(WebPages.judge(new CommandRun(0, "200 2999")).passed());
        assertFalse(WebPages.judge(new CommandRun(0, "404 " + WebPages.PAGE_LENGTH)).passed());
        final Outcome timeout = WebPages.judge(new CommandRun(28, "000 0curl: (28) Connection timed out\n"));
        assertFalse(timeout.passed());
        assertEquals("000 0curl: (28) Connection timed out", timeout.happened());
    }

    @Test
    void shouldCountWhatTheGuardDropped() throws Exception {
        assertEquals(7, Strangers.sumOfCounters(new JsonMapper().readTree("""
            {"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "caracal"}},
              {"rule": {"chain": "prerouting", "expr": [{"match": {"op": "=="}},
                {"counter": {"packets": 3, "bytes": 252}}, {"drop": null}]}},
              {"rule": {"chain": "forward",
                "expr": [{"counter": {"packets": 4, "bytes": 336}}, {"drop": null}]}}]}""")));
    }

    @Test
    void shouldFindATcpCounterByItsName() throws Exception {
        final List<String> snmp = List.of("Ip: Forwarding DefaultTTL", "Ip: 2 64",
            "Tcp: RtoAlgorithm RtoMin InErrs OutRsts InCsumErrors", "Tcp: 1 200 9 8 42", "Udp: InDatagrams", "Udp: 1");
        assertEquals(42, PodHealth.tcpCounter(snmp, "InCsumErrors"));
        assertThrows(DemoFailure.class, () -> PodHealth.tcpCounter(snmp, "Nothing"));
        assertThrows(DemoFailure.class, () -> PodHealth.tcpCounter(List.of(), "InCsumErrors"));
    }

    @Test
    void shouldJudgeLatencyByAnswersAndLosses() {
        final Histogram histogram = new Histogram(10_000_000_000L, 3);
        assertFalse(RequestResponse.judge(histogram, 0).passed());
        for (int i = 1; i <= 10_000; i++) {
            histogram.recordValue(i * 10L);
        }
        final Outcome outcome = RequestResponse.judge(histogram, 10);
        assertTrue(outcome.passed());
        assertEquals("p50 50.0 µs, p99 99.0 µs, 10,000 exchanges", outcome.happened());
        assertEquals(10.0, outcome.figures().get("lost"));
        assertFalse(RequestResponse.judge(histogram, 11).passed());
    }

    @Test
    void shouldStartTheEngineLikeThisProcess() {
        final String main = "io.caracal.cli.CaracalMain";
        assertEquals(List.of("/j/java", "-Xmx512m", "-XX:AOTCache=c.aot", "-Da=b", "-jar", "/c/caracal.jar"),
            JavaCommand.of("/j/java", List.of("java", "-Xmx512m", "-XX:AOTCache=c.aot", "-Da=b", "-jar",
                "/c/caracal.jar", "demo", "-jar"), "/c/caracal.jar"));
        assertEquals(List.of("/j/java", "--add-opens", "java.base/x=ALL-UNNAMED", "-cp", "a.jar:b.jar", main),
            JavaCommand.of("/j/java", List.of("java", "-agentlib:jdwp=transport=dt_socket", "--add-opens",
                "java.base/x=ALL-UNNAMED", "-cp", "a.jar:b.jar", main, "demo"), "a.jar:b.jar"));
        assertEquals(List.of("/j/java", "-ea", "-cp", "classes:lib.jar", main),
            JavaCommand.of("/j/java", List.of("java", "-ea", "-jar", "/t/surefirebooter.jar", "/t"),
                "classes:lib.jar"));
    }

    @Test
    void shouldNameAProgramThatIsMissing() throws Exception {
        assertEquals("hello\n", CommandRun.of(List.of("echo", "hello"), 10).output());
        assertEquals(3, CommandRun.of(List.of("sh", "-c", "exit 3"), 10).exitCode());
        final DemoFailure missing = assertThrows(DemoFailure.class,
            () -> CommandRun.of(List.of("setpriv", "--pdeathsig", "KILL", "--", "no-such-program", "-x"), 10));
        assertEquals("no-such-program is not installed (try ./caracal setup)", missing.getMessage());
        final DemoFailure slow = assertThrows(DemoFailure.class, () -> CommandRun.of(List.of("sleep", "100"), 1));
        assertEquals("sleep did not end within 1 s", slow.getMessage());
    }

    @Test
    void shouldSumCountersOfAllWorkers() throws Exception {
        final EngineCounters counters = EngineCounters.of(new JsonMapper().readTree("""
            {"workers": [{"rxPackets": 1, "drops": {"a": 1}}, {"rxPackets": 2, "drops": {"a": 2, "b": 0}}]}"""));
        assertEquals(new EngineCounters(3, 0, 0, 0, Map.of("a", 3L), Map.of()), counters);
        assertEquals(3, counters.dropCount());
    }

    @ParameterizedTest
    @CsvSource({"0, 0.00 B", "999, 999 B", "1000, 1.00 kB", "2410000000, 2.41 GB", "21400000000, 21.4 GB",
        "1234567, 1.23 MB"})
    void shouldScaleUnits(final double value, final String expected) {
        assertEquals(expected, Text.scaled(value, "B"));
    }
}

package io.caracal.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.Map;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.lab.LabPod;

/** The step that sends as fast as one TCP connection goes: with iperf3, or with own sockets where it is missing. */
final class TcpThroughput {
    private static final String PORT = "5201";

    private TcpThroughput() {
    }

    static Outcome measure(final Scene scene) throws Exception {
        return measure(scene, scene.web());
    }

    static Outcome measure(final Scene scene, final LabPod to) throws Exception {
        scene.meter().begin("TCP");
        try {
            return hasIperf3(scene.client()) ? byIperf3(scene, to) : BulkTransfer.measure(scene, to);
        } finally {
            scene.meter().end();
        }
    }

    private static boolean hasIperf3(final LabPod pod) throws Exception {
        try {
            return CommandRun.of(pod.command("iperf3", "--version"), 10).exitCode() == 0;
        } catch (final DemoFailure e) {
            return false;
        }
    }

    private static Outcome byIperf3(final Scene scene, final LabPod to) throws Exception {
        final Process server = new ProcessBuilder(
            to.command("iperf3", "-s", "-1", "--forceflush", "-p", PORT)).redirectErrorStream(true).start();
        try (BufferedReader output = server.inputReader()) {
            awaitListening(output);
            final CommandRun run = CommandRun.of(scene.client().command("iperf3", "-c", to.ipv4(), "-p", PORT,
                "-t", Integer.toString(scene.trafficSeconds()), "--connect-timeout", "3000", "-J"),
                scene.trafficSeconds() + 20);
            return judge(run);
        } finally {
            server.destroyForcibly();
        }
    }

    private static void awaitListening(final BufferedReader output) throws IOException, DemoFailure {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains("listening")) {
                return;
            }
        }
        throw new DemoFailure("the iperf3 server ended before it listened");
    }

    /** What iperf3's JSON says the receiver got. */
    static Outcome judge(final CommandRun run) throws IOException {
        final int start = run.output().indexOf('{');
        if (start < 0) {
            return Outcome.failed("iperf3: " + run.output().strip());
        }
        final JsonNode report = new JsonMapper().readTree(run.output().substring(start));
        if (report.has("error")) {
            return Outcome.failed("iperf3: " + report.get("error").asText());
        }
        final double bitsPerSecond = report.at("/end/sum_received/bits_per_second").asDouble();
        final long retransmits = report.at("/end/sum_sent/retransmits").asLong();
        if (bitsPerSecond <= 0) {
            return Outcome.failed("iperf3: nothing was received");
        }
        return Outcome.passed(Text.scaled(bitsPerSecond, "bit/s") + ", " + Text.count(retransmits) + " retransmits",
            Map.of("bitsPerSecond", bitsPerSecond, "retransmits", (double)retransmits));
    }
}

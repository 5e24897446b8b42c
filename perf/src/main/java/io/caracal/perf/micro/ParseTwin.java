package io.caracal.perf.micro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.PacketImage;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;

/**
 * The parse stage in C ({@code cparse.c}) over the very packets that the JMH benchmark parses. Both must find the same
 * flow hashes, or it was not the same work and nothing is reported.
 */
final class ParseTwin implements Peer {
    private static final int RUNS = 9;
    private static final int RUNS_QUICK = 3;
    private static final long PROCESS_MS_MAX = 30_000;

    @Override
    public List<ScenarioResult.Series> measure(final BenchSettings settings) throws IOException, InterruptedException {
        final Path file = Files.createTempFile("caracal-packets-", ".image");
        try (NativeTools tools = NativeTools.open()) {
            final List<ScenarioResult.Series> all = new ArrayList<>();
            for (final PacketImage.Mixture mixture : PacketImage.Mixture.values()) {
                final long expectedSum = PacketImage.write(file, mixture);
                final double[] ns = new double[settings.quick() ? RUNS_QUICK : RUNS];
                for (int run = 0; run < ns.length; run++) {
                    ns[run] = runOnce(tools, file, expectedSum);
                }
                all.add(ScenarioResult.Series.of("parse-" + mixture.benchmark(), WHO, "ns/frame", ns));
            }
            return all;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static double runOnce(final NativeTools tools, final Path file, final long expectedSum)
        throws IOException, InterruptedException {
        final List<String> command =
            List.of(tools.parser().toString(), file.toString(), Long.toString(PacketImage.HASH_SEED));
        try (ToolProcess process = ToolProcess.start("cparse", command)) {
            final JsonNode result = process.readJson(PROCESS_MS_MAX);
            if (result.path("hashSum").asLong(-1) != expectedSum || result.path("refused").asLong(-1) != 0) {
                throw new BenchException("compare parsers: Java's flow hashes add up to " + expectedSum
                    + ", the C twin says " + result);
            }
            return result.get("nsPerPacket").asDouble();
        }
    }
}

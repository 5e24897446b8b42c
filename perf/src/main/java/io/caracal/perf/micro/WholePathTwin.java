package io.caracal.perf.micro;

import java.io.IOException;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;

/** The whole path in C; one that does not find every flow and transmit every packet is refused: it is other work. */
final class WholePathTwin implements Peer {
    private static final int RUNS = 9;
    private static final int RUNS_QUICK = 3;
    private static final long PROCESS_MS_MAX = 60_000;

    @Override
    public List<ScenarioResult.Series> measure(final BenchSettings settings) throws IOException, InterruptedException {
        final double[] ns = new double[settings.quick() ? RUNS_QUICK : RUNS];
        try (NativeTools tools = NativeTools.open()) {
            for (int run = 0; run < ns.length; run++) {
                ns[run] = runOnce(tools);
            }
        }
        return List.of(ScenarioResult.Series.of("memory", WHO, "ns/frame", ns));
    }

    private static double runOnce(final NativeTools tools) throws IOException, InterruptedException {
        try (ToolProcess process = ToolProcess.start("cpath", List.of(tools.path().toString()))) {
            final JsonNode result = process.readJson(PROCESS_MS_MAX);
            final long packets = result.path("packets").asLong();
            if (packets == 0 || result.path("hits").asLong() != packets
                || result.path("transmitted").asLong() != packets) {
                throw new BenchException("measure cpath: not every packet was found and transmitted: " + result);
            }
            return result.get("nsPerPacket").asDouble();
        }
    }
}

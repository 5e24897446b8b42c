package io.caracal.perf.micro;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.tool.NativeTools;
import io.caracal.perf.tool.ToolProcess;

/**
 * The packet path in C ({@code cpath.c}), whole or a part of it; one that does not find every flow and bring every
 * packet to its end is refused: it is other work.
 */
final class PathTwin implements Peer {
    private static final int RUNS = 9;
    private static final int RUNS_QUICK = 3;
    private static final long PROCESS_MS_MAX = 60_000;

    private final List<Way> ways;

    PathTwin(final Way... ways) {
        this.ways = List.of(ways);
    }

    /** A part of the path. */
    enum Way {
        /** All of it, by a flow among a million. */
        MEMORY("memory", "memory"),
        /** Into the tunnel, without connections. */
        ENCAP("encap", "pipeline-encap"),
        /** Out of the tunnel. */
        DECAP("decap", "pipeline-decap");

        private final String argument;
        private final String figure;

        Way(final String argument, final String figure) {
            this.argument = argument;
            this.figure = figure;
        }
    }

    @Override
    public List<ScenarioResult.Series> measure(final BenchSettings settings) throws IOException, InterruptedException {
        final List<ScenarioResult.Series> all = new ArrayList<>();
        try (NativeTools tools = NativeTools.open()) {
            for (final Way way : ways) {
                final double[] ns = new double[settings.quick() ? RUNS_QUICK : RUNS];
                for (int run = 0; run < ns.length; run++) {
                    ns[run] = runOnce(tools, way);
                }
                all.add(ScenarioResult.Series.of(way.figure, WHO, "ns/frame", ns));
            }
        }
        return all;
    }

    private static double runOnce(final NativeTools tools, final Way way) throws IOException, InterruptedException {
        final List<String> command = List.of(tools.path().toString(), way.argument);
        try (ToolProcess process = ToolProcess.start("cpath", command)) {
            final JsonNode result = process.readJson(PROCESS_MS_MAX);
            final long packets = result.path("packets").asLong();
            final long hits = result.path("hits").asLong();
            if (packets == 0 || result.path("finished").asLong() != packets
                || hits != (way == Way.MEMORY ? packets : 0)) {
                throw new BenchException("measure cpath " + way.argument
                    + ": not every packet was found and brought to its end: " + result);
            }
            return result.get("nsPerPacket").asDouble();
        }
    }
}

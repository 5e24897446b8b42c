package io.caracal.perf.pods;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.stats.Latencies;

/** A running {@code podgen}: a client or a server whose counters can be read at any moment. One thread. */
final class LoadProcess implements AutoCloseable {
    private static final int ANSWER_MS_MAX = 30_000;

    private final ToolProcess process;

    private LoadProcess(final ToolProcess process) {
        this.process = process;
    }

    /** Starts it, and waits until it listens or its threads run. */
    static LoadProcess start(final Path program, final List<String> words, final List<String> options)
        throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(words);
        command.addAll(options);
        final ToolProcess process = ToolProcess.start("podgen " + words.getFirst(), command);
        try {
            process.awaitLine("ready", ANSWER_MS_MAX);
        } catch (final InterruptedException | RuntimeException e) {
            process.close();
            throw e;
        }
        return new LoadProcess(process);
    }

    long pid() {
        return process.pid();
    }

    /** What it has counted until now; its latencies are those since the last call. */
    LoadCounters read() throws IOException, InterruptedException {
        try {
            process.send("read");
        } catch (final IOException ended) {
            /* Why it has ended is what reading from it says. */
            process.readLine(ANSWER_MS_MAX);
            throw ended;
        }
        final JsonNode answer = process.readJson(ANSWER_MS_MAX);
        return new LoadCounters(answer.path("ns").asLong(), answer.path("operations").asLong(),
            answer.path("bytes").asLong(), answer.path("failures").asLong(), answer.path("gapNs").asLong(),
            Latencies.of(answer.path("latency")));
    }

    @Override
    public void close() {
        process.close();
    }
}

package io.caracal.perf.tool;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.caracal.perf.BenchException;

/**
 * A program that the benchmark started: spoken to by lines, answers with lines, never outlives its owner. What it
 * prints on stderr is kept and shown when it fails. Used by one thread.
 */
public final class ToolProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Stands for the end of its output, which a queue cannot hold as null. */
    private static final String END = new String("end of output");
    private static final int END_SECONDS_MAX = 10;
    private static final int ERROR_LINES_MAX = 50;

    private final String name;
    private final Process process;
    private final Writer input;
    private final BlockingQueue<String> output = new LinkedBlockingQueue<>();
    private final List<String> errors = new ArrayList<>();
    private final Thread errorReader;

    private ToolProcess(final String name, final Process process) {
        this.name = name;
        this.process = process;
        input = process.outputWriter(StandardCharsets.UTF_8);
        Thread.ofPlatform().daemon(true).name(name + "-stdout").start(this::readOutput);
        errorReader = Thread.ofPlatform().daemon(true).name(name + "-stderr").start(this::readErrors);
    }

    /**
     * Starts a program.
     *
     * @param name what to call it in messages.
     * @param command program and arguments.
     * @return the running program; the caller closes it.
     * @throws IOException if it cannot be started.
     */
    public static ToolProcess start(final String name, final List<String> command) throws IOException {
        return new ToolProcess(name, new ProcessBuilder(command).start());
    }

    /**
     * Its process id.
     *
     * @return the pid, also after its end.
     */
    public long pid() {
        return process.pid();
    }

    /**
     * Sends a line.
     *
     * @param line without its end.
     * @throws IOException if it no longer reads.
     */
    public void send(final String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    /**
     * The next line of its output.
     *
     * @param timeoutMs how long to wait.
     * @return the line.
     * @throws BenchException if it ended or was silent too long, with what it said on stderr.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public String readLine(final long timeoutMs) throws InterruptedException {
        final String line = output.poll(timeoutMs, TimeUnit.MILLISECONDS);
        if (line == null) {
            throw new BenchException(name + " said nothing for " + timeoutMs + " ms" + errorText());
        }
        if (line == END) {
            process.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS);
            errorReader.join(END_SECONDS_MAX * 1000L);
            throw new BenchException(name + " ended with exit code "
                + (process.isAlive() ? "none yet" : process.exitValue()) + errorText());
        }
        return line;
    }

    /**
     * Waits for a line such as {@code ready}, skipping others.
     *
     * @param expected the line.
     * @param timeoutMs how long to wait for each line.
     * @throws BenchException if it ended or was silent too long.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public void awaitLine(final String expected, final long timeoutMs) throws InterruptedException {
        while (!readLine(timeoutMs).strip().equals(expected)) {
            continue;
        }
    }

    /**
     * The next line as JSON.
     *
     * @param timeoutMs how long to wait.
     * @return the object.
     * @throws BenchException if it ended, was silent too long or printed something else.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public JsonNode readJson(final long timeoutMs) throws InterruptedException {
        final String line = readLine(timeoutMs);
        try {
            return JSON.readTree(line);
        } catch (final IOException e) {
            throw new BenchException(name + " printed '" + line + "' where a JSON object was expected", e);
        }
    }

    /** Asks it to end (SIGTERM); its last lines can still be read. */
    public void terminate() {
        /* Process.destroy would also close the streams that its last lines come through. */
        process.toHandle().destroy();
    }

    /**
     * Ends it at once (SIGKILL), and waits for the end.
     *
     * @throws InterruptedException if the benchmark is being ended.
     */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /**
     * Whether it runs.
     *
     * @return true until it has ended.
     */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Ends it: by the end of its input, then SIGTERM, then SIGKILL. */
    @Override
    public void close() {
        try {
            input.close();
        } catch (final IOException e) {
            /* It has closed its side already; whether it has ended shows below. */
            process.destroy();
        }
        process.destroy();
        if (!hasEnded()) {
            process.destroyForcibly();
            hasEnded();
        }
    }

    private boolean hasEnded() {
        try {
            return process.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private String errorText() {
        synchronized (errors) {
            return errors.isEmpty() ? "" : ":\n  " + String.join("\n  ", errors);
        }
    }

    private void readOutput() {
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                output.add(line);
            }
        } catch (final IOException e) {
            note("its output broke off: " + e.getMessage());
        }
        output.add(END);
    }

    private void readErrors() {
        try (BufferedReader reader = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                note(line);
            }
        } catch (final IOException e) {
            note("its stderr broke off: " + e.getMessage());
        }
    }

    private void note(final String line) {
        synchronized (errors) {
            if (errors.size() == ERROR_LINES_MAX) {
                errors.removeFirst();
            }
            errors.add(line);
        }
    }
}

package io.caracal.perf.forward;

import java.io.IOException;
import java.util.List;

import io.caracal.perf.tool.ToolProcess;

/**
 * A forwarder process, Java or C: both read {@code run}, {@code measure} and {@code pause} on standard input and answer
 * alike, so that nothing but the language differs. Paused, it uses no CPU, so that the other one has the core alone.
 */
public final class Forwarder implements AutoCloseable {
    /** A JVM on a busy machine, and a queue whose last owner has just ended. */
    private static final long START_MS_MAX = 30_000;
    private static final long ANSWER_MS_MAX = 10_000;

    private final ToolProcess process;

    private Forwarder(final ToolProcess process) {
        this.process = process;
    }

    /**
     * Starts a forwarder and waits until it is attached.
     *
     * @param who its name.
     * @param command program and arguments.
     * @return the forwarder, paused; the caller closes it.
     * @throws IOException if it cannot be started.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public static Forwarder start(final String who, final List<String> command)
        throws IOException, InterruptedException {
        final ToolProcess process = ToolProcess.start(who, command);
        try {
            process.awaitLine("ready", START_MS_MAX);
            return new Forwarder(process);
        } catch (final InterruptedException | RuntimeException e) {
            process.close();
            throw e;
        }
    }

    /**
     * Lets it forward, spinning.
     *
     * @param measured whether it looks at the clock around each cycle and each transmit call.
     * @throws IOException if it has ended.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public void run(final boolean measured) throws IOException, InterruptedException {
        process.send(measured ? "measure" : "run");
        process.awaitLine("ok", ANSWER_MS_MAX);
    }

    /**
     * Stops it.
     *
     * @return what it counted since it was let go.
     * @throws IOException if it has ended.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public ForwarderCounters pause() throws IOException, InterruptedException {
        process.send("pause");
        return ForwarderCounters.of(process.readJson(ANSWER_MS_MAX));
    }

    /**
     * Its process id.
     *
     * @return the pid.
     */
    public long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.close();
    }
}

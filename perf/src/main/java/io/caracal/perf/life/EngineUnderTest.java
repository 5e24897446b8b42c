package io.caracal.perf.life;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;

import io.caracal.dataplane.AdminClient;
import io.caracal.lab.LabNode;
import io.caracal.perf.BenchException;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.tool.EngineJvm;
import io.caracal.perf.tool.ToolProcess;

/**
 * {@code caracal run} in a process of its own on a lab's node: the jar, the JVM flags and the ahead-of-time cache that
 * the launcher uses. Ends with its owner, since it watches its standard input. One thread.
 */
public final class EngineUnderTest implements AutoCloseable {
    private static final long READY_TIMEOUT_MS = 30_000;

    private final ToolProcess process;
    private final Path adminSocket;
    private final long execNs;
    private AdminClient admin;

    private EngineUnderTest(final ToolProcess process, final Path adminSocket, final long execNs) {
        this.process = process;
        this.adminSocket = adminSocket;
        this.execNs = execNs;
    }

    /**
     * Starts it, and does not wait.
     *
     * @param node where.
     * @param home the project's directory, built.
     * @param options more of {@code caracal run}'s options.
     * @return the engine; the caller closes it.
     * @throws IOException if the process cannot be started.
     */
    public static EngineUnderTest start(final LabNode node, final Path home, final String... options)
        throws IOException {
        return start(node, EngineJvm.command(home), List.of("--manifests", node.manifests().toString()), options);
    }

    /**
     * Starts one with more memory than the launcher gives it, for manifests of tens of thousands of rules, and does not
     * wait.
     *
     * @param node where.
     * @param home the project's directory, built.
     * @param heapMaxMb its heap at most.
     * @param options more of {@code caracal run}'s options.
     * @return the engine; the caller closes it.
     * @throws IOException if the process cannot be started.
     */
    public static EngineUnderTest startLarge(final LabNode node, final Path home, final int heapMaxMb,
                                             final String... options) throws IOException {
        return start(node, EngineJvm.command(home, "-Xmx" + heapMaxMb + "m"),
            List.of("--manifests", node.manifests().toString()), options);
    }

    /**
     * Starts one that Felix drives, and does not wait.
     *
     * @param node where.
     * @param home the project's directory, built.
     * @param socket where it listens for Felix.
     * @param log flag of the virtual machine's that makes it write a log.
     * @param options more of {@code caracal run}'s options.
     * @return the engine; the caller closes it.
     * @throws IOException if the process cannot be started.
     */
    public static EngineUnderTest startForFelix(final LabNode node, final Path home, final Path socket,
                                                final String log, final String... options) throws IOException {
        return start(node, EngineJvm.command(home, log), List.of("--felix", socket.toString()), options);
    }

    private static EngineUnderTest start(final LabNode node, final List<String> machine, final List<String> source,
                                         final String... options) throws IOException {
        final List<String> command = new ArrayList<>(machine);
        command.addAll(List.of("run", "--node", node.name()));
        command.addAll(source);
        command.addAll(List.of("--state", node.state().toString(), "--admin", node.adminSocket().toString(),
            "--set", "bpf-file-system=" + node.bpfFileSystem(),
            "--set", "mtu-file=" + node.state().resolve("mtu"), "--exit-on-stdin-close"));
        command.addAll(List.of(options));
        final long execNs = System.nanoTime();
        final ToolProcess process = ToolProcess.start("engine", node.detachedCommand(command));
        return new EngineUnderTest(process, node.adminSocket(), execNs);
    }

    /**
     * Waits for the line that says that every workload is attached.
     *
     * @return this.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public EngineUnderTest awaitReady() throws InterruptedException {
        return awaitReady(READY_TIMEOUT_MS);
    }

    /**
     * Waits for the line that says that every workload is attached.
     *
     * @param timeoutMs how long at most.
     * @return this.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public EngineUnderTest awaitReady(final long timeoutMs) throws InterruptedException {
        process.awaitLine("ready", timeoutMs);
        return this;
    }

    /** When it was started, on the clock of {@code System.nanoTime()}: CLOCK_MONOTONIC, as the generator's. */
    long execNs() {
        return execNs;
    }

    /**
     * Its process.
     *
     * @return the id, also after its end.
     */
    public long pid() {
        return process.pid();
    }

    /**
     * Asks it something by its admin socket.
     *
     * @param command such as {@code status}.
     * @return its answer.
     * @throws IOException if it does not answer.
     */
    public JsonNode ask(final String command) throws IOException {
        if (admin == null) {
            admin = AdminClient.connect(adminSocket);
        }
        return admin.ask(command);
    }

    /**
     * The counters of its one worker.
     *
     * @return what it has counted since its start.
     * @throws IOException if the admin socket does not answer.
     */
    public WorkerFigures worker() throws IOException {
        return WorkerFigures.of(ask("counters").path("workers").path(0));
    }

    /**
     * How long the burst cycles of its one worker took that found work.
     *
     * @return since its start.
     * @throws IOException if the admin socket does not answer.
     */
    public Latencies cycles() throws IOException {
        return Latencies.of(ask("cycles").path("workers").path(0));
    }

    int descriptorCount() throws IOException {
        try (var descriptors = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
            return (int)descriptors.count();
        }
    }

    /** Waits until status names this workload interface, or no longer does. */
    void awaitAttached(final String interfaceName, final boolean attached) throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        while (isAttached(interfaceName) != attached) {
            if (System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(READY_TIMEOUT_MS)) {
                throw new BenchException("wait for " + interfaceName + (attached ? " to be attached" : " to be let go")
                    + ": not within " + READY_TIMEOUT_MS + " ms");
            }
            Thread.sleep(1);
        }
    }

    private boolean isAttached(final String interfaceName) throws IOException {
        for (final JsonNode workload : ask("status").path("workloads")) {
            if (interfaceName.equals(workload.path("interface").asText())) {
                return true;
            }
        }
        return false;
    }

    /**
     * SIGKILL, and waits for the end.
     *
     * @throws IOException if its admin socket cannot be closed.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public void kill() throws IOException, InterruptedException {
        closeAdmin();
        process.kill();
    }

    private void closeAdmin() throws IOException {
        if (admin != null) {
            admin.close();
            admin = null;
        }
    }

    @Override
    public void close() throws IOException {
        closeAdmin();
        process.close();
    }
}

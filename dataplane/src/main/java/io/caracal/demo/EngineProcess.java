package io.caracal.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.caracal.dataplane.AdminClient;
import io.caracal.lab.LabNode;

/**
 * The engine in a JVM of its own inside a node's network, started by the same java, flags and jar as this process. It
 * ends when its standard input closes, so it cannot outlive this process, however that ends.
 */
final class EngineProcess implements AutoCloseable {
    /** Compiling the eBPF programs and warming up take one or two seconds on two cores; a machine may be busy. */
    private static final int READY_TIMEOUT_SECONDS = 30;
    private static final int END_TIMEOUT_SECONDS = 8;
    private static final int LOG_TAIL_LINES = 15;

    private final Process process;
    private final Path log;
    private final Path adminSocket;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final long startNs = System.nanoTime();
    private volatile long readyNs;

    private EngineProcess(final Process process, final Path log, final Path adminSocket) {
        this.process = process;
        this.log = log;
        this.adminSocket = adminSocket;
        Thread.ofPlatform().name("caracal-demo-engine-output").daemon(true).start(this::awaitReadyLine);
    }

    /** Starts it on a node; {@link #awaitReady} says when it has begun to work. */
    static EngineProcess start(final LabNode node) throws IOException {
        final List<String> command = new ArrayList<>(JavaCommand.ofThisProcess());
        command.addAll(List.of("run", "--node", node.name(), "--manifests", node.manifests().toString(),
            "--state", node.state().toString(), "--admin", node.adminSocket().toString(),
            "--set", "bpf-file-system=" + node.bpfFileSystem(),
            "--set", "mtu-file=" + node.state().resolve("mtu"), "--exit-on-stdin-close"));
        final Path log = node.state().resolve("engine.log");
        final Process process = new ProcessBuilder(node.detachedCommand(command))
            .redirectError(log.toFile()).start();
        return new EngineProcess(process, log, node.adminSocket());
    }

    private void awaitReadyLine() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if ("ready".equals(line.strip()) && ready.getCount() > 0) {
                    readyNs = System.nanoTime();
                    ready.countDown();
                }
            }
        } catch (final IOException e) {
            assert !process.isAlive() : e;
        }
        ready.countDown();
    }

    /**
     * Waits until it takes traffic.
     *
     * @return how long that took from its start, in ms.
     * @throws DemoFailure when it ended instead, or is not ready in time; with the end of its log.
     */
    long awaitReady() throws InterruptedException, DemoFailure {
        if (!ready.await(READY_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            throw new DemoFailure("the engine was not ready within " + READY_TIMEOUT_SECONDS + " s" + logTail());
        }
        if (readyNs == 0) {
            throw new DemoFailure("the engine ended before it was ready" + logTail());
        }
        return TimeUnit.NANOSECONDS.toMillis(readyNs - startNs);
    }

    AdminClient connect() throws IOException {
        return AdminClient.connect(adminSocket);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** The last lines of its log, on lines of their own. */
    String logTail() {
        try {
            final List<String> lines = Files.readAllLines(log);
            final List<String> tail = lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size());
            return tail.isEmpty() ? "; its log is empty" : "; the end of its log:\n    " + String.join("\n    ", tail);
        } catch (final IOException e) {
            return "; its log cannot be read: " + e.getMessage();
        }
    }

    /** Asks it to end by closing its input, then by SIGTERM, then by SIGKILL. */
    @Override
    public void close() {
        boolean interrupted = false;
        try {
            process.getOutputStream().close();
        } catch (final IOException e) {
            /* Nobody reads at the other end: it has ended, which the wait below finds. */
            process.destroy();
        }
        for (final Runnable nextStep : List.<Runnable>of(process::destroy, process::destroyForcibly)) {
            try {
                if (process.waitFor(END_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    break;
                }
            } catch (final InterruptedException e) {
                interrupted = true;
            }
            nextStep.run();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

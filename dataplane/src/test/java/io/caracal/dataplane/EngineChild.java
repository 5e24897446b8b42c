package io.caracal.dataplane;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.caracal.lab.LabNode;

/** {@code caracal run} in a JVM of its own on a node, so that a test can kill it. It ends with the test's JVM. */
final class EngineChild implements AutoCloseable {
    private static final int END_SECONDS_MAX = 20;

    private final Process process;
    private final Path log;

    private EngineChild(final Process process, final Path log) {
        this.process = process;
        this.log = log;
    }

    /** @param settings {@code key=value} each. */
    static EngineChild start(final LabNode node, final String... settings) throws IOException {
        final List<String> arguments = new ArrayList<>();
        for (final String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return startWith(node, arguments);
    }

    /** @param arguments after those that every engine on the node has, and stronger. */
    static EngineChild startWith(final LabNode node, final List<String> arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
            ProcessHandle.current().info().command().orElseThrow(), "-XX:+UseSerialGC", "-Xmx256m",
            "-XX:-UsePerfData", "-XX:-UseFPUForSpilling", "-Dagrona.disable.bounds.checks=true",
            "--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
            "-cp", System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "io.caracal.cli.CaracalMain", "run", "--node", node.name(),
            "--state", node.state().toString(), "--admin", node.adminSocket().toString(),
            "--set", "bpf-file-system=" + node.bpfFileSystem(),
            "--set", "mtu-file=" + node.state().resolve("mtu"), "--exit-on-stdin-close"));
        if (!arguments.contains("--manifests") && !arguments.contains("--felix")) {
            command.addAll(List.of("--manifests", node.manifests().toString()));
        }
        command.addAll(arguments);
        final Path log = Files.createTempFile(node.state(), "engine", ".log");
        return new EngineChild(
            new ProcessBuilder(node.detachedCommand(command)).redirectError(log.toFile()).start(), log);
    }

    /** Waits for the line that says that it takes traffic. */
    EngineChild awaitReady() throws IOException {
        final BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if ("ready".equals(line.strip())) {
                return this;
            }
        }
        throw new AssertionError("the engine ended before it was ready:\n" + log());
    }

    long pid() {
        return process.pid();
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        exitCode();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS)) {
            throw new AssertionError("the engine did not end within " + END_SECONDS_MAX + " s");
        }
        return process.exitValue();
    }

    /** Closes its standard input and waits until it has ended by itself. */
    int end() throws IOException, InterruptedException {
        process.getOutputStream().close();
        return exitCode();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}

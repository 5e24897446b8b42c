package io.caracal.perf.tool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.caracal.perf.BenchException;

/** Programs that set a peer up: {@code ip}, {@code iptables}, {@code nft}, each in a network namespace. Stateless. */
public final class NamespaceCommand {
    private static final int TIMEOUT_SECONDS = 240;
    private static final int LINES_SHOWN = 5;
    private static final List<Path> FOLDERS = List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"));

    private NamespaceCommand() {
    }

    /**
     * Which Debian packages are missing for a peer.
     *
     * @param packageOf Debian's package by the program that is needed of it.
     * @return names of packages, sorted, each once; empty if everything is there.
     */
    public static List<String> missingPackages(final Map<String, String> packageOf) {
        return packageOf.entrySet().stream()
            .filter(entry -> FOLDERS.stream().noneMatch(folder -> Files.isExecutable(folder.resolve(entry.getKey()))))
            .map(Map.Entry::getValue).distinct().sorted().toList();
    }

    /**
     * Runs a program in a namespace, its input from a text, and waits for its end.
     *
     * @param namespace name of the network namespace.
     * @param command program and arguments.
     * @param input what it reads on standard input.
     * @return what it said, on both outputs.
     * @throws InterruptedException if the benchmark is being ended.
     * @throws BenchException if it fails or takes longer than four minutes, with what it said.
     */
    public static String run(final String namespace, final List<String> command, final String input)
        throws InterruptedException {
        final List<String> whole = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        whole.addAll(command);
        try {
            final Path in = Files.writeString(Files.createTempFile("caracal-bench-", ".in"), input);
            final Path out = Files.createTempFile("caracal-bench-", ".out");
            try {
                return run(whole, in, out);
            } finally {
                Files.delete(in);
                Files.delete(out);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("run " + String.join(" ", whole), e);
        }
    }

    private static String run(final List<String> command, final Path in, final Path out)
        throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectInput(in.toFile()).redirectErrorStream(true)
            .redirectOutput(out.toFile()).start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new BenchException(String.join(" ", command) + ": not done after " + TIMEOUT_SECONDS + " s");
        }
        final String said = Files.readString(out);
        if (process.exitValue() != 0) {
            throw new BenchException(String.join(" ", command) + ": exit code " + process.exitValue() + ": "
                + said.lines().limit(LINES_SHOWN).toList());
        }
        return said;
    }

    /**
     * Runs lines of words, one program after the other.
     *
     * @param namespace name of the network namespace.
     * @param lines each a program and its arguments, blank between them.
     * @throws InterruptedException if the benchmark is being ended.
     * @throws BenchException if one fails, with what it said; those after it are not run.
     */
    public static void runLines(final String namespace, final List<String> lines) throws InterruptedException {
        for (final String line : lines) {
            run(namespace, List.of(line.split(" ")), "");
        }
    }
}

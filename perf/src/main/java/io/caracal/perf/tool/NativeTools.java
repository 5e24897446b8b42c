package io.caracal.perf.tool;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

import io.caracal.perf.BenchException;

/**
 * The programs {@code xskgen} (packet generator and receiver), {@code cfwd} (the C twin of the forwarder),
 * {@code cnode} (that of a node), {@code ctable} (that of the flow table), {@code cparse} (that of the
 * parse stage), {@code cpath} (that of the packet path) and {@code podgen} (clients and servers in pods), compiled from
 * the sources in this jar with the machine's own compiler, for this very processor: a twin that is compiled less well
 * than the JVM compiles Java would be no limit. Each takes half a second when it is first asked for, in a private
 * temporary directory that {@link #close} removes. One thread.
 */
public final class NativeTools implements AutoCloseable {
    private static final List<String> SHARED_SOURCES = List.of("system.c", "xsk.c");
    /** Besides the shared ones. */
    private static final Map<String, List<String>> SOURCES = Map.of(
        "xskgen", List.of("xskgen.c", "send.c", "receive.c", "judge.c", "packet.c"),
        "cfwd", List.of("cfwd.c", "burst.c"),
        "cnode", List.of("cnode.c", "burst.c"),
        "ctable", List.of("ctable.c"),
        "cparse", List.of("cparse.c"),
        "cpath", List.of("cpath.c", "burst.c"),
        "podgen", List.of("podgen.c", "podserve.c", "podload.c", "poddatagram.c"));
    private static final List<String> HEADERS =
        List.of("podgen.h", "flowtable.h", "system.h", "xsk.h", "xskgen.h", "backend.h", "judge.h", "histogram.h",
            "packet.h", "burst.h", "port.h", "wire.h", "vxlan.h");
    /** Strict aliasing lets gcc remove header stores through a byte pointer's back: then it is fast, and wrong. */
    private static final List<String> FLAGS =
        List.of("-std=gnu11", "-O3", "-march=native", "-fno-strict-aliasing", "-Wall", "-Wextra", "-pthread");
    /** Debian keeps the machine's own headers apart; other systems do not have that folder. */
    private static final List<String> BPF_FLAGS = List.of("-O2", "-g", "-Wall", "-target", "bpf", "-mcpu=v3",
        "-I/usr/include/" + machine() + "-linux-gnu", "-c");
    private static final int COMPILE_SECONDS_MAX = 120;

    private final Path directory;
    private final String compiler;

    private static String machine() {
        final String name = System.getProperty("os.arch");
        return "amd64".equals(name) ? "x86_64" : name;
    }

    private NativeTools(final Path directory, final String compiler) {
        this.directory = directory;
        this.compiler = compiler;
    }

    /**
     * Writes the sources out, to be compiled with {@code $CC}, or {@code cc}.
     *
     * @return the programs; the caller closes them.
     * @throws IOException if the sources cannot be written out.
     */
    public static NativeTools open() throws IOException {
        return open(System.getenv().getOrDefault("CC", "cc"));
    }

    /**
     * Writes the sources out, to be compiled with a compiler of choice.
     *
     * @param compiler its name or path.
     * @return the programs; the caller closes them.
     * @throws IOException if the sources cannot be written out.
     */
    public static NativeTools open(final String compiler) throws IOException {
        final NativeTools tools =
            new NativeTools(BenchDirectory.create(Path.of(System.getProperty("java.io.tmpdir"))), compiler);
        try {
            final Set<String> files = new TreeSet<>(HEADERS);
            files.addAll(SHARED_SOURCES);
            SOURCES.values().forEach(files::addAll);
            for (final String file : files) {
                tools.extract(file);
            }
            return tools;
        } catch (final IOException | RuntimeException e) {
            tools.close();
            throw e;
        }
    }

    /** Compiled by the first who asks. */
    private Path program(final String name) {
        final Path program = directory.resolve(name);
        if (!Files.exists(program)) {
            try {
                compile(name, SOURCES.get(name));
            } catch (final IOException e) {
                throw new UncheckedIOException("compile " + name, e);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new BenchException("compile " + name + ": interrupted", e);
            }
        }
        return program;
    }

    /**
     * The packet generator and receiver.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path generator() {
        return program("xskgen");
    }

    /**
     * The C twin.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path twin() {
        return program("cfwd");
    }

    /**
     * The C twin of a node.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path node() {
        return program("cnode");
    }

    /**
     * The flow table's C twin.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path table() {
        return program("ctable");
    }

    /**
     * The parse stage's C twin.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path parser() {
        return program("cparse");
    }

    /**
     * The packet path's C twin, whole or a part of it.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path path() {
        return program("cpath");
    }

    /**
     * Clients and servers in pods.
     *
     * @return path of the executable.
     * @throws BenchException if there is no compiler or it refuses, with what it said.
     */
    public Path load() {
        return program("podgen");
    }

    /**
     * Compiles an eBPF program, for {@code tc}.
     *
     * @param source its name among the sources in the jar.
     * @param object name of the object, different for different programs.
     * @param definition an option {@code -DNAME=VALUE}.
     * @return path of the object; removed with the programs.
     * @throws IOException if the source cannot be written out.
     * @throws InterruptedException if the benchmark is being ended.
     * @throws BenchException if there is no clang or it refuses, with what it said.
     */
    public Path compileBpf(final String source, final String object, final String definition)
        throws IOException, InterruptedException {
        if (!Files.exists(directory.resolve(source))) {
            extract(source);
        }
        final List<String> command = new ArrayList<>(List.of("clang", definition, source, "-o", object));
        command.addAll(BPF_FLAGS);
        run("clang", object, command);
        return directory.resolve(object);
    }

    private void extract(final String name) throws IOException {
        try (InputStream source = NativeTools.class.getResourceAsStream("/io/caracal/perf/c/" + name)) {
            if (source == null) {
                throw new IllegalStateException("the jar has no source " + name);
            }
            Files.copy(source, directory.resolve(name));
        }
    }

    private void compile(final String program, final List<String> sources)
        throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(compiler));
        command.addAll(FLAGS);
        command.addAll(sources);
        command.addAll(SHARED_SOURCES);
        command.addAll(List.of("-o", program));
        run(compiler, program, command);
    }

    private void run(final String compiler, final String program, final List<String> command)
        throws IOException, InterruptedException {
        final Path log = directory.resolve(program + ".log");
        final Process process;
        try {
            process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).start();
        } catch (final IOException e) {
            throw new BenchException("compile " + program + " with " + compiler
                + ": there is no such compiler (apt-get install gcc libc6-dev, or set CC)", e);
        }
        if (!process.waitFor(COMPILE_SECONDS_MAX, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new BenchException("compile " + program + ": not done after " + COMPILE_SECONDS_MAX + " s");
        }
        if (process.exitValue() != 0) {
            throw new BenchException("compile " + program + " with " + compiler + ": exit code " + process.exitValue()
                + " (are libc6-dev and the kernel's headers there?)\n" + Files.readString(log, StandardCharsets.UTF_8));
        }
    }

    @Override
    public void close() {
        try {
            BenchDirectory.remove(directory);
        } catch (final IOException e) {
            throw new BenchException("remove " + directory + " (remove it by hand)", e);
        }
    }
}

package io.caracal.perf.policy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.caracal.perf.BenchException;

/**
 * TupleMerge, the best published software classifier for changing rules, by its authors' own C++ program
 * (github.com/drjdaly/tuplemerge, {@code make}, program {@code main}), which is built outside this project. Its online
 * and its offline variant are both run; the faster one counts.
 */
final class TupleMergeProgram {
    /** Environment variable that names the program. */
    static final String SETTING = "CARACAL_TUPLEMERGE";

    private static final int TRACE_REPEATS = 8;
    private static final int TIMEOUT_SECONDS = 300;
    private static final Pattern TIME = Pattern.compile("Classification time: ([0-9.]+) s");
    private static final double NS_PER_SECOND = 1e9;

    private final Path program;

    private TupleMergeProgram(final Path program) {
        this.program = program;
    }

    /** The program that the environment names; null if it names none. */
    static TupleMergeProgram find() {
        final String named = System.getenv(SETTING);
        if (named == null || named.isEmpty()) {
            return null;
        }
        if (!Files.isExecutable(Path.of(named))) {
            throw new BenchException(SETTING + "=" + named + " is no program that can be run (build it by make)");
        }
        return new TupleMergeProgram(Path.of(named));
    }

    /** Nanoseconds of a lookup, run by run. The trace is repeated, so that most of it runs with warm caches. */
    double[] measure(final ClassBenchSet set, final int runs) throws IOException, InterruptedException {
        final Path directory = Files.createTempDirectory("caracal-tuplemerge-");
        try {
            final Path rules = Files.write(directory.resolve("rules"), set.ruleLines());
            final Path trace = Files.write(directory.resolve("trace"), traceLines(set));
            final double[] times = new double[runs];
            for (int run = 0; run < runs; run++) {
                times[run] = run(rules, trace) * NS_PER_SECOND / set.headerCount() / TRACE_REPEATS;
            }
            return times;
        } finally {
            remove(directory);
        }
    }

    private static List<String> traceLines(final ClassBenchSet set) {
        final List<String> lines = new ArrayList<>();
        for (int i = 0; i < set.headerCount() * TRACE_REPEATS; i++) {
            final long[] header = set.header(i % set.headerCount());
            lines.add(header[0] + "\t" + header[1] + "\t" + header[2] + "\t" + header[3] + "\t" + header[4] + "\t0");
        }
        return lines;
    }

    private double run(final Path rules, final Path trace) throws IOException, InterruptedException {
        final Path log = rules.resolveSibling("log");
        final Process process = new ProcessBuilder(program.toString(), "f=" + rules, "p=" + trace,
            "c=TMOnline,TMOffline", "TM.Limit.Collide=10", "m=Classification", "o=" + rules.resolveSibling("csv"))
            .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new BenchException("run " + program + ": not done after " + TIMEOUT_SECONDS + " s");
        }
        final Matcher times = TIME.matcher(Files.readString(log));
        double best = Double.MAX_VALUE;
        while (times.find()) {
            best = Math.min(best, Double.parseDouble(times.group(1)));
        }
        if (process.exitValue() != 0 || best == Double.MAX_VALUE) {
            throw new BenchException("run " + program + ": exit code " + process.exitValue() + ", it printed\n"
                + Files.readString(log));
        }
        return best;
    }

    private static void remove(final Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (final Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}

package io.caracal.perf.micro;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

import io.caracal.perf.BenchException;
import io.caracal.perf.BenchSettings;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs JMH with the same iterations and JVM flags for every scenario, and reads its iterations one by one. */
public final class JmhRuns {
    private static final int FORKS = 2;
    private static final int ITERATIONS = 5;
    private static final int ITERATION_MS = 1000;
    private static final int QUICK_ITERATION_MS = 300;

    private JmhRuns() {
    }

    /**
     * Runs the benchmarks of a class; a JVM is forked for each.
     *
     * @param settings how long.
     * @param benchmarkClass qualified name of the class.
     * @param more parameters, profilers and forks that differ.
     * @return a result for each benchmark method and combination of parameters.
     * @throws BenchException if one failed, or the class has none.
     */
    public static Collection<RunResult> run(final BenchSettings settings, final String benchmarkClass,
        final Consumer<ChainedOptionsBuilder> more) {
        final int iterationMs = settings.quick() ? QUICK_ITERATION_MS : ITERATION_MS;
        final ChainedOptionsBuilder options = new OptionsBuilder()
            .include("^" + benchmarkClass.replace(".", "\\.") + "\\.")
            .forks(settings.quick() ? 1 : FORKS)
            .warmupIterations(ITERATIONS).warmupTime(TimeValue.milliseconds(iterationMs))
            .measurementIterations(ITERATIONS).measurementTime(TimeValue.milliseconds(iterationMs))
            .jvmArgsAppend("--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED", "-Dagrona.disable.bounds.checks=true", "-XX:+UseSerialGC",
                "-XX:-UseFPUForSpilling")
            .shouldFailOnError(true);
        more.accept(options);
        /* JMH's own report goes where progress goes: standard output belongs to the result. */
        final OutputFormat format = OutputFormatFactory.createFormatInstance(new PrintStream(System.err, true),
            VerboseMode.NORMAL);
        try {
            return new Runner(options.build(), format).run();
        } catch (final RunnerException e) {
            throw new BenchException("run " + benchmarkClass + " by JMH", e);
        }
    }

    /**
     * The score of each iteration.
     *
     * @param run one benchmark's result, in ns per operation.
     * @return nanoseconds, fork after fork.
     */
    public static double[] iterationScores(final RunResult run) {
        final Result<?> primary = run.getPrimaryResult();
        if (!"ns/op".equals(primary.getScoreUnit())) {
            throw new IllegalStateException(run.getParams().getBenchmark() + " must report ns/op, not "
                + primary.getScoreUnit());
        }
        final List<Double> scores = new ArrayList<>();
        for (final BenchmarkResult fork : run.getBenchmarkResults()) {
            for (final IterationResult iteration : fork.getIterationResults()) {
                scores.add(iteration.getPrimaryResult().getScore());
            }
        }
        return scores.stream().mapToDouble(Double::doubleValue).toArray();
    }
}

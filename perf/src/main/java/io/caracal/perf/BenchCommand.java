package io.caracal.perf;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

import io.caracal.perf.report.BenchReport;
import io.caracal.perf.report.ReportFiles;
import io.caracal.perf.report.ReportMarkdown;
import io.caracal.perf.report.ScenarioResult;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code caracal bench}: measurements side by side. */
@Command(name = "caracal bench", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Measurements side by side, each with its peers in the same interleaved run.",
    footer = {
        "", "Examples:",
        "  caracal bench --list",
        "  caracal bench forward --json",
        "  caracal bench rings parse --quick", "",
        "Exit code: 0 every bar reached, 1 a bar missed, 2 wrong use, 3 the environment does not allow it.",
        "Figures of a machine on which other things run mean little: rounds in which others used more than",
        "15 %% of a CPU are rejected and run again."
    })
public final class BenchCommand implements Callable<Integer> {
    /** Every bar was reached. */
    public static final int EXIT_ALL_MET = 0;
    /** A bar was missed. */
    public static final int EXIT_MISSED = 1;
    /** A tool, a privilege or a kernel feature is missing. Wrong use is picocli's own 2. */
    public static final int EXIT_ENVIRONMENT = 3;

    private final ScenarioRegistry registry;
    @Spec
    private CommandSpec spec;
    @Parameters(arity = "0..*", paramLabel = "NAME", description = "scenarios (default: all; see --list)")
    private List<String> names = new ArrayList<>();
    @Option(names = "--json", description = "print the result as JSON on standard output, nothing else there")
    private boolean json;
    @Option(names = "--quick", description = "fewer and shorter rounds: for a look, not for a verdict")
    private boolean quick;
    @Option(names = "--rounds", paramLabel = "N", description = "interleaved rounds that count (default: "
        + BenchSettings.ROUNDS_DEFAULT + ", with --quick " + BenchSettings.ROUNDS_QUICK + ")")
    private Integer rounds;
    @Option(names = "--results", paramLabel = "DIR",
        description = "where JSON, plots and logs go (default: perf/results)")
    private Path results;
    @Option(names = "--rules", paramLabel = "FILE",
        description = "classifier: measure this rule set in ClassBench's format instead of the nine (with --trace)")
    private Path rules;
    @Option(names = "--trace", paramLabel = "FILE",
        description = "classifier: headers for --rules, each with the index of the rule that must match")
    private Path trace;
    @Option(names = "--list", description = "say what each scenario measures and must reach, and run none")
    private boolean list;

    /**
     * The command over given scenarios.
     *
     * @param registry what can be measured.
     */
    public BenchCommand(final ScenarioRegistry registry) {
        this.registry = registry;
    }

    /**
     * The process's entry.
     *
     * @param args scenario names and options.
     */
    public static void main(final String[] args) {
        System.exit(commandLine(BuiltInScenarios.registry()).execute(args));
    }

    /**
     * The command line with its exit codes.
     *
     * @param registry what can be measured.
     * @return a new one; not thread-safe.
     */
    public static CommandLine commandLine(final ScenarioRegistry registry) {
        return new CommandLine(new BenchCommand(registry))
            .setExecutionExceptionHandler((failure, commandLine, parsed) -> {
                printFailure(commandLine.getErr(), failure);
                return EXIT_ENVIRONMENT;
            });
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final List<Scenario> scenarios = chosen();
        if (list) {
            scenarios.forEach(this::describe);
            return EXIT_ALL_MET;
        }
        final BenchSettings settings = settings();
        final BenchRun run = new BenchRun(settings, registry);
        run.measure(scenarios);
        if (run.hasFound()) {
            final BenchReport report = run.report(reportName(scenarios));
            final List<Path> files = run.write(report);
            print(report, run.results());
            settings.say("written: " + files.getFirst() + " and " + (files.size() - 1) + " more beside it");
        }
        run.failures().forEach(failure -> printFailure(spec.commandLine().getErr(), failure));
        return !run.failures().isEmpty() ? EXIT_ENVIRONMENT
            : run.report(reportName(scenarios)).allMet() ? EXIT_ALL_MET : EXIT_MISSED;
    }

    private String reportName(final List<Scenario> scenarios) {
        return scenarios.size() == registry.scenarios().size() ? ScenarioRegistry.ALL
            : scenarios.stream().map(Scenario::name).collect(Collectors.joining(" "));
    }

    private List<Scenario> chosen() {
        try {
            return registry.find(names);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private BenchSettings settings() throws IOException {
        final Path home = Path.of(System.getProperty("caracal.home", ".")).toAbsolutePath().normalize();
        final Path directory = results != null ? results : home.resolve("perf").resolve("results");
        Files.createDirectories(directory);
        final int roundCount = rounds != null ? rounds
            : quick ? BenchSettings.ROUNDS_QUICK : BenchSettings.ROUNDS_DEFAULT;
        try {
            return new BenchSettings(roundCount, quick, directory, home, files(), spec.commandLine().getErr());
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Map<String, Path> files() {
        if ((rules == null) != (trace == null)) {
            throw new IllegalArgumentException("--rules and --trace go together");
        }
        return rules == null ? Map.of() : Map.of("rules", rules, "trace", trace);
    }

    private void describe(final Scenario scenario) {
        final PrintWriter out = spec.commandLine().getOut();
        out.printf("%-15s %s%n", scenario.name(), scenario.sentence());
        out.printf("%-15s   who: %s%n", "", String.join(", ", scenario.contenders()));
        scenario.bars().forEach(bar -> out.printf("%-15s   bar: %s%n", "", bar.sentence()));
        out.flush();
    }

    private void print(final BenchReport report, final List<ScenarioResult> found) {
        final PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ReportFiles.json(report));
        } else {
            out.println(report.machine());
            out.println(ReportMarkdown.table(report));
            found.forEach(result -> result.notes().forEach(out::println));
        }
        out.flush();
    }

    private static void printFailure(final PrintWriter err, final Throwable failure) {
        err.println("caracal: " + (failure.getMessage() == null ? failure.toString() : failure.getMessage()));
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            err.println("  because: " + (cause.getMessage() == null ? cause.toString() : cause.getMessage()));
        }
        if (System.getenv("CARACAL_STACKTRACE") != null) {
            failure.printStackTrace(err);
        }
        err.flush();
    }
}

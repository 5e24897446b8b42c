package io.caracal.cli;

import io.caracal.demo.DemoCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line: {@code caracal COMMAND}. Exit codes are {@link ExitCode}'s. */
@Command(name = "caracal", mixinStandardHelpOptions = true, versionProvider = BuildVersion.class,
    description = "A user-space packet dataplane for Calico nodes.",
    subcommands = {
        RunCommand.class, DemoCommand.class, StatusCommand.class, PolicyCommand.class, CountersCommand.class,
        FlowsCommand.class, DoctorCommand.class, CheckCommand.class, ExplainCommand.class, CleanupCommand.class,
        CommandLine.HelpCommand.class
    })
public final class CaracalCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Made by picocli. */
    public CaracalCommand() {
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "give a command (see caracal --help)");
    }

    /**
     * The command line with its exit codes and its one way to print failures.
     *
     * @return a new one; not thread-safe.
     */
    public static CommandLine commandLine() {
        return new CommandLine(new CaracalCommand())
            .setExitCodeExceptionMapper(failure ->
                failure instanceof ParameterException ? ExitCode.WRONG_USE : ExitCode.ENVIRONMENT)
            .setExecutionExceptionHandler((failure, commandLine, parsed) -> {
                Failures.print(commandLine.getErr(), failure);
                return Failures.exitCode(failure);
            });
    }
}

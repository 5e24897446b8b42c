package io.caracal.cli;

import java.util.List;
import java.util.Optional;

/**
 * The process's entry. An engine that is started with options of the plain kind starts without the command line's
 * parser: that parser's classes are too old for the virtual machine's ahead-of-time cache, and would take a third of
 * the time to the first packet. Everything else, and everything that is wrong, is the parser's to say.
 */
public final class CaracalMain {
    private CaracalMain() {
    }

    /**
     * Runs a command and ends the process with its {@link ExitCode}.
     *
     * @param args the command and its options.
     */
    public static void main(final String[] args) {
        final Optional<RunArguments> run = RunArguments.plain(List.of(args));
        System.exit(run.isPresent() ? run(run.get()) : CaracalCommand.commandLine().execute(args));
    }

    private static int run(final RunArguments arguments) {
        try {
            return EngineRun.run(arguments);
        } catch (final Exception failure) {
            Failures.print(System.err, failure);
            return Failures.exitCode(failure);
        }
    }
}

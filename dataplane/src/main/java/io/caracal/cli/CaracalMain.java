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
        System.exit(run(args));
    }

    private static int run(final String[] args) {
        final Optional<RunArguments> run = RunArguments.plain(List.of(args));
        try {
            if (run.isPresent()) {
                return EngineRun.run(run.get());
            }
            if (List.of(args).equals(List.of(Rehearsal.COMMAND))) {
                return Rehearsal.run();
            }
        } catch (final Exception failure) {
            Failures.print(System.err, failure);
            return Failures.exitCode(failure);
        }
        return CaracalCommand.commandLine().execute(args);
    }
}

package io.caracal.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that ran to its end.
 *
 * @param exitCode what it returned.
 * @param output   what it printed, errors among it.
 */
record CommandRun(int exitCode, String output) {
    /**
     * Runs a program and waits. It is killed when it takes too long.
     *
     * @param command        program and arguments.
     * @param timeoutSeconds how long it may take.
     * @return what came of it.
     * @throws DemoFailure when it is not installed or did not end in time.
     */
    static CommandRun of(final List<String> command, final int timeoutSeconds)
        throws IOException, InterruptedException, DemoFailure {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            final String[] output = new String[1];
            final Thread reader = Thread.ofVirtual().start(() -> output[0] = drain(process));
            if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                throw new DemoFailure(name(command) + " did not end within " + timeoutSeconds + " s");
            }
            reader.join();
            if (process.exitValue() == NOT_FOUND) {
                throw new DemoFailure(name(command) + " is not installed (try ./caracal setup)");
            }
            return new CommandRun(process.exitValue(), output[0]);
        } finally {
            process.destroyForcibly();
        }
    }

    /** What setpriv(1) returns where the program does not exist. */
    private static final int NOT_FOUND = 127;

    private static String drain(final Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return "(output lost: " + e.getMessage() + ')';
        }
    }

    /** The program itself, behind the words that enter its namespace. */
    private static String name(final List<String> command) {
        return command.size() > command.lastIndexOf("--") + 1 ? command.get(command.lastIndexOf("--") + 1)
            : command.getFirst();
    }
}

package io.caracal.cli;

import java.io.PrintStream;
import java.io.PrintWriter;

/** The one way in which commands say why they failed. */
final class Failures {
    private Failures() {
    }

    /** The causes, a line each; the stack trace only for who asks for it by CARACAL_STACKTRACE. */
    static void print(final PrintWriter err, final Throwable failure) {
        err.println("caracal: " + (failure.getMessage() == null ? failure.toString() : failure.getMessage()));
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            err.println("  because: " + (cause.getMessage() == null ? cause.toString() : cause.getMessage()));
        }
        if (System.getenv("CARACAL_STACKTRACE") != null) {
            failure.printStackTrace(err);
        }
        err.flush();
    }

    static void print(final PrintStream err, final Throwable failure) {
        print(new PrintWriter(err, true), failure);
    }

    /** A wrong setting is wrong use; everything else is the environment's. */
    static int exitCode(final Throwable failure) {
        return failure instanceof IllegalArgumentException ? ExitCode.WRONG_USE : ExitCode.ENVIRONMENT;
    }
}

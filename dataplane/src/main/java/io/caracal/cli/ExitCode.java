package io.caracal.cli;

/** What every command's exit code means. */
public final class ExitCode {
    /** Done, or the answer is yes. */
    public static final int OK = 0;
    /** Done, and the answer is no. */
    public static final int NO = 1;
    /** Wrong use: an unknown option, a value out of range. */
    public static final int WRONG_USE = 2;
    /** The environment does not allow it: missing privilege, kernel feature, engine. */
    public static final int ENVIRONMENT = 3;

    private ExitCode() {
    }
}

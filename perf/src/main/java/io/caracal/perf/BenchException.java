package io.caracal.perf;

/** The environment does not allow a measurement: a tool, a privilege or a kernel feature is missing. Exit code 3. */
public final class BenchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Says what is missing.
     *
     * @param message the act, the thing, and the next step.
     */
    public BenchException(final String message) {
        super(message);
    }

    /**
     * Says what failed, and why.
     *
     * @param message the act, the thing, and the next step.
     * @param cause what was thrown.
     */
    public BenchException(final String message, final Throwable cause) {
        super(message, cause);
    }
}

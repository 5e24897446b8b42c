package io.caracal.bindings;

/** Takes what libbpf has to say. Called on whatever thread is in libbpf, by several at once if several are. */
@FunctionalInterface
public interface LibBpfLog {
    /** How important a line is; in the order of {@code enum libbpf_print_level}. */
    enum Level {
        /** Something failed; a verifier's log is one such text. */
        WARN,
        /** Progress. */
        INFO,
        /** Every step. */
        DEBUG
    }

    /**
     * Takes one text. Whatever it throws is counted by {@link LibBpf#logFailureCount()} and goes no further: an
     * exception that left an upcall would end the JVM.
     *
     * @param level how important it is.
     * @param text without its last line break; cut at 64 KiB.
     */
    void log(Level level, String text);
}

package io.caracal.xdp;

import java.util.ArrayList;
import java.util.List;

/**
 * The kernel's verifier has refused a program. The message shows the last line of its log that tells something and how
 * many lines were left out; {@link #log()} has all of them.
 *
 * <pre>load program reads_past_the_end of refused: the verifier says "R1 offset is outside of the packet"
 * (7 lines omitted)</pre>
 */
public final class VerifierException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    /** What the verifier writes after the reason: how much it has worked, not why it stopped. */
    private static final List<String> STATISTICS = List.of("processed ", "verification time ", "stack depth ",
        "mark_precise:", "max_states_per_insn ", "-- END PROG LOAD LOG --");

    /** The whole log. */
    private final String log;

    /**
     * Made by the load.
     *
     * @param program the program's name.
     * @param object the name of the object it came from.
     * @param errno of the load, shown when the log is empty.
     * @param log what the verifier wrote, whole.
     */
    VerifierException(final String program, final String object, final String errno, final String log) {
        super("load program " + program + " of " + object + ": " + reason(errno, log));
        this.log = log;
    }

    private static String reason(final String errno, final String log) {
        final List<String> lines = tellingLines(log);
        if (lines.isEmpty()) {
            return errno + " (the verifier wrote nothing; is CAP_BPF there?)";
        }
        final String last = lines.get(lines.size() - 1).strip();
        final int omittedCount = lines.size() - 1;
        return "the verifier says \"" + last + "\" (" + omittedCount + (omittedCount == 1 ? " line" : " lines")
            + " omitted)";
    }

    private static List<String> tellingLines(final String log) {
        final List<String> lines = new ArrayList<>(log.lines().filter(line -> !line.isBlank()).toList());
        while (!lines.isEmpty() && STATISTICS.stream().anyMatch(lines.get(lines.size() - 1)::startsWith)) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    /**
     * The verifier's log as it wrote it.
     *
     * @return all lines, up to the size of the buffer that the load gave it (1 MiB).
     */
    public String log() {
        return log;
    }
}

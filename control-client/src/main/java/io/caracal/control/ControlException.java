package io.caracal.control;

import java.io.Serial;
import java.util.List;
import java.util.stream.Collectors;

/** The control input cannot be used as it stands; says everything that is wrong with it, not only the first thing. */
public final class ControlException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** Not kept when serialized: the message says the same. */
    private final transient List<ControlProblem> problems;

    /**
     * Tells the problems, one a line.
     *
     * @param problems at least one.
     */
    public ControlException(final List<ControlProblem> problems) {
        super(problems.stream().map(ControlProblem::toString).collect(Collectors.joining("\n")));
        assert !problems.isEmpty();
        this.problems = List.copyOf(problems);
    }

    /**
     * What is wrong.
     *
     * @return at least one problem, immutable.
     */
    public List<ControlProblem> problems() {
        return problems;
    }
}

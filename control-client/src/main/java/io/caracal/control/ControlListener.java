package io.caracal.control;

import java.util.List;

/**
 * Who takes {@link ControlUpdate}s from a {@link ControlSource}: called by one thread at a time. Neither method may
 * throw: a source has no use for the exception and ends.
 */
public interface ControlListener {
    /**
     * One change, in the order in which changes must be made.
     *
     * @param update the change.
     */
    void onUpdate(ControlUpdate update);

    /**
     * What the source could not, or did not, pass on: the whole list as it is now, also when it has become empty.
     * A status shows it, a log names each object.
     *
     * @param problems what is wrong, immutable.
     */
    void onProblems(List<ControlProblem> problems);
}

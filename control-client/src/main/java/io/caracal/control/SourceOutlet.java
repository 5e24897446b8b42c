package io.caracal.control;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Between a source and its listener: passes on what the source's feed tells until the source is closed, keeps the
 * feed's problems for the source, which tells them together with its own, and tells the same problems only once. One
 * thread at a time; owns nothing.
 */
public final class SourceOutlet implements ControlListener {
    private final ControlListener listener;
    private final BooleanSupplier isClosed;
    private List<ControlProblem> feedProblems = List.of();
    private List<ControlProblem> told = List.of();

    /**
     * An outlet through which nothing has gone.
     *
     * @param listener the source's.
     * @param isClosed whether the source is: nothing is passed on then. Any thread may have closed it.
     */
    public SourceOutlet(final ControlListener listener, final BooleanSupplier isClosed) {
        this.listener = listener;
        this.isClosed = isClosed;
    }

    @Override
    public void onUpdate(final ControlUpdate update) {
        if (!isClosed.getAsBoolean()) {
            listener.onUpdate(update);
        }
    }

    /** {@inheritDoc} They are kept. */
    @Override
    public void onProblems(final List<ControlProblem> problems) {
        feedProblems = problems;
    }

    /**
     * What the feed could not pass on.
     *
     * @return the whole list as it is now.
     */
    public List<ControlProblem> feedProblems() {
        return feedProblems;
    }

    /**
     * Tells the listener, if it is something else than what it was told before.
     *
     * @param now the source's problems and its feed's.
     */
    public void tell(final List<ControlProblem> now) {
        if (!now.equals(told) && !isClosed.getAsBoolean()) {
            told = List.copyOf(now);
            listener.onProblems(told);
        }
    }
}

package io.caracal.dataplane;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;

/**
 * Holds what a control source says until there is a control thread to hear it, then passes it on in the same order: so
 * that manifests are read while programs are loaded. Any thread.
 */
final class HeldUpdates implements ControlListener {
    private List<Consumer<ControlListener>> held = new ArrayList<>();
    private ControlListener listener;

    @Override
    public synchronized void onUpdate(final ControlUpdate update) {
        pass(to -> to.onUpdate(update));
    }

    @Override
    public synchronized void onProblems(final List<ControlProblem> problems) {
        pass(to -> to.onProblems(problems));
    }

    private void pass(final Consumer<ControlListener> said) {
        if (listener == null) {
            held.add(said);
        } else {
            said.accept(listener);
        }
    }

    /**
     * Passes on what was held, and everything after it.
     *
     * @param to who is told from now on; once.
     */
    synchronized void passTo(final ControlListener to) {
        if (listener != null) {
            throw new IllegalStateException("updates are passed to one listener");
        }
        listener = to;
        held.forEach(said -> said.accept(to));
        held = null;
    }
}

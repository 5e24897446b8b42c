package io.caracal.kernel;

import io.caracal.bindings.NativeCallException;
import java.util.ArrayList;
import java.util.List;

/**
 * What one pass over the kernel's settings has changed, and what it could not do. An empty list of changes means that
 * everything was right already.
 *
 * @param changes a line for each change, such as {@code add route 10.65.1.0/26 …}.
 * @param problems a line for each thing that did not work; it is tried again with the next pass.
 */
public record NodeNetworkReport(List<String> changes, List<String> problems) {
    /** Copies the lists. */
    public NodeNetworkReport {
        changes = List.copyOf(changes);
        problems = List.copyOf(problems);
    }

    /** Collects a report; one pass's own. One thing that fails must not keep the others from being done. */
    static final class Writer {
        private final List<String> changes = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();

        /** Does something that changes the kernel's state. */
        void change(final String what, final Runnable act) {
            if (attempt(what, act)) {
                changes.add(what);
            }
        }

        /** Does something whose failure must not end the pass; tells whether it worked. */
        boolean attempt(final String what, final Runnable act) {
            try {
                act.run();
                return true;
            } catch (final RuntimeException e) {
                problem(what, e);
                return false;
            }
        }

        /** What failed in the kernel names itself. */
        private void problem(final String what, final RuntimeException failure) {
            problems.add(failure instanceof NativeCallException ? failure.getMessage()
                : what + ": " + failure.getMessage());
        }

        void problem(final String what) {
            problems.add(what);
        }

        NodeNetworkReport report() {
            return new NodeNetworkReport(changes, problems);
        }
    }
}

package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeldUpdatesTest {
    private final HeldUpdates updates = new HeldUpdates();
    private final List<String> heard = new ArrayList<>();
    private final ControlListener listener = new ControlListener() {
        @Override
        public void onUpdate(final ControlUpdate update) {
            heard.add(update.getClass().getSimpleName());
        }

        @Override
        public void onProblems(final List<ControlProblem> problems) {
            heard.add(problems.size() + " problems");
        }
    };

    @Test
    void shouldPassOnWhatWasSaidBeforeAndAfterInTheSameOrder() {
        updates.onUpdate(new ControlUpdate.InSync());
        updates.onProblems(List.of());
        assertEquals(List.of(), heard);

        updates.passTo(listener);
        assertEquals(List.of("InSync", "0 problems"), heard);

        updates.onProblems(List.of());
        updates.onUpdate(new ControlUpdate.InSync());
        assertEquals(List.of("InSync", "0 problems", "0 problems", "InSync"), heard);
    }

    @Test
    void shouldPassToOneListener() {
        updates.passTo(listener);
        assertThrows(IllegalStateException.class, () -> updates.passTo(listener));
    }
}

package io.caracal.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What comes out of a source: problems when they change, and nothing once it is closed. */
class SourceOutletTest {
    private static final ControlProblem ONE = new ControlProblem(ControlProblem.Kind.REFUSED, "a.yaml", "a", "wrong");
    private static final ControlProblem OTHER = new ControlProblem(ControlProblem.Kind.REFUSED, "b.yaml", "b", "wrong");

    private final List<Object> heard = new ArrayList<>();
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private final SourceOutlet outlet = new SourceOutlet(new ControlListener() {
        @Override
        public void onUpdate(final ControlUpdate update) {
            heard.add(update);
        }

        @Override
        public void onProblems(final List<ControlProblem> problems) {
            heard.add(problems);
        }
    }, isClosed::get);

    @Test
    void shouldTellProblemsWhenTheyChange() {
        outlet.tell(List.of());
        outlet.tell(List.of(ONE));
        outlet.tell(List.of(ONE));
        outlet.tell(List.of(ONE, OTHER));
        outlet.tell(List.of());
        assertEquals(List.of(List.of(ONE), List.of(ONE, OTHER), List.of()), heard);
    }

    @Test
    void shouldKeepTheFeedsProblemsForTheSource() {
        outlet.onProblems(List.of(ONE));
        assertEquals(List.of(), heard);
        assertEquals(List.of(ONE), outlet.feedProblems());
    }

    @Test
    void shouldTellNothingOnceTheSourceIsClosed() {
        final ControlUpdate update = new ControlUpdate.InSync();
        outlet.onUpdate(update);
        isClosed.set(true);
        outlet.onUpdate(update);
        outlet.tell(List.of(ONE));
        assertEquals(List.of(update), heard);
    }
}

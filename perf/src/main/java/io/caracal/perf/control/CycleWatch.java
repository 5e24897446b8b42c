package io.caracal.perf.control;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.life.EngineUnderTest;

/** The longest burst cycle of each second, as the worker's own duty-cycle tracker has it. One thread. */
final class CycleWatch {
    private static final double NS_PER_US = 1000;

    private final EngineUnderTest engine;
    private final List<Double> secondsUs = new ArrayList<>();

    CycleWatch(final EngineUnderTest engine) {
        this.engine = engine;
    }

    /** Once a second: the last whole second's longest. */
    void look() throws IOException {
        secondsUs.add(engine.worker().cycleMaxRecentNs() / NS_PER_US);
    }

    /** Microseconds, a value a second; the first two seconds belong to what was before. */
    double[] valuesUs() {
        return secondsUs.stream().skip(2).mapToDouble(Double::doubleValue).toArray();
    }
}

package io.caracal.perf;

import io.caracal.lab.Lab;
import io.caracal.lab.LabSweep;

/** The network namespaces of a benchmark, after those of benchmarks and demos that were killed. */
public final class BenchLab {
    private BenchLab() {
    }

    /**
     * Sweeps what dead processes have left, and makes a lab.
     *
     * @param scenario its name, lower-case letters.
     * @param settings say what was swept.
     * @return the lab; the caller closes it.
     * @throws io.caracal.bindings.NativeCallException EPERM without root.
     */
    public static Lab create(final String scenario, final BenchSettings settings) {
        final LabSweep.Swept swept = LabSweep.sweep();
        if (swept.isAnything()) {
            settings.say("removed " + swept);
        }
        return Lab.create("bench" + scenario);
    }
}

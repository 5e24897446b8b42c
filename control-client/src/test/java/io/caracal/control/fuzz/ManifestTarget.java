package io.caracal.control.fuzz;

import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import io.caracal.control.manifest.Manifests;
import java.nio.charset.StandardCharsets;

/** Jazzer's target: a manifest of any text compiles, or is refused with the place of each problem. */
public final class ManifestTarget {
    private static final HeapWatch HEAP = new HeapWatch();

    private ManifestTarget() {
    }

    /** Called by Jazzer for each case. */
    public static void fuzzerTestOneInput(final byte[] input) {
        try {
            Manifests.compileText(new String(input, StandardCharsets.UTF_8));
        } catch (final ControlException refused) {
            if (refused.problems().isEmpty()) {
                throw new AssertionError("refused without a problem", refused);
            }
            for (final ControlProblem problem : refused.problems()) {
                if (!problem.place().startsWith("f.yaml")) {
                    throw new AssertionError("a problem without its place: " + problem, refused);
                }
            }
        }
        HEAP.onCase();
    }
}

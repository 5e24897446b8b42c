package io.caracal.perf.policy;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

import io.caracal.policy.CompiledPolicy;
import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.model.PolicySet;

/**
 * What building a set's classifier costs, and whether it finds the right rules.
 *
 * @param buildMs time from policy objects to the published classifier, build by build.
 * @param bytesPerRule heap that the classifier keeps, beyond the policy objects.
 * @param wrong headers for which another rule was found than the trace says, as sentences; empty if none.
 */
record BuildFigures(double[] buildMs, double bytesPerRule, List<String> wrong) {
    private static final int BUILDS = 5;
    private static final int WEIGHED_RULES = 200_000;
    private static final int WEIGHED_MAX = 500;
    private static final int SHOWN = 5;
    private static final int COLLECTIONS = 3;
    private static final double NS_PER_MS = 1e6;

    static BuildFigures of(final ClassBenchSet set) {
        final PolicySet objects = set.policySet();
        final BuildFigures figures = of(objects, set.ruleCount());
        return new BuildFigures(figures.buildMs, figures.bytesPerRule, wrong(set, compile(objects).current()));
    }

    /** The cost alone. A few rules are built many times, so that what is weighed is more than the JVM's own unrest. */
    static BuildFigures of(final PolicySet objects, final int ruleCount) {
        final double[] buildMs = new double[BUILDS];
        for (int build = 0; build < BUILDS; build++) {
            final long startNs = System.nanoTime();
            compile(objects);
            buildMs[build] = (System.nanoTime() - startNs) / NS_PER_MS;
        }
        /* All are kept, so that nothing of one is freed while the next is weighed. */
        final PolicyCompiler[] weighed = new PolicyCompiler[Math.clamp(WEIGHED_RULES / ruleCount, 1, WEIGHED_MAX)];
        final long empty = usedBytes();
        for (int i = 0; i < weighed.length; i++) {
            weighed[i] = compile(objects);
        }
        final double bytes = (double)(usedBytes() - empty) / weighed.length;
        Reference.reachabilityFence(weighed);
        return new BuildFigures(buildMs, bytes / ruleCount, List.of());
    }

    private static PolicyCompiler compile(final PolicySet objects) {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(objects);
        compiler.publish();
        return compiler;
    }

    private static long usedBytes() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static List<String> wrong(final ClassBenchSet set, final CompiledPolicy policy) {
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        final List<String> wrong = new ArrayList<>();
        int count = 0;
        for (int header = 0; header < set.headerCount(); header++) {
            evaluator.allows(policy, set.packet(header));
            final int found = evaluator.decidedBy() == null ? -1 : evaluator.decidedBy().index();
            if (found != set.expected(header) && ++count <= SHOWN) {
                wrong.add(set.name() + " header " + (header + 1) + " (" + set.packet(header) + "): rule " + found
                    + " instead of " + set.expected(header));
            }
        }
        if (count > SHOWN) {
            wrong.add(set.name() + ": " + (count - SHOWN) + " more headers with a wrong rule");
        }
        return wrong;
    }
}

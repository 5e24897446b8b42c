package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The field's standard rule sets: every header of every trace finds the rule that linear search finds. */
class ClassBenchTest {
    static List<String> names() {
        return SharedFiles.entries("classbench").stream().map(path -> path.getFileName().toString())
            .filter(name -> name.endsWith(".rules.gz")).map(name -> name.substring(0, name.length() - 9)).toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    void shouldFindTheExpectedRule(final String name) throws IOException {
        final ClassBenchSet set = ClassBenchSet.read(SharedFiles.folder("classbench"), name);
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(set.policySet());
        final CompiledPolicy policy = compiler.publish();
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        for (int header = 0; header < set.headerCount(); header++) {
            final PolicyPacket packet = set.packet(header);
            final boolean allowed = evaluator.allows(policy, packet);
            final int found = evaluator.decidedBy() == null ? -1 : evaluator.decidedBy().index();
            final int line = header;
            assertEquals(set.expected(header), found, () -> name + " header " + line + ": " + packet);
            assertEquals(found >= 0, allowed);
        }
        assertTrue(set.headerCount() > 1000, name + " has no trace");
        System.out.println(name + ": " + set.ruleCount() + " rules, " + set.headerCount() + " headers as expected");
    }
}

package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The classifier says what the table says, and its explanation is the reference's. */
class PolicyEvaluatorTest {
    static List<PolicyCase> cases() {
        return PolicyCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldDecideAsTheTableSays(final PolicyCase row) {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(row.set());
        final CompiledPolicy policy = compiler.publish();
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        final Decision explained = evaluator.explain(policy, row.packet());
        assertEquals(row.allowed(), evaluator.allows(policy, row.packet()), explained::toString);
        assertEquals(row.reason(), evaluator.reason(), explained::toString);
        assertEquals(new ReferenceMatcher(row.set()).decide(row.packet()), explained);
    }
}

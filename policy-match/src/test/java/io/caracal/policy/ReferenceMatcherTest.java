package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference says what the table says. */
class ReferenceMatcherTest {
    static List<PolicyCase> cases() {
        return PolicyCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldDecideAsTheTableSays(final PolicyCase row) {
        final Decision decision = new ReferenceMatcher(row.set()).decide(row.packet());
        assertEquals(row.allowed(), decision.allowed(), decision::toString);
        assertEquals(row.reason(), decision.reason(), decision::toString);
    }
}

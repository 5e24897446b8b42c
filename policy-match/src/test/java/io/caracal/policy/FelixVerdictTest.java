package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.policy.model.PolicySet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What real Felix's iptables dataplane did with recorded packets is what we do with them. */
class FelixVerdictTest {
    /** How one of the two matchers is asked. */
    private interface Matcher {
        Decision decide(PolicyPacket packet);
    }

    @Test
    void shouldDecideAsFelixDidByTheReference() throws IOException {
        shouldDecideAsFelixDid("reference", set -> new ReferenceMatcher(set)::decide);
    }

    @Test
    void shouldDecideAsFelixDidByTheClassifier() throws IOException {
        final PolicyCompiler compiler = new PolicyCompiler(1);
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        shouldDecideAsFelixDid("classifier", set -> {
            compiler.replaceAll(set);
            final CompiledPolicy policy = compiler.publish();
            return packet -> {
                final Decision decision = evaluator.explain(policy, packet);
                assertEquals(decision.allowed(), evaluator.allows(policy, packet));
                return decision;
            };
        });
    }

    private static void shouldDecideAsFelixDid(final String name, final Function<PolicySet, Matcher> matchers)
        throws IOException {
        final List<String> wrong = new ArrayList<>();
        int probes = 0;
        for (final Path folder : SharedFiles.entries("felix/verdicts")) {
            if (!folder.getFileName().toString().startsWith("case-")) {
                continue;
            }
            final FelixCase felix = new FelixCase(folder);
            final Matcher matcher = matchers.apply(felix.set());
            for (final JsonNode probe : felix.probes()) {
                probes++;
                if (FelixCase.spoofed(probe)) {
                    assertTrue(!FelixCase.allowed(probe), "a spoofed packet that passed: " + probe);
                    continue;
                }
                final Decision decision = matcher.decide(felix.packet(probe));
                if (decision.allowed() != FelixCase.allowed(probe)) {
                    wrong.add(folder.getFileName() + " " + probe + "\n" + decision);
                }
            }
        }
        System.out.println("Felix's verdicts by the " + name + ": " + probes + " packets, " + wrong.size() + " decided otherwise");
        assertTrue(probes > 1000, "only " + probes + " packets found");
        assertEquals(List.of(), wrong);
    }
}

package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What real Felix's iptables dataplane did with recorded packets is what we do with them. */
class FelixVerdictTest {
    @Test
    void shouldDecideAsFelixDidByTheReference() throws IOException {
        final List<String> wrong = new ArrayList<>();
        int probes = 0;
        for (final Path folder : SharedFiles.entries("felix/verdicts")) {
            if (!folder.getFileName().toString().startsWith("case-")) {
                continue;
            }
            final FelixCase felix = new FelixCase(folder);
            final ReferenceMatcher reference = new ReferenceMatcher(felix.set());
            for (final JsonNode probe : felix.probes()) {
                probes++;
                if (FelixCase.spoofed(probe)) {
                    assertTrue(!FelixCase.allowed(probe), "a spoofed packet that passed: " + probe);
                    continue;
                }
                final Decision decision = reference.decide(felix.packet(probe));
                if (decision.allowed() != FelixCase.allowed(probe)) {
                    wrong.add(folder.getFileName() + " " + probe + "\n" + decision);
                }
            }
        }
        System.out.println("Felix's verdicts: " + probes + " packets, " + wrong.size() + " decided otherwise");
        assertTrue(probes > 1000, "only " + probes + " packets found");
        assertEquals(List.of(), wrong);
    }
}

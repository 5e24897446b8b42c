package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.SharedFiles;
import io.caracal.control.probe.Probe;
import io.caracal.control.probe.ProbeFile;
import io.caracal.control.probe.ProbeNode;
import io.caracal.control.probe.ProbeRun;
import io.caracal.control.probe.ProbeVerdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the real Felix's iptables dataplane did with recorded packets is what its recorded messages say to us. */
class FelixVerdictTest {
    private final List<String> wrong = new ArrayList<>();
    private int probeCount;

    @Test
    void shouldDecideEveryRecordedPacketAsFelixDid() throws IOException {
        for (final Path folder : SharedFiles.entries(SharedFiles.path("felix/verdicts"), "case-*")) {
            decide(folder);
        }
        System.out.println("verdicts from streams: " + probeCount + " packets, " + wrong.size() + " decided otherwise");
        assertTrue(probeCount > 500, "only " + probeCount + " packets found");
        assertEquals(List.of(), wrong);
    }

    private void decide(final Path folder) throws IOException {
        final ProbeNode node = new ProbeNode("node1", "eth0");
        FelixStreamFile.replay(folder.resolve("stream.bin.gz"), new ChangeFeed(node, key -> "stream"));
        assertEquals(List.of(), node.policy().problems());
        final ProbeRun run = new ProbeRun(node);
        for (final Probe probe : ProbeFile.read(folder.resolve("probes.json"), "node1")) {
            final ProbeVerdict verdict = run.decide(probe);
            probeCount++;
            if (!verdict.agrees()) {
                wrong.add(folder.getFileName() + " " + probe + ": " + verdict.word() + ", " + verdict.reason());
            }
        }
    }
}

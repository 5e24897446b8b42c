package io.caracal.perf.pods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.caracal.lab.Lab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.tool.NativeTools;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is measured is what carries: every peer lets the policy's port through, and the filters nothing else. */
class PodPathTest {
    private static final int PROBES_MIN = 5;
    private static final int WAIT_MS_MAX = 10_000;

    private static NativeTools tools;

    @BeforeAll
    static void compile() throws Exception {
        tools = NativeTools.open();
    }

    @AfterAll
    static void remove() {
        tools.close();
    }

    private static PodSetting setting(final Lab lab, final PodSetting.Layout layout) {
        final BenchSettings settings = new BenchSettings(1, true, Path.of("."), Path.of("."), Map.of(),
            new PrintWriter(Writer.nullWriter()));
        return new PodSetting(lab, tools, settings, layout);
    }

    /** Connections that came about before {@value #PROBES_MIN} of them had come about or failed. */
    private static long connected(final PodPath path, final PodPath.Place aim) throws Exception {
        try (LoadProcess prober = LoadProcess.start(tools.load(), List.of("probe"), List.of("--netns",
                path.client().namespace(), "--address", aim.address(), "--port", String.valueOf(aim.port())))) {
            LoadCounters now = prober.read();
            for (int waitedMs = 0; now.operations() + now.failures() < PROBES_MIN && waitedMs < WAIT_MS_MAX;
                waitedMs += 10) {
                Thread.sleep(10);
                now = prober.read();
            }
            return now.operations();
        }
    }

    private static LoadProcess serve(final PodPath path, final int port) throws Exception {
        return LoadProcess.start(tools.load(), List.of("answer"), List.of("--netns", path.api().namespace(),
            "--address", "0.0.0.0", "--port", String.valueOf(port)));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"CARACAL", "CARACAL_JAVA", "C_TWIN", "OVS"})
    void shouldCarryWhatThePolicyAllowsAndNothingElseWhereThereIsAFilter(final PodPeer peer) throws Exception {
        assertEquals(List.of(), peer.missing());
        try (Lab lab = Lab.create("podpath"); PodPath path = peer.lay(setting(lab, PodSetting.Layout.SAME_NODE));
            LoadProcess allowed = serve(path, PodPath.API_PORT); LoadProcess denied = serve(path, 8081)) {
            assertTrue(connected(path, path.api()) > 0, peer + " carries nothing to " + path.api());
            final boolean filters = List.of(PodPeer.FELIX_RULES, PodPeer.IPTABLES, PodPeer.NFTABLES).contains(peer);
            final long others =
                connected(path, new PodPath.Place(path.api().namespace(), path.api().address(), 8081));
            assertEquals(filters, others == 0, peer + " let " + others + " connections through to port 8081");
            assertTrue(allowed.pid() != denied.pid());
        }
    }

    @Test
    void shouldTranslateTheServiceAddressToABackendOnAnotherNode() throws Exception {
        try (Lab lab = Lab.create("podpath");
            PodPath path = PodPeer.FELIX_RULES.lay(setting(lab, PodSetting.Layout.ofService(true)));
            LoadProcess server = serve(path, PodPath.API_PORT)) {
            assertEquals("10.96.0.10", path.api().address());
            assertTrue(connected(path, path.api()) > 0, "no connection to " + path.api());
            assertTrue(server.read().failures() == 0);
        }
    }

    @Test
    void shouldLetTheClientInByTheLastOfManyRules() throws Exception {
        try (Lab lab = Lab.create("podpath");
            PodPath path = PodPeer.IPTABLES.lay(setting(lab, PodSetting.Layout.ofRules(1000)));
            LoadProcess server = serve(path, PodPath.API_PORT)) {
            assertTrue(connected(path, path.api()) > 0, "no connection to " + path.api());
            assertTrue(server.read().failures() == 0);
        }
    }
}

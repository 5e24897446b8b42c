package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 of a process that writes to its flows: a new process goes on with every one whose record was whole. */
class CrashRestartTest {
    private static final int FLOWS = 100_000;
    /** 99.99 %; a process with one worker can be inside one write, so one record may be torn. */
    private static final int LOST_MAX = FLOWS / 10_000;

    @TempDir
    Path directory;

    @RepeatedTest(5)
    @Timeout(120)
    void shouldGoOnWithEveryEstablishedFlowAfterKill9() throws Exception {
        final Path file = Files.createTempDirectory(directory, "crash").resolve("flows");
        final Process worker = new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
            "-cp", System.getProperty("java.class.path"), CrashingWorker.class.getName(), file.toString(),
            Integer.toString(FLOWS))).redirectErrorStream(true).start();
        try (BufferedReader output =
            new BufferedReader(new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8))) {
            String line = output.readLine();
            while (line != null && !line.equals("ready")) {
                System.out.println(line);
                line = output.readLine();
            }
            assertEquals("ready", line);
            Thread.sleep(300);
            assertTrue(worker.isAlive(), "it was killed while it wrote");
        } finally {
            worker.destroyForcibly();
        }
        assertTrue(worker.waitFor(30, TimeUnit.SECONDS));
        assertEquals(128 + 9, worker.exitValue(), "by SIGKILL");
        goOn(file);
    }

    private static void goOn(final Path file) {
        final long startNs = System.nanoTime();
        try (FlowImage image = FlowImage.open(file, Tables.spec(4, 2 * FLOWS), BootIdentity.current());
            Ipv4FlowTable table = Tables.ipv4(image)) {
            final long gapMs = (System.nanoTime() - startNs) / 1_000_000;
            assertEquals(FlowImage.Origin.RESTORED, image.origin());
            int lost = 0;
            long packets = 0;
            for (int flow = 0; flow < FLOWS; flow++) {
                final int found = table.find(CrashingWorker.addresses(flow), 1000 << 16 | 80, IpProtocol.TCP);
                if (found == FlowTable.MISS) {
                    lost++;
                } else {
                    assertEquals(FlowState.TCP_ESTABLISHED, table.state(found >> 1));
                    assertEquals(12, table.sourceIfindex(found >> 1));
                    packets += OffHeap.getLong(table.account(found >> 1));
                }
            }
            System.out.println("CrashRestartTest: " + table.restoration() + ", " + lost + " of " + FLOWS
                + " established lost, opened again in " + gapMs + " ms");
            assertTrue(lost <= LOST_MAX, "lost: " + lost);
            assertEquals(lost, Math.min(lost, table.restoration().torn()), "only a torn record may be lost");
            assertEquals(0, table.restoration().invalid() + table.restoration().duplicate());
            assertTrue(packets > 0, "it had written to its flows");
        }
    }
}

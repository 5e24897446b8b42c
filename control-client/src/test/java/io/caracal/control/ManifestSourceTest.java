package io.caracal.control;

import static io.caracal.control.manifest.Manifests.DB;
import static io.caracal.control.manifest.Manifests.DB_UPDATE;
import static io.caracal.control.manifest.Manifests.WEB;
import static io.caracal.control.manifest.Manifests.WEB_UPDATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.manifest.Manifests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ManifestSourceTest {
    @TempDir
    private Path directory;

    private final Recorder heard = new Recorder();

    /** What a source said, in order: updates on a line each, problems as {@code ! text}. */
    private static final class Recorder implements ControlListener {
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

        @Override
        public void onUpdate(final ControlUpdate update) {
            if (Manifests.isAttachment(update) || update instanceof ControlUpdate.InSync) {
                lines.add(Manifests.show(update));
            }
        }

        @Override
        public void onProblems(final List<ControlProblem> problems) {
            lines.add("! " + problems);
        }

        String next() throws InterruptedException {
            return lines.poll(30, TimeUnit.SECONDS);
        }

        List<String> now() {
            final List<String> heard = new ArrayList<>();
            lines.drainTo(heard);
            return heard;
        }
    }

    private ManifestSource source(final Path path) {
        return new ManifestSource(path, "node1", 10);
    }

    /** Replaces a file in one step, as editors and {@code kubectl} do. */
    private void write(final String name, final String text) throws IOException {
        final Path draft = Files.writeString(directory.resolve(".draft"), text);
        Files.move(draft, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    @Test
    void shouldDeliverAllAndThenInSyncOnTheStartingThread() throws IOException {
        write("b.yaml", WEB);
        write("a.yml", DB);
        write("notes.txt", "not: [yaml");
        write(".hidden.yaml", "not: [yaml");
        try (ControlSource source = source(directory)) {
            source.start(heard);
            assertEquals(List.of(DB_UPDATE, WEB_UPDATE, "in sync"), heard.now());
        }
    }

    @Test
    void shouldReadOneFile() throws IOException {
        write("b.conf", WEB);
        try (ControlSource source = source(directory.resolve("b.conf"))) {
            source.start(heard);
            assertEquals(List.of(WEB_UPDATE, "in sync"), heard.now());
        }
    }

    @Test
    void shouldDeliverOnlyDifferencesOfAChange() throws Exception {
        write("web.yaml", WEB);
        write("db.yaml", DB);
        try (ControlSource source = source(directory)) {
            source.start(heard);
            heard.now();
            write("web.yaml", WEB.replace("65.0.2", "65.0.9"));
            assertEquals(WEB_UPDATE.replace("65.0.2", "65.0.9"), heard.next());
            Files.delete(directory.resolve("db.yaml"));
            assertEquals("- k8s/shop/db/eth0", heard.next());
            write("more.yaml", DB);
            assertEquals(DB_UPDATE, heard.next());
        }
        assertEquals(List.of(), heard.now());
    }

    @Test
    void shouldKeepTheLastGoodStateWhileAFileIsWrong() throws Exception {
        write("web.yaml", WEB);
        write("db.yaml", DB);
        try (ControlSource source = source(directory)) {
            source.start(heard);
            heard.now();
            write("db.yaml", DB.replace("06:b8", "zz:b8"));
            assertEquals("! [" + directory.resolve("db.yaml") + ":15: WorkloadEndpoint shop/node1-k8s-db-eth0: "
                + "spec.mac MAC address 'zz:b8:74:2f:5a:19' is not six hexadecimal bytes with colons]", heard.next());
            write("db.yaml", DB.replace("65.0.3", "65.0.4"));
            assertEquals(DB_UPDATE.replace("65.0.3", "65.0.4"), heard.next());
            assertEquals("! []", heard.next());
        }
        assertEquals(List.of(), heard.now());
    }

    @Test
    void shouldReportKindsThatAreNotAppliedAndGoOn() throws Exception {
        write("web.yaml", WEB + "---\napiVersion: projectcalico.org/v3\nkind: BGPFilter\nmetadata: {name: t}\n");
        try (ControlSource source = source(directory)) {
            source.start(heard);
            assertEquals(List.of(WEB_UPDATE, "in sync", "! [" + directory.resolve("web.yaml") + ":18: BGPFilter t: objects "
                + "of kind BGPFilter (projectcalico.org/v3) are not supported by this version (not applied)]"), heard.now());
        }
    }

    @Test
    void shouldSurviveThatTheDirectoryGoesAndComesBack() throws Exception {
        final Path gone = directory.resolveSibling(directory.getFileName() + "-moved");
        write("web.yaml", WEB);
        try (ControlSource source = source(directory)) {
            source.start(heard);
            heard.now();
            Files.move(directory, gone);
            assertTrue(heard.next().contains("cannot be read: java.nio.file.NoSuchFileException"));
            Files.move(gone, directory);
            assertEquals("! []", heard.next());
        }
        assertEquals(List.of(), heard.now());
    }

    @Test
    void shouldDeliverNothingWhenTheFirstLoadFails() throws Exception {
        write("web.yaml", WEB);
        write("z.yaml", "a: [");
        try (ControlSource source = source(directory)) {
            final ControlException refusal = assertThrows(ControlException.class, () -> source.start(heard));
            assertTrue(refusal.getMessage().startsWith(directory.resolve("z.yaml") + ":1: not readable as YAML: "),
                refusal.getMessage());
            assertEquals(List.of(), heard.now());
            write("z.yaml", "");
            source.start(heard);
            assertEquals(List.of(WEB_UPDATE, "in sync"), heard.now());
        }
    }

    @Test
    void shouldNameAPathThatIsNotThere() {
        final Path absent = directory.resolve("absent");
        final ControlException refusal = assertThrows(ControlException.class, () -> source(absent).start(heard));
        assertTrue(refusal.getMessage().startsWith(absent + ": cannot be read: "), refusal.getMessage());
    }

    @Test
    void shouldRefuseBytesThatAreNoUtf8() throws IOException {
        Files.write(directory.resolve("x.yaml"), new byte[] {'a', ':', ' ', (byte)0xff});
        final ControlException refusal = assertThrows(ControlException.class, () -> source(directory).start(heard));
        assertEquals(directory.resolve("x.yaml") + ": is not UTF-8 text", refusal.getMessage());
    }

    @Test
    void shouldBeSilentAfterClose() throws Exception {
        write("web.yaml", WEB);
        final ManifestSource source = source(directory);
        source.start(heard);
        assertThrows(IllegalStateException.class, () -> source.start(heard));
        heard.now();
        source.close();
        source.close();
        write("db.yaml", DB);
        assertNull(heard.lines.poll(100, TimeUnit.MILLISECONDS));
        assertThrows(IllegalStateException.class, () -> source.start(heard));
    }
}

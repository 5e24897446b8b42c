package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.ControlException;
import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.NodeChange.FelixSettings;
import io.caracal.control.SharedFiles;
import io.caracal.control.proto.ConfigUpdate;
import io.caracal.control.proto.FromDataplane;
import io.caracal.control.proto.ProcessStatusUpdate;
import io.caracal.control.proto.ToDataplane;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A replayer in Felix's place, on the real socket and through the real driver. */
@Timeout(120)
class FelixSourceTest {
    private static final Path DRIVER = Path.of("target", "caracal-felix").toAbsolutePath();

    @TempDir
    private Path directory;

    private final Recorder heard = new Recorder();

    /** Hears everything, in order. */
    private static final class Recorder implements ControlListener {
        private final BlockingQueue<ControlUpdate> updates = new LinkedBlockingQueue<>();
        private final BlockingQueue<String> problems = new LinkedBlockingQueue<>();

        @Override
        public void onUpdate(final ControlUpdate update) {
            updates.add(update);
        }

        @Override
        public void onProblems(final List<ControlProblem> found) {
            problems.add(found.toString());
        }

        void awaitInSync() throws InterruptedException {
            while (!(updates.poll(60, TimeUnit.SECONDS) instanceof ControlUpdate.InSync)) {
                continue;
            }
        }
    }

    private FelixSourceConfig config() {
        return FelixSourceConfig.of(directory.resolve("felix.sock"));
    }

    private FelixSource started(final FelixSourceConfig config) {
        final FelixSource source = new FelixSource(config);
        source.start(heard);
        return source;
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(directory.resolve("felix.sock")));
    }

    private static void send(final SocketChannel felix, final byte[] bytes) throws IOException {
        final ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            felix.write(buffer);
        }
    }

    private static byte[] recording(final String name) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(
            SharedFiles.path("felix/streams").resolve(name + ".bin.gz")))) {
            return in.readAllBytes();
        }
    }

    private static void await(final BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    /** The driver as Felix starts it: fd 3 to read, fd 4 to write; its standard streams are those two here. */
    private Process driver() throws IOException {
        final ProcessBuilder builder =
            new ProcessBuilder("bash", "-c", "exec \"$0\" 3<&0 4>&1 <&- >&-", DRIVER.toString());
        builder.environment().put("CARACAL_FELIX_SOCKET", directory.resolve("felix.sock").toString());
        return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    @Test
    void shouldMakeAPrivateSocketAndTakeItAwayAgain() throws IOException {
        try (FelixSource source = started(config())) {
            assertEquals("rw-------", PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve("felix.sock"))));
            assertEquals(FelixSource.Phase.DISCONNECTED, source.phase());
            assertThrows(IllegalStateException.class, () -> source.start(heard));
            assertThrows(ControlException.class, () -> new FelixSource(config()).start(heard));
        }
        assertTrue(Files.notExists(directory.resolve("felix.sock")));
    }

    @Test
    void shouldSayThatAMessageCouldNotBeTakenAndServeTheNextFelix() throws Exception {
        final AtomicBoolean isBroken = new AtomicBoolean(true);
        final ControlListener breaking = new ControlListener() {
            @Override
            public void onUpdate(final ControlUpdate update) {
                if (isBroken.get()) {
                    throw new IllegalStateException("the listener is broken");
                }
                heard.onUpdate(update);
            }

            @Override
            public void onProblems(final List<ControlProblem> problems) {
                heard.onProblems(problems);
            }
        };
        try (FelixSource source = new FelixSource(config())) {
            source.start(breaking);
            try (SocketChannel felix = connect()) {
                send(felix, recording("felix-restart-1"));
                final String problem = heard.problems.poll(60, TimeUnit.SECONDS);
                assertTrue(problem != null && problem.contains("the listener is broken"), problem);
            }
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
            isBroken.set(false);
            try (SocketChannel felix = connect()) {
                send(felix, recording("felix-restart-1"));
                heard.awaitInSync();
            }
        }
    }

    @Test
    void shouldReplayEveryRecordingThroughTheDriver() throws Exception {
        for (final Path file : SharedFiles.entries(SharedFiles.path("felix/streams"), "*.bin.gz")) {
            final String name = file.getFileName().toString().replace(".bin.gz", "");
            final OrderCheckingListener expected = new OrderCheckingListener();
            FelixStreamFile.replay(file, new ChangeFeed(expected, key -> "felix"));
            final OrderCheckingListener through = new OrderCheckingListener();
            try (FelixSource source = new FelixSource(config())) {
                source.start(through);
                final Process driver = driver();
                try (OutputStream felix = driver.getOutputStream()) {
                    felix.write(recording(name));
                }
                assertEquals(0, driver.waitFor(), name + ": the driver ends with Felix");
                await(() -> source.counters().value("connections") == 1
                    && source.phase() == FelixSource.Phase.DISCONNECTED);
            }
            assertEquals(expected.network, through.network, name);
            assertEquals(expected.attached, through.attached, name);
        }
    }

    @Test
    void shouldStreamAFrameOf100MegabytesThroughTheDriver() throws Exception {
        final ToDataplane large = ToDataplane.newBuilder().setConfigUpdate(ConfigUpdate.newBuilder()
            .putConfig("FelixHostname", "node1").setMessage("x".repeat(100 << 20))).build();
        try (FelixSource source = started(config())) {
            final Process driver = driver();
            try (OutputStream felix = driver.getOutputStream()) {
                new FelixFrameWriter(felix).write(large);
                felix.write(Frames.bytes(Frames.inSync()));
                felix.flush();
                heard.awaitInSync();
                assertTrue(source.counters().value("bytes") > 100 << 20);
            }
            assertEquals(0, driver.waitFor());
        }
    }

    @Test
    void shouldWaitForTheEngineAndEndOnSigterm() throws Exception {
        final Process early = driver();
        Thread.sleep(200);
        try (FelixSource source = started(config())) {
            early.getOutputStream().write(Frames.bytes(Frames.config(), Frames.inSync()));
            early.getOutputStream().flush();
            heard.awaitInSync();
            early.destroy();
            assertEquals(0, early.waitFor());
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
        }
    }

    @Test
    void shouldEndWithTheEngineSoThatFelixStartsAnew() throws Exception {
        final Process driver;
        try (FelixSource source = started(config())) {
            driver = driver();
            driver.getOutputStream().write(Frames.bytes(Frames.config(), Frames.inSync()));
            driver.getOutputStream().flush();
            heard.awaitInSync();
            await(() -> source.phase() == FelixSource.Phase.IN_SYNC);
        }
        assertEquals(1, driver.waitFor());
    }

    @Test
    void shouldPassStatusBackToFelix() throws Exception {
        try (FelixSource source = started(config())) {
            final FromDataplane status = FromDataplane.newBuilder().setProcessStatusUpdate(
                ProcessStatusUpdate.newBuilder().setUptime(1.5)).build();
            assertEquals(false, source.send(status));
            final Process driver = driver();
            await(() -> source.phase() == FelixSource.Phase.SYNCING);
            assertTrue(source.send(status) && source.send(status));
            final InputStream in = driver.getInputStream();
            for (int number = 0; number < 2; number++) {
                final byte[] length = in.readNBytes(8);
                final FromDataplane read = FromDataplane.parseFrom(in.readNBytes(length[0]));
                assertEquals(status.toBuilder().setSequenceNumber(number).build(), read);
            }
            driver.getOutputStream().close();
            assertEquals(0, driver.waitFor());
        }
    }

    @Test
    void shouldRefuseASecondFelixAndTakeTheNextOne() throws Exception {
        try (FelixSource source = started(config())) {
            try (SocketChannel first = connect()) {
                send(first, Frames.bytes(Frames.config(), Frames.inSync()));
                heard.awaitInSync();
                try (SocketChannel second = connect()) {
                    assertEquals(-1, second.read(ByteBuffer.allocate(1)));
                }
                assertEquals(1, source.counters().value("connections.refused"));
                await(() -> source.phase() == FelixSource.Phase.IN_SYNC);
            }
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
            try (SocketChannel third = connect()) {
                send(third, Frames.bytes(Frames.config(), Frames.set("s"), Frames.inSync()));
                assertEquals("IpSetUpdate", heard.updates.poll(60, TimeUnit.SECONDS).getClass().getSimpleName());
            }
        }
    }

    @Test
    void shouldKeepTheStateWhenFelixTalksNonsense() throws Exception {
        try (FelixSource source = started(config())) {
            try (SocketChannel felix = connect()) {
                send(felix, Frames.bytes(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.inSync()));
                heard.awaitInSync();
                send(felix, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1});
                assertEquals(-1, felix.read(ByteBuffer.allocate(1)));
            }
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
            final String problem = heard.problems.poll(60, TimeUnit.SECONDS);
            assertTrue(problem.contains("the connection was ended: frame 4 at byte "), problem);
            assertEquals(1, source.counters().value("protocol-errors"));
            assertEquals(List.of(), List.copyOf(heard.updates));
        }
    }

    @Test
    void shouldStartWithTheKeptStateAndTellOnlyWhatDiffersThen() throws Exception {
        final FelixSourceConfig config = config().withStateFile(directory.resolve("felix-state.bin"));
        try (FelixSource source = started(config)) {
            try (SocketChannel felix = connect()) {
                send(felix, recording("felix-restart-1"));
                heard.awaitInSync();
            }
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
        }
        final int all = heard.updates.size();
        heard.updates.clear();
        try (FelixSource source = started(config)) {
            assertEquals(1, source.counters().value("state.reloaded"));
            heard.awaitInSync();
            assertEquals(0, all, "everything had been told before the first in-sync");
            try (SocketChannel felix = connect()) {
                send(felix, recording("felix-restart-2"));
                final FelixSettings settings = (FelixSettings)heard.updates.poll(60, TimeUnit.SECONDS);
                assertEquals("4097", settings.settings().get("VXLANVNI"));
                assertEquals("SettingsUpdate", heard.updates.poll(60, TimeUnit.SECONDS).getClass().getSimpleName());
            }
            await(() -> source.phase() == FelixSource.Phase.DISCONNECTED);
            assertEquals(0, heard.updates.size());
        }
    }

    @Test
    void shouldStartWithoutAKeptStateThatIsBroken() throws Exception {
        final Path file = Files.write(directory.resolve("felix-state.bin"), new byte[] {9, 0, 0});
        try (FelixSource source = started(config().withStateFile(file))) {
            assertEquals(1, source.counters().value("state.unreadable"));
            assertTrue(heard.problems.take().contains("the kept state is not used: frame 1 at byte 0 ends inside"));
            try (SocketChannel felix = connect()) {
                send(felix, Frames.bytes(Frames.config(), Frames.inSync()));
                heard.awaitInSync();
            }
        }
    }
}

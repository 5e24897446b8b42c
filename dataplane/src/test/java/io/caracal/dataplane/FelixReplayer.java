package io.caracal.dataplane;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.caracal.control.felix.FelixFrameWriter;
import io.caracal.control.felix.FelixStreamFile;
import io.caracal.control.manifest.ManifestLoader;
import io.caracal.control.proto.FromDataplane;
import io.caracal.control.proto.ToDataplane;
import io.caracal.lab.LabNode;

/**
 * Stands in for Felix: starts the real driver as Felix does, fds 3 and 4 its pipes, writes messages, hears what comes
 * back. Numbers messages as Felix does. Closing it is Felix's end.
 */
final class FelixReplayer implements AutoCloseable {
    private static final Path DRIVER = Path.of("..", "control-client", "target", "caracal-felix").toAbsolutePath();
    private static final int END_SECONDS_MAX = 20;

    private final List<FromDataplane> heard = new CopyOnWriteArrayList<>();
    private final Process driver;
    private final OutputStream pipe;
    private final FelixFrameWriter frames;
    private final Thread reader;
    private long sequenceNumber;

    private FelixReplayer(final Process driver) {
        this.driver = driver;
        pipe = new BufferedOutputStream(driver.getOutputStream(), 1 << 16);
        frames = new FelixFrameWriter(pipe);
        reader = Thread.ofPlatform().name("felix-replayer").daemon(true).start(this::hear);
    }

    static FelixReplayer start(final LabNode node) throws IOException {
        final ProcessBuilder builder = new ProcessBuilder("bash", "-c", "exec \"$0\" 3<&0 4>&1 <&- >&-",
            DRIVER.toString());
        builder.environment().put("CARACAL_FELIX_SOCKET", EmbeddedEngine.felixSocket(node).toString());
        return new FelixReplayer(builder.redirectError(ProcessBuilder.Redirect.DISCARD).start());
    }

    /** What Felix would say of the node's manifests, in-sync last. */
    static List<ToDataplane> messagesOf(final LabNode node) {
        return new ManifestLoader(List.of(node.manifests()), node.name(), java.util.Map.of()).load().state().messages();
    }

    static List<ToDataplane> recording(final Path file) throws IOException {
        final List<ToDataplane> messages = new ArrayList<>();
        FelixStreamFile.forEach(file, messages::add);
        return messages;
    }

    /** What they take on the wire, frames' lengths included; numbers from 0 as recorded or in another order. */
    static long bytesOf(final List<ToDataplane> messages) {
        long bytes = 0;
        for (int number = 0; number < messages.size(); number++) {
            bytes += messages.get(number).toBuilder().setSequenceNumber(number).build().getSerializedSize()
                + Long.BYTES;
        }
        return bytes;
    }

    FelixReplayer say(final List<ToDataplane> messages) throws IOException {
        for (final ToDataplane message : messages) {
            frames.write(message.toBuilder().setSequenceNumber(sequenceNumber++).build());
        }
        pipe.flush();
        return this;
    }

    FelixReplayer say(final ToDataplane message) throws IOException {
        return say(List.of(message));
    }

    private void hear() {
        try (DataInputStream in = new DataInputStream(driver.getInputStream())) {
            while (true) {
                final byte[] message = new byte[(int)Long.reverseBytes(in.readLong())];
                in.readFully(message);
                heard.add(FromDataplane.parseFrom(message));
            }
        } catch (final EOFException end) {
            return;
        } catch (final IOException broken) {
            throw new java.io.UncheckedIOException(broken);
        }
    }

    /** What the engine has said so far. */
    List<FromDataplane> heard() {
        return heard;
    }

    /** Waits until the driver has ended by itself. */
    int driverExitCode() throws InterruptedException {
        if (!driver.waitFor(END_SECONDS_MAX, TimeUnit.SECONDS)) {
            throw new AssertionError("the driver did not end within " + END_SECONDS_MAX + " s");
        }
        return driver.exitValue();
    }

    /** Felix goes: its pipe closes, and the driver ends. */
    @Override
    public void close() throws IOException {
        pipe.close();
        NodeView.join(reader);
        driver.onExit().join();
    }
}


package io.caracal.perf.control;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.control.felix.FelixFrameWriter;
import io.caracal.control.proto.ToDataplane;
import io.caracal.perf.BenchException;

/**
 * Stands in for Felix: starts the real driver, fds 3 and 4 its pipes, and writes frames. What comes back is thrown
 * away. One thread writes; closing it is Felix's end.
 */
final class FelixDriver implements AutoCloseable {
    private static final Path DRIVER = Path.of("control-client", "target", "caracal-felix");
    private static final int BUFFER_LENGTH = 1 << 16;

    private final Process driver;
    private final OutputStream pipe;
    private long sequenceNumber;

    private FelixDriver(final Process driver) {
        this.driver = driver;
        pipe = driver.getOutputStream();
        Thread.ofPlatform().daemon(true).name("felix-answers").start(this::discardAnswers);
    }

    /**
     * Starts the driver, which joins the engine as soon as it listens.
     *
     * @param home the project's directory, built.
     * @param socket the engine's.
     */
    static FelixDriver start(final Path home, final Path socket) throws IOException {
        final Path program = home.resolve(DRIVER);
        if (!Files.isExecutable(program)) {
            throw new BenchException("start the driver: " + program + " is not there (run ./caracal build)");
        }
        final ProcessBuilder builder =
            new ProcessBuilder("bash", "-c", "exec \"$0\" 3<&0 4>&1 <&- >&-", program.toString());
        builder.environment().put("CARACAL_FELIX_SOCKET", socket.toString());
        return new FelixDriver(builder.redirectError(ProcessBuilder.Redirect.DISCARD).start());
    }

    private void discardAnswers() {
        final byte[] buffer = new byte[BUFFER_LENGTH];
        try (InputStream answers = driver.getInputStream()) {
            while (answers.read(buffer) >= 0) {
                Thread.onSpinWait();
            }
        } catch (final IOException closed) {
            assert !driver.isAlive() : closed;
        }
    }

    /** The frames of messages, numbered on: what is measured shall not wait for their being made. */
    byte[] frames(final List<ToDataplane> messages) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final FelixFrameWriter frames = new FelixFrameWriter(bytes);
        for (final ToDataplane message : messages) {
            frames.write(message.toBuilder().setSequenceNumber(sequenceNumber++).build());
        }
        return bytes.toByteArray();
    }

    void write(final byte[] frames) throws IOException {
        pipe.write(frames);
        pipe.flush();
    }

    @Override
    public void close() throws IOException {
        pipe.close();
        driver.onExit().join();
    }
}

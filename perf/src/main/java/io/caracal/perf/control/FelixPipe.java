package io.caracal.perf.control;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

import io.caracal.control.felix.FelixFrameWriter;
import io.caracal.control.proto.ToDataplane;

/** Stands in for Felix and its driver on the engine's socket. One thread writes; what comes back is thrown away. */
final class FelixPipe implements AutoCloseable {
    private static final int BUFFER_LENGTH = 1 << 16;

    private final SocketChannel socket;
    private final OutputStream out;
    private final FelixFrameWriter frames;
    private long sequenceNumber;

    private FelixPipe(final SocketChannel socket) {
        this.socket = socket;
        out = new BufferedOutputStream(Channels.newOutputStream(socket), BUFFER_LENGTH);
        frames = new FelixFrameWriter(out);
        Thread.ofPlatform().daemon(true).name("felix-answers").start(this::discardAnswers);
    }

    static FelixPipe connect(final Path socket) throws IOException {
        return new FelixPipe(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
    }

    private void discardAnswers() {
        final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_LENGTH);
        try {
            while (socket.read(buffer.clear()) >= 0) {
                Thread.onSpinWait();
            }
        } catch (final IOException closed) {
            assert !socket.isOpen() : closed;
        }
    }

    void say(final List<ToDataplane> messages) throws IOException {
        for (final ToDataplane message : messages) {
            frames.write(message.toBuilder().setSequenceNumber(sequenceNumber++).build());
        }
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

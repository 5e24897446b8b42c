package io.caracal.control.felix;

import io.caracal.control.proto.FromDataplane;
import io.caracal.control.proto.ToDataplane;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One Felix on its socket: a thread decodes frames ahead of whoever takes them, up to a bound, so that changes can be
 * gathered; when the bound is reached Felix waits, and coalesces itself. {@link #next} belongs to one thread, {@link
 * #send} to any.
 */
final class FelixConnection implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int AHEAD_MAX_FRAMES = 4096;

    private final SocketChannel channel;
    private final FelixCounters counters;
    private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(AHEAD_MAX_FRAMES);
    private final Thread reader;
    private long sequenceNumber;

    /** A message, or the end with its reason, null where Felix just went. */
    record Event(ToDataplane message, IOException failure) {
        boolean isEnd() {
            return message == null;
        }
    }

    FelixConnection(final SocketChannel channel, final long frameMaxBytes, final FelixCounters counters) {
        this.channel = channel;
        this.counters = counters;
        reader = Thread.ofPlatform().name("caracal-felix-read").daemon(true).start(() -> read(frameMaxBytes));
    }

    private void read(final long frameMaxBytes) {
        final FelixFrameReader frames = new FelixFrameReader(
            new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES), frameMaxBytes);
        long counted = 0;
        try {
            while (true) {
                final ToDataplane message = frames.next();
                counters.add("bytes", frames.byteCount() - counted);
                counted = frames.byteCount();
                events.put(new Event(message, null));
                if (message == null) {
                    return;
                }
            }
        } catch (final IOException e) {
            putEnd(e);
        } catch (final RuntimeException | Error e) {
            /* Whoever waits for messages must hear that none comes any more, whatever it was. */
            putEnd(new IOException("its reader failed: " + e, e));
            throw e;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void putEnd(final IOException failure) {
        try {
            events.put(new Event(null, failure));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The next event; null when none came in time. */
    Event next(final long waitMs) throws InterruptedException {
        return events.poll(waitMs, TimeUnit.MILLISECONDS);
    }

    /** Sends one message to Felix. */
    synchronized void send(final FromDataplane message) throws IOException {
        final FromDataplane numbered = message.toBuilder().setSequenceNumber(sequenceNumber++).build();
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new FelixFrameWriter(bytes).write(numbered);
        final ByteBuffer buffer = ByteBuffer.wrap(bytes.toByteArray());
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        reader.interrupt();
    }
}

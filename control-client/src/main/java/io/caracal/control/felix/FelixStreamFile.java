package io.caracal.control.felix;

import io.caracal.control.proto.ToDataplane;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** A recorded Felix stream on disk: frames one after the other, gzipped where the name ends in {@code .gz}. */
public final class FelixStreamFile {
    private static final int BUFFER_BYTES = 1 << 16;

    private FelixStreamFile() {
    }

    /** Takes each message of a stream. */
    @FunctionalInterface
    public interface MessageTaker {
        /**
         * One message.
         *
         * @param message as it came.
         * @throws IOException when it cannot come here.
         */
        void take(ToDataplane message) throws IOException;
    }

    /**
     * Reads a stream to its end.
     *
     * @param file  the recording.
     * @param taker gets each message in order.
     * @throws FelixProtocolException when it is no Felix stream, or ends inside a frame.
     * @throws IOException            when the file cannot be read.
     */
    public static void forEach(final Path file, final MessageTaker taker) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
            InputStream in = new BufferedInputStream(
                file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw, BUFFER_BYTES)) {
            final FelixFrameReader reader = new FelixFrameReader(in, FelixFrameReader.FRAME_MAX_BYTES_DEFAULT);
            for (ToDataplane message = reader.next(); message != null; message = reader.next()) {
                taker.take(message);
            }
        }
    }

    /**
     * Replays a whole stream, as if Felix had said it and then gone.
     *
     * @param file the recording.
     * @param feed what runs.
     * @return the session as it stood at the end, everything flushed.
     * @throws IOException as {@link #forEach}.
     */
    public static FelixSession replay(final Path file, final ChangeFeed feed) throws IOException {
        final FelixSession session = new FelixSession(feed, new FelixCounters());
        forEach(file, session::take);
        session.flush();
        return session;
    }
}

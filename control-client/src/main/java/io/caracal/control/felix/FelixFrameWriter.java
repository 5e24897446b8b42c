package io.caracal.control.felix;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes frames as Felix and its driver do in both directions: an 8-byte little-endian length, then the message. One
 * thread; the stream belongs to the caller.
 */
public final class FelixFrameWriter {
    /** A million small messages need not each have what protobuf buffers by default. */
    private static final int BUFFER_BYTES_MAX = 1 << 12;

    private final OutputStream out;

    /**
     * Writes to a stream.
     *
     * @param out where frames go; not flushed by this class.
     */
    public FelixFrameWriter(final OutputStream out) {
        this.out = out;
    }

    /**
     * Writes one frame.
     *
     * @param message a {@code ToDataplane} or {@code FromDataplane}.
     * @throws IOException when the stream cannot be written.
     */
    public void write(final MessageLite message) throws IOException {
        final int length = message.getSerializedSize();
        for (int i = 0; i < Long.BYTES; i++) {
            out.write((int)((long)length >>> i * Byte.SIZE));
        }
        final CodedOutputStream coded = CodedOutputStream.newInstance(out, Math.min(length, BUFFER_BYTES_MAX));
        message.writeTo(coded);
        coded.flush();
    }
}

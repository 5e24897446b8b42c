package io.caracal.control.felix;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.caracal.control.proto.ToDataplane;
import java.io.IOException;
import java.io.InputStream;

/**
 * Felix's frames: an 8-byte little-endian length and as many bytes of {@code ToDataplane}
 * (felix/dataplane/external/ext_dataplane.go). A frame is decoded as its bytes come, so a large IP set is never held
 * twice. One thread; the stream belongs to the caller, who closes it.
 */
public final class FelixFrameReader {
    /**
     * Felix sets no limit and puts a whole IP set into one message; a million members take some 25 MB and its own
     * limit is 2^20 members for each set (MaxIpsetSize). Beyond this the stream is taken to be out of step, not large.
     */
    public static final long FRAME_MAX_BYTES_DEFAULT = 512L << 20;

    /** Most messages are smaller than what protobuf reads at once by default, and there are many of them. */
    private static final int BUFFER_BYTES_MIN = 64;
    private static final int BUFFER_BYTES_MAX = 1 << 14;

    private final InputStream in;
    private final long frameMaxBytes;
    private long frameCount;
    private long byteCount;

    /**
     * Reads from a stream.
     *
     * @param in            where frames come from; should be buffered.
     * @param frameMaxBytes longest frame that is taken, 1 to 2,147,483,647 bytes (protobuf's own limit).
     * @throws IllegalArgumentException when the limit is out of range.
     */
    public FelixFrameReader(final InputStream in, final long frameMaxBytes) {
        if (frameMaxBytes < 1 || frameMaxBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("frameMaxBytes " + frameMaxBytes + " is not 1 to " + Integer.MAX_VALUE);
        }
        this.in = in;
        this.frameMaxBytes = frameMaxBytes;
    }

    /**
     * The next message; waits for it.
     *
     * @return the message, or null where the stream ends between two frames.
     * @throws FelixProtocolException when the frame is too long, cut short or no {@code ToDataplane}.
     * @throws IOException            when the stream cannot be read.
     */
    public ToDataplane next() throws IOException {
        final long length = length();
        if (length < 0) {
            return null;
        }
        final FrameStream frame = new FrameStream(in, (int)length);
        final ToDataplane message;
        try {
            final CodedInputStream coded =
                CodedInputStream.newInstance(frame, Math.clamp(length, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX));
            coded.setSizeLimit(Integer.MAX_VALUE);
            message = ToDataplane.parseFrom(coded);
        } catch (final InvalidProtocolBufferException e) {
            throw frame.isCutShort() ? cutShort(length)
                : new FelixProtocolException(place() + " is no ToDataplane message: " + e.getMessage(), e);
        }
        if (!frame.isAtEnd()) {
            throw frame.isCutShort() ? cutShort(length)
                : new FelixProtocolException(place() + " has bytes after its message");
        }
        frameCount++;
        byteCount += Long.BYTES + length;
        return message;
    }

    private long length() throws IOException {
        long length = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            final int b = in.read();
            if (b < 0 && i == 0) {
                return -1;
            }
            if (b < 0) {
                throw new FelixProtocolException(place() + " ends inside its length, after " + i + " of 8 bytes");
            }
            length |= (long)b << i * Byte.SIZE;
        }
        if (length < 0 || length > frameMaxBytes) {
            throw new FelixProtocolException(place() + " claims " + Long.toUnsignedString(length)
                + " bytes, more than the "
                + frameMaxBytes + " that are taken (felix-frame-max-bytes)");
        }
        return length;
    }

    private FelixProtocolException cutShort(final long length) {
        return new FelixProtocolException(place() + " ends before its " + length + " bytes are there");
    }

    private String place() {
        return "frame " + (frameCount + 1) + " at byte " + byteCount;
    }

    /**
     * How many frames were read whole.
     *
     * @return frames.
     */
    public long frameCount() {
        return frameCount;
    }

    /**
     * How many bytes the frames read so far took, lengths included.
     *
     * @return bytes.
     */
    public long byteCount() {
        return byteCount;
    }

    /** One frame's bytes as a stream of their own; protobuf would otherwise read on into the next frame. */
    private static final class FrameStream extends InputStream {
        private final InputStream in;
        private int remaining;
        private boolean cutShort;

        FrameStream(final InputStream in, final int length) {
            this.in = in;
            remaining = length;
        }

        @Override
        public int read() throws IOException {
            final byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(final byte[] target, final int offset, final int length) throws IOException {
            if (remaining == 0) {
                return -1;
            }
            final int count = in.read(target, offset, Math.min(length, remaining));
            if (count < 0) {
                cutShort = true;
                return -1;
            }
            remaining -= count;
            return count;
        }

        boolean isAtEnd() {
            return remaining == 0;
        }

        boolean isCutShort() {
            return cutShort;
        }
    }
}

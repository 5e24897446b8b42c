package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.proto.ToDataplane;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Bytes in, messages or named refusals out. */
class FelixFrameReaderTest {
    private static FelixFrameReader reader(final byte[] bytes, final long frameMaxBytes) {
        return new FelixFrameReader(new ByteArrayInputStream(bytes), frameMaxBytes);
    }

    private static String refusal(final byte[] bytes, final long frameMaxBytes) {
        final FelixFrameReader reader = reader(bytes, frameMaxBytes);
        return assertThrows(FelixProtocolException.class, () -> {
            while (reader.next() != null) {
                assertTrue(reader.frameCount() < 10);
            }
        }).getMessage();
    }

    private static byte[] hex(final String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    @Test
    void shouldReadLittleEndianLengthAndMessage() throws IOException {
        /* in_sync (field 1, empty) with sequence number 7 (field 15). */
        final FelixFrameReader reader = reader(hex("0400000000000000 0a00 7807"), 100);
        final ToDataplane message = reader.next();
        assertEquals(ToDataplane.PayloadCase.IN_SYNC, message.getPayloadCase());
        assertEquals(7, message.getSequenceNumber());
        assertNull(reader.next());
        assertEquals(12, reader.byteCount());
    }

    @Test
    void shouldReadFramesOneByOneWithoutReadingAhead() throws IOException {
        final byte[] bytes = Frames.bytes(Frames.config(), Frames.set("s", "10.0.0.0/8"), Frames.inSync());
        final ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        final FelixFrameReader reader = new FelixFrameReader(in, 1000);
        reader.next();
        reader.next();
        assertEquals(Frames.bytes(Frames.inSync()).length, in.available());
        assertEquals(ToDataplane.PayloadCase.IN_SYNC, reader.next().getPayloadCase());
    }

    @Test
    void shouldRefuseATruncatedFrameAtEveryLength() throws IOException {
        final byte[] bytes = Frames.bytes(Frames.set("s", "10.0.0.0/8", "fd00::/8"));
        for (int length = 1; length < bytes.length; length++) {
            final String message = refusal(Arrays.copyOf(bytes, length), 1000);
            assertTrue(message.startsWith("frame 1 at byte 0 ends "), length + ": " + message);
        }
    }

    @Test
    void shouldRefuseAFrameThatClaimsTooMuchWithoutReservingMemory() {
        assertEquals("frame 1 at byte 0 claims 101 bytes, more than the 100 that are taken (felix-frame-max-bytes)",
            refusal(hex("6500000000000000"), 100));
        assertEquals("frame 1 at byte 0 claims 18446744073709551615 bytes, more than the 100 that are taken"
            + " (felix-frame-max-bytes)", refusal(hex("ffffffffffffffff"), 100));
        /* A string of 2 GB inside a frame of 6 bytes: the decoder must not believe it either. */
        assertTrue(refusal(hex("0700000000000000 1207 0affffffff07"), 100).startsWith("frame 1 at byte 0 "));
    }

    @Test
    void shouldRefuseBytesThatAreNoMessage() {
        assertTrue(refusal(hex("0300000000000000 ffffff"), 100).startsWith("frame 1 at byte 0 is no ToDataplane message: "));
    }

    @Test
    void shouldRefuseLimitsThatProtobufCannotHold() {
        assertThrows(IllegalArgumentException.class, () -> reader(new byte[0], 0));
        assertThrows(IllegalArgumentException.class, () -> reader(new byte[0], 1L << 31));
    }
}

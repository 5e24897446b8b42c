package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * View of a VXLAN header (RFC 7348 section 5). Stateless; any thread; the caller owns the bytes.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |R|R|R|R|I|R|R|R|            Reserved                           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                VXLAN Network Identifier (VNI) |   Reserved    |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class VxlanHeader {
    /** Bytes of the header. */
    public static final int LENGTH = 8;

    private static final int VNI_VALID = 0x0800_0000;
    private static final int VNI_OFFSET = 4;
    private static final int VNI_SHIFT = 8;

    private VxlanHeader() {
    }

    /**
     * Whether the header says that it has a VNI. Reserved bits are ignored, as the RFC asks of receivers.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte; {@link #LENGTH} bytes are there.
     * @return true when {@link #vni} means something.
     */
    public static boolean hasVni(final UnsafeBuffer buffer, final int offset) {
        return (buffer.getInt(offset, ByteOrder.BIG_ENDIAN) & VNI_VALID) != 0;
    }

    /**
     * The network identifier.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @return 0 .. 2^24 - 1.
     */
    public static int vni(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset + VNI_OFFSET, ByteOrder.BIG_ENDIAN) >>> VNI_SHIFT;
    }

    /**
     * Writes a header.
     *
     * @param buffer the bytes.
     * @param offset index of the header's first byte.
     * @param vni 0 .. 2^24 - 1.
     */
    public static void write(final UnsafeBuffer buffer, final int offset, final int vni) {
        buffer.putInt(offset, VNI_VALID, ByteOrder.BIG_ENDIAN);
        buffer.putInt(offset + VNI_OFFSET, vni << VNI_SHIFT, ByteOrder.BIG_ENDIAN);
    }
}

package io.caracal.wire;

import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The first four bytes that TCP, UDP, UDP-Lite and SCTP have in common. Stateless; any thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source port          |        Destination port       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class TransportPorts {
    /** Bytes of both ports. */
    public static final int LENGTH = 4;
    /** Where the source port is. */
    public static final int SOURCE_OFFSET = 0;
    /** Where the destination port is. */
    public static final int DESTINATION_OFFSET = 2;

    private TransportPorts() {
    }

    /**
     * Whether a protocol's header begins with ports.
     *
     * @param protocol one of {@link IpProtocol} or another.
     * @return true for TCP, UDP, UDP-Lite and SCTP.
     */
    public static boolean has(final int protocol) {
        return protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.SCTP
            || protocol == IpProtocol.UDP_LITE;
    }

    /**
     * Both ports at once, as {@link SymmetricFlowHash} wants them.
     *
     * @param buffer the bytes.
     * @param offset index of the transport header's first byte.
     * @return source port in the upper, destination port in the lower half.
     */
    public static int both(final UnsafeBuffer buffer, final int offset) {
        return buffer.getInt(offset, ByteOrder.BIG_ENDIAN);
    }

    /**
     * The source port of {@link #both}.
     *
     * @param ports both ports.
     * @return 0 .. 65535.
     */
    public static int source(final int ports) {
        return ports >>> 16;
    }

    /**
     * The destination port of {@link #both}.
     *
     * @param ports both ports.
     * @return 0 .. 65535.
     */
    public static int destination(final int ports) {
        return ports & 0xFFFF;
    }

    /**
     * Writes both ports.
     *
     * @param buffer the bytes.
     * @param offset index of the transport header's first byte.
     * @param source 0 .. 65535.
     * @param destination 0 .. 65535.
     */
    public static void write(final UnsafeBuffer buffer, final int offset, final int source, final int destination) {
        buffer.putInt(offset, source << 16 | destination & 0xFFFF, ByteOrder.BIG_ENDIAN);
    }
}

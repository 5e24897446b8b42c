package io.caracal.wire;

/**
 * The SCTP common header (RFC 9260 section 3.1), of which the packet path reads only the ports: its CRC32c does not
 * cover addresses, and chunks are connection tracking's. Stateless; any thread.
 *
 * <pre>
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |          Source port          |        Destination port       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Verification tag                       |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                        Checksum (CRC32c)                      |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * </pre>
 */
public final class SctpHeader {
    /** Bytes of the common header. */
    public static final int LENGTH = 12;

    private SctpHeader() {
    }

    /**
     * Whether a common header is there. False only when fewer than {@link #LENGTH} bytes are.
     *
     * @param length bytes from the header's first byte to the IP payload's end.
     * @return true when the ports may be read.
     */
    public static boolean isValid(final int length) {
        return length >= LENGTH;
    }
}

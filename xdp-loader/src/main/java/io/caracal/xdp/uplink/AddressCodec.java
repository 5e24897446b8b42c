package io.caracal.xdp.uplink;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * {@code struct address} of {@code uplink.h}: an IP address of either version, preceded by the number of its words. The
 * version is part of it, so that ::ffff:10.0.0.1 on the wire is not taken for 10.0.0.1.
 */
final class AddressCodec implements MapCodec<InetAddress> {
    static final AddressCodec INSTANCE = new AddressCodec();
    static final int SIZE = 20;
    static final int IPV4_WORDS = 1;
    static final int IPV6_WORDS = 4;
    static final int WORDS_OFFSET = 0;
    static final int BYTES_OFFSET = 4;

    private AddressCodec() {
    }

    @Override
    public int size() {
        return SIZE;
    }

    /** Null stands for no address: all zero. */
    @Override
    public void write(final MemorySegment target, final InetAddress value) {
        if (value != null) {
            final byte[] bytes = value.getAddress();
            target.set(ValueLayout.JAVA_INT_UNALIGNED, WORDS_OFFSET, bytes.length / Integer.BYTES);
            MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, BYTES_OFFSET, bytes.length);
        }
    }

    @Override
    public InetAddress read(final MemorySegment source) {
        final int words = source.get(ValueLayout.JAVA_INT_UNALIGNED, WORDS_OFFSET);
        if (words == 0) {
            return null;
        }
        final byte[] bytes = source.asSlice(BYTES_OFFSET, (long)words * Integer.BYTES).toArray(ValueLayout.JAVA_BYTE);
        try {
            return words == IPV6_WORDS ? Inet6Address.getByAddress(null, bytes, -1) : InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new IllegalStateException("address of " + words + " words in a map of the uplink's programs", e);
        }
    }
}

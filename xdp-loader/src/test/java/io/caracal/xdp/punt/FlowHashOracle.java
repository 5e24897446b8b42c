package io.caracal.xdp.punt;

import java.nio.ByteBuffer;

/**
 * The hash as the comment at the top of flow.h says it, written a second time from that comment and not from the code.
 */
final class FlowHashOracle {
    private FlowHashOracle() {
    }

    static int queue(final byte[] source, final int sourcePort, final byte[] destination, final int destinationPort,
        final int protocol, final int seed, final int queueCount) {
        final int sum = endpoint(source, sourcePort, seed) + endpoint(destination, destinationPort, seed);
        return Integer.remainderUnsigned(mix(sum + protocol), queueCount);
    }

    private static int endpoint(final byte[] address, final int port, final int seed) {
        int hash = seed;
        final ByteBuffer words = ByteBuffer.wrap(address);
        while (words.hasRemaining()) {
            hash = mix(hash ^ words.getInt());
        }
        return mix(hash ^ port);
    }

    private static int mix(final int value) {
        int x = value;
        x ^= x >>> 16;
        x *= 0x7feb352d;
        x ^= x >>> 15;
        x *= 0x846ca68b;
        x ^= x >>> 16;
        return x;
    }
}

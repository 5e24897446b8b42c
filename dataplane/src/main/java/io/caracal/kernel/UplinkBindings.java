package io.caracal.kernel;

import io.caracal.bindings.Errno;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatTuple;
import io.caracal.xdp.uplink.NatBindingWriter;

/**
 * Tells the uplinks' programs of one worker's NAT bindings as they come and go, so that returns reach the engine and
 * nothing else of the same port range does. The worker's own; it allocates nothing. What could not be written is
 * counted and not tried again: the flow's answers go to the host then, and the pod's connection does not come about.
 */
public final class UplinkBindings implements NatBindingListener {
    private static final int ICMP = 1;
    private static final int ICMPV6 = 58;
    /** Lower half of an IPv4 address in a tuple: ::ffff:a.b.c.d. */
    private static final long MAPPED_PREFIX = 0xffffL;

    private final NatBindingWriter writer;
    private volatile long failureCount;
    private volatile int lastErrno;

    /**
     * For one worker.
     *
     * @param writer of the same worker, which nobody else uses.
     */
    public UplinkBindings(final NatBindingWriter writer) {
        this.writer = writer;
    }

    @Override
    public void bound(final NatTuple incoming) {
        name(incoming);
        count(writer.put(incoming.destinationPort, remotePort(incoming), incoming.protocol));
    }

    /** A binding that could not be written cannot be removed either, which is no further failure. */
    @Override
    public void released(final NatTuple incoming) {
        name(incoming);
        final int errno = writer.remove(incoming.destinationPort, remotePort(incoming), incoming.protocol);
        count(errno == Errno.ENOENT ? 0 : errno);
    }

    /** The node is where the answers go: the destination. */
    private void name(final NatTuple incoming) {
        if (incoming.destinationHigh == 0 && incoming.destinationLow >>> Integer.SIZE == MAPPED_PREFIX) {
            writer.ipv4((int)incoming.destinationLow, (int)incoming.sourceLow);
        } else {
            writer.ipv6(incoming.destinationHigh, incoming.destinationLow, incoming.sourceHigh, incoming.sourceLow);
        }
    }

    /** The programs know an ICMP query by its identifier at our end alone. */
    private static int remotePort(final NatTuple incoming) {
        return incoming.protocol == ICMP || incoming.protocol == ICMPV6 ? 0 : incoming.sourcePort;
    }

    /** One thread writes the counter, so the increment need not be atomic. */
    private void count(final int errno) {
        if (errno != 0) {
            lastErrno = errno;
            failureCount++;
        }
    }

    /**
     * How often a binding could not be written or removed. Any thread.
     *
     * @return since it was made.
     */
    public long failureCount() {
        return failureCount;
    }

    /**
     * Why it did not work the last time. Any thread.
     *
     * @return 0 for never; {@link Errno#E2BIG} when the map is full.
     */
    public int lastErrno() {
        return lastErrno;
    }
}

package io.caracal.cli;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Set;

import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;

/**
 * Which flows are asked for: each criterion that is given must hold. Compares numbers, since ten million flows are
 * looked at. Addresses and ports may be of either end, before or after translation.
 */
final class FlowFilter {
    /** A criterion that is not given. */
    static final int ANY = -1;

    private final int protocol;
    private final int port;
    private final String state;
    private final Set<Integer> interfaces;
    private final boolean hasAddress;
    private final long addressHigh;
    private final long addressLow;

    /**
     * Puts the criteria together.
     *
     * @param protocol IP protocol number, or {@link #ANY}.
     * @param port of either end, or {@link #ANY}.
     * @param address of either end, or null.
     * @param state its name as nf_conntrack has it, or null.
     * @param interfaces of the pods that are asked for, or null for all.
     */
    FlowFilter(final int protocol, final int port, final InetAddress address, final String state,
               final Set<Integer> interfaces) {
        this.protocol = protocol;
        this.port = port;
        this.state = state;
        this.interfaces = interfaces;
        hasAddress = address != null;
        final byte[] bytes = hasAddress ? address.getAddress() : new byte[Integer.BYTES];
        addressHigh = bytes.length == Integer.BYTES ? 0 : ByteBuffer.wrap(bytes).getLong();
        addressLow = bytes.length == Integer.BYTES ? Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt())
            : ByteBuffer.wrap(bytes).getLong(Long.BYTES);
    }

    boolean matches(final FlowSnapshot flow) {
        return (protocol == ANY || flow.protocol == protocol)
            && (interfaces == null || interfaces.contains(flow.sourceIfindex)
            || interfaces.contains(flow.destinationIfindex))
            && (port == ANY || isPort(flow.original.ports) || isPort(flow.reply.ports))
            && (!hasAddress || isOfAddress(flow))
            && (state == null || state.equalsIgnoreCase(FlowState.name(flow.state)));
    }

    private boolean isPort(final int ports) {
        return ports >>> Short.SIZE == port || (ports & 0xffff) == port;
    }

    private boolean isOfAddress(final FlowSnapshot flow) {
        return isAddress(flow.original.sourceHigh, flow.original.sourceLow)
            || isAddress(flow.original.destinationHigh, flow.original.destinationLow)
            || isAddress(flow.reply.sourceHigh, flow.reply.sourceLow)
            || isAddress(flow.reply.destinationHigh, flow.reply.destinationLow);
    }

    private boolean isAddress(final long high, final long low) {
        return high == addressHigh && low == addressLow;
    }
}

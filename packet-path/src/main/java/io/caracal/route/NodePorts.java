package io.caracal.route;

import io.caracal.wire.IpProtocol;

/**
 * Ports of this node's own addresses that are services (Kubernetes' {@code nodePort}): what a pod sends there is not
 * for the host, but for whomever the host's stack translates it to. Immutable; any thread. A bit for each port of each
 * protocol that services have, so one load answers.
 */
public final class NodePorts {
    /** No service has one. */
    public static final NodePorts NONE = new NodePorts(null);

    private static final int PORTS = 1 << 16;
    private static final int WORDS = PORTS / Long.SIZE;

    private final long[] words;

    private NodePorts(final long[] words) {
        this.words = words;
    }

    /**
     * Some ports.
     *
     * @param ports {@code protocol << 16 | port} each; a protocol other than TCP, UDP and SCTP has no node ports and is
     *     left out.
     * @return these ports.
     */
    public static NodePorts of(final int... ports) {
        if (ports.length == 0) {
            return NONE;
        }
        final long[] words = new long[3 * WORDS];
        for (final int port : ports) {
            final int base = base(port >>> 16);
            if (base >= 0) {
                words[base + ((port & PORTS - 1) >>> 6)] |= 1L << port;
            }
        }
        return new NodePorts(words);
    }

    /**
     * Whether a port is a service's.
     *
     * @param protocol IP protocol number.
     * @param port 0 .. 65535.
     * @return true for a node port.
     */
    public boolean contains(final int protocol, final int port) {
        if (words == null) {
            return false;
        }
        final int base = base(protocol);
        return base >= 0 && (words[base + (port >>> 6)] >>> port & 1) != 0;
    }

    private static int base(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> 0;
            case IpProtocol.UDP -> WORDS;
            case IpProtocol.SCTP -> 2 * WORDS;
            default -> -1;
        };
    }
}

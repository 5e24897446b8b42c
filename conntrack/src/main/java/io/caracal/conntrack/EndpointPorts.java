package io.caracal.conntrack;

import io.caracal.nat.NatTuple;
import io.caracal.wire.IpProtocol;
import java.util.Arrays;

/**
 * Whose each NAT port is, where mapping is endpoint-independent (RFC 4787 REQ-1): one port for all flows of one pod
 * address and port, whatever they are to, and no other pod's at the same time. A mapping lives as long as one of its
 * flows. TCP, UDP (with UDP-Lite) and ICMP have each their own ports, in each family.
 *
 * <p>One thread; allocates nothing after its constructor: some 40 bytes a port and kind.</p>
 */
final class EndpointPorts {
    /** No port: the endpoint has none. */
    static final int NONE = -1;

    private static final int KINDS_OF_FAMILY = 3;
    private static final int KINDS = 2 * KINDS_OF_FAMILY;
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    private final int portCount;
    private final long seed;
    private final int mask;
    private final int[] heads;
    /** By mapping: {@code kind * portCount + port index}. */
    private final int[] next;
    private final int[] flowCount;
    private final long[] podHigh;
    private final long[] podLow;
    private final int[] podPort;

    EndpointPorts(final int portCount, final long seed) {
        this.portCount = portCount;
        this.seed = seed;
        final int mappings = KINDS * portCount;
        mask = Integer.highestOneBit(mappings) * 2 - 1;
        heads = new int[mask + 1];
        Arrays.fill(heads, NONE);
        next = new int[mappings];
        flowCount = new int[mappings];
        podHigh = new long[mappings];
        podLow = new long[mappings];
        podPort = new int[mappings];
    }

    /** Index of the port that a pod's end, a tuple's source, has; or {@link #NONE}. */
    int find(final NatTuple tuple) {
        final int kind = kind(tuple);
        int mapping = heads[head(kind, tuple)];
        while (mapping != NONE && !isOf(mapping, kind, tuple)) {
            mapping = next[mapping];
        }
        return mapping == NONE ? NONE : mapping - kind * portCount;
    }

    /** Whether a port is nobody's, or this very end's. */
    boolean isFreeFor(final NatTuple tuple, final int portIndex) {
        final int mapping = kind(tuple) * portCount + portIndex;
        return flowCount[mapping] == 0 || isOf(mapping, kind(tuple), tuple);
    }

    /** One more flow of a pod's end has a port that {@link #isFreeFor} has said yes to. */
    void add(final NatTuple tuple, final int portIndex) {
        final int kind = kind(tuple);
        final int mapping = kind * portCount + portIndex;
        if (flowCount[mapping]++ == 0) {
            podHigh[mapping] = tuple.sourceHigh;
            podLow[mapping] = tuple.sourceLow;
            podPort[mapping] = tuple.sourcePort;
            final int head = head(kind, tuple);
            next[mapping] = heads[head];
            heads[head] = mapping;
        }
    }

    /** A flow of a pod's end has ended; with the last one its port is free. */
    void remove(final NatTuple tuple, final int portIndex) {
        final int kind = kind(tuple);
        final int mapping = kind * portCount + portIndex;
        assert flowCount[mapping] > 0 && isOf(mapping, kind, tuple) : "port " + portIndex + " is another's";
        if (--flowCount[mapping] == 0) {
            final int head = head(kind, tuple);
            if (heads[head] == mapping) {
                heads[head] = next[mapping];
                return;
            }
            int before = heads[head];
            while (next[before] != mapping) {
                before = next[before];
            }
            next[before] = next[mapping];
        }
    }

    private boolean isOf(final int mapping, final int kind, final NatTuple tuple) {
        return mapping / portCount == kind && podPort[mapping] == tuple.sourcePort
            && podLow[mapping] == tuple.sourceLow && podHigh[mapping] == tuple.sourceHigh;
    }

    private static int kind(final NatTuple tuple) {
        final int family = NatTuples.isIpv4(tuple) ? 0 : KINDS_OF_FAMILY;
        return switch (tuple.protocol) {
            case IpProtocol.TCP -> family;
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> family + 1;
            default -> family + 2;
        };
    }

    private int head(final int kind, final NatTuple tuple) {
        long z = seed + kind;
        z = (z ^ tuple.sourceHigh) * SPREAD;
        z = (z ^ z >>> 31 ^ tuple.sourceLow) * SPREAD;
        z = (z ^ z >>> 29 ^ tuple.sourcePort) * SPREAD;
        return (int)(z >>> 32) & mask;
    }
}

package io.caracal.nat;

import io.caracal.wire.IpProtocol;
import java.util.Arrays;

/**
 * Bindings in plain arrays, found by both of their tuples, for the stages' tests without connection tracking, whose
 * flows are the engine's bindings ({@code Conntrack.openNat}). Allocates nothing after its constructor.
 *
 * <p>Ports are chosen at random in the worker's share (RFC 6056 section 3.3.1), so that strangers cannot guess them,
 * and never such that two bindings' answers look alike. SCTP keeps its port, since its checksum covers the port and
 * would have to be computed over the whole packet; where that port is taken, the flow is refused. A binding that has
 * been idle ends: TCP after 2 h 4 min (RFC 5382 REQ-5), UDP 5 min (RFC 4787 REQ-5), ICMP 1 min (RFC 5508 REQ-2), others
 * 10 min.</p>
 */
public final class NatTable implements NatBindings {
    private static final int NONE = -1;
    /** Ports that are tried: with 95 of 100 taken, one in 500,000 flows finds none. */
    private static final int PORT_TRIES = 256;
    /** Entries that one {@link #expire} looks at: 100 cycles a second on an idle node pass 64k entries in 80 s. */
    private static final int EXPIRE_STEP = 8;
    private static final long SECOND_NS = 1_000_000_000L;
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private final NatConfig config;
    private final NatBindingListener listener;
    private final int mask;
    private final long hashKey;
    private final int[] outgoingHeads;
    private final int[] incomingHeads;
    private final int[] outgoingNext;
    private final int[] incomingNext;
    private final long[] podHigh;
    private final long[] podLow;
    private final long[] remoteHigh;
    private final long[] remoteLow;
    private final long[] lastUsedNs;
    /** {@code pod's port << 16 | NAT port}. */
    private final int[] ownPorts;
    /** {@code protocol << 16 | remote port}; 0 is a free entry. */
    private final int[] remotePorts;
    private final NatTuple told = new NatTuple();
    private int freeHead;
    private int count;
    private int expireIndex;
    private long random;

    /**
     * Makes an empty table.
     *
     * @param capacity bindings at most, a power of two.
     * @param config addresses and ports.
     * @param seed of hashes and port choices, secret.
     * @param listener is told of bindings as they come and go.
     * @throws IllegalArgumentException when the capacity is no power of two.
     */
    public NatTable(
        final int capacity, final NatConfig config, final long seed, final NatBindingListener listener) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity of a NAT table must be a power of two: " + capacity);
        }
        this.config = config;
        this.listener = listener;
        mask = capacity - 1;
        hashKey = seed * GOLDEN | 1;
        random = seed;
        outgoingHeads = filled(capacity);
        incomingHeads = filled(capacity);
        outgoingNext = filled(capacity);
        incomingNext = filled(capacity);
        podHigh = new long[capacity];
        podLow = new long[capacity];
        remoteHigh = new long[capacity];
        remoteLow = new long[capacity];
        lastUsedNs = new long[capacity];
        ownPorts = new int[capacity];
        remotePorts = new int[capacity];
        for (int entry = 0; entry < mask; entry++) {
            outgoingNext[entry] = entry + 1;
        }
    }

    private static int[] filled(final int capacity) {
        final int[] array = new int[capacity];
        Arrays.fill(array, NONE);
        return array;
    }

    /**
     * How many bindings there are.
     *
     * @return 0 .. capacity.
     */
    public int count() {
        return count;
    }

    @Override
    public boolean isNatAddress(final long high, final long low) {
        return high == 0 && low == NatTuple.mapped(config.ipv4()) && config.ipv4() != 0
            || high == config.ipv6().high() && low == config.ipv6().low() && (high | low) != 0;
    }

    @Override
    public boolean bind(final NatTuple tuple, final long nowNs) {
        int entry = outgoing(tuple);
        if (entry == NONE) {
            final long natHigh = natHigh(tuple.sourceHigh);
            final long natLow = natLow(tuple.sourceHigh);
            if (freeHead == NONE || !isNatAddress(natHigh, natLow)) {
                return false;
            }
            final int port = choosePort(tuple);
            if (port == NONE) {
                return false;
            }
            entry = add(tuple, port);
        }
        lastUsedNs[entry] = nowNs;
        translateSource(tuple, entry);
        return true;
    }

    @Override
    public boolean findOutgoing(final NatTuple tuple) {
        final int entry = outgoing(tuple);
        if (entry == NONE) {
            return false;
        }
        translateSource(tuple, entry);
        return true;
    }

    private void translateSource(final NatTuple tuple, final int entry) {
        tuple.sourceLow = natLow(tuple.sourceHigh);
        tuple.sourceHigh = natHigh(tuple.sourceHigh);
        tuple.sourcePort = ownPorts[entry] & 0xFFFF;
    }

    @Override
    public boolean findIncoming(final NatTuple tuple, final long nowNs) {
        if (!isNatAddress(tuple.destinationHigh, tuple.destinationLow)) {
            return false;
        }
        final int entry = incoming(tuple.protocol, tuple.sourceHigh, tuple.sourceLow,
            remotePort(tuple.protocol, tuple.sourcePort), tuple.destinationPort);
        if (entry == NONE) {
            return false;
        }
        lastUsedNs[entry] = nowNs;
        tuple.destinationHigh = podHigh[entry];
        tuple.destinationLow = podLow[entry];
        tuple.destinationPort = ownPorts[entry] >>> 16;
        return true;
    }

    @Override
    public void expire(final long nowNs) {
        for (int step = 0; step < EXPIRE_STEP; step++) {
            expireIndex = expireIndex + 1 & mask;
            if (remotePorts[expireIndex] != 0
                && nowNs - lastUsedNs[expireIndex] > idleMaxNs(remotePorts[expireIndex] >>> 16)) {
                remove(expireIndex);
            }
        }
    }

    private static long idleMaxNs(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> 7440 * SECOND_NS;
            case IpProtocol.UDP -> 300 * SECOND_NS;
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> 60 * SECOND_NS;
            default -> 600 * SECOND_NS;
        };
    }

    private int choosePort(final NatTuple tuple) {
        if (!isTranslated(tuple.protocol)) {
            return isFree(tuple, tuple.sourcePort) ? tuple.sourcePort : NONE;
        }
        final int portCount = config.portCount();
        int index = (int)((nextRandom() >>> 33) * portCount >>> 31);
        for (int tries = Math.min(portCount, PORT_TRIES); tries > 0; tries--) {
            if (isFree(tuple, config.port(index))) {
                return config.port(index);
            }
            index = index + 1 < portCount ? index + 1 : 0;
        }
        return NONE;
    }

    private static boolean isTranslated(final int protocol) {
        return protocol == IpProtocol.TCP || protocol == IpProtocol.UDP || protocol == IpProtocol.UDP_LITE
            || isIcmp(protocol);
    }

    private static boolean isIcmp(final int protocol) {
        return protocol == IpProtocol.ICMP || protocol == IpProtocol.ICMPV6;
    }

    private boolean isFree(final NatTuple tuple, final int port) {
        return incoming(tuple.protocol, tuple.destinationHigh, tuple.destinationLow,
            remotePort(tuple.protocol, tuple.destinationPort), port) == NONE;
    }

    /** An ICMP query's answer has the identifier that the query had: the remote end has no port of its own. */
    private static int remotePort(final int protocol, final int port) {
        return isIcmp(protocol) ? 0 : port;
    }

    private int add(final NatTuple tuple, final int natPort) {
        final int entry = freeHead;
        freeHead = outgoingNext[entry];
        podHigh[entry] = tuple.sourceHigh;
        podLow[entry] = tuple.sourceLow;
        remoteHigh[entry] = tuple.destinationHigh;
        remoteLow[entry] = tuple.destinationLow;
        ownPorts[entry] = tuple.sourcePort << 16 | natPort;
        remotePorts[entry] = tuple.protocol << 16 | remotePort(tuple.protocol, tuple.destinationPort);
        final int outgoingHead = outgoingHead(entry);
        outgoingNext[entry] = outgoingHeads[outgoingHead];
        outgoingHeads[outgoingHead] = entry;
        final int incomingHead = incomingHead(entry);
        incomingNext[entry] = incomingHeads[incomingHead];
        incomingHeads[incomingHead] = entry;
        count++;
        listener.bound(incomingOf(entry));
        return entry;
    }

    private void remove(final int entry) {
        listener.released(incomingOf(entry));
        unlink(outgoingHeads, outgoingNext, outgoingHead(entry), entry);
        unlink(incomingHeads, incomingNext, incomingHead(entry), entry);
        remotePorts[entry] = 0;
        outgoingNext[entry] = freeHead;
        freeHead = entry;
        count--;
    }

    private static void unlink(final int[] heads, final int[] next, final int head, final int entry) {
        if (heads[head] == entry) {
            heads[head] = next[entry];
            return;
        }
        int before = heads[head];
        while (next[before] != entry) {
            before = next[before];
        }
        next[before] = next[entry];
    }

    private NatTuple incomingOf(final int entry) {
        told.protocol = remotePorts[entry] >>> 16;
        told.sourceHigh = remoteHigh[entry];
        told.sourceLow = remoteLow[entry];
        told.sourcePort = isIcmp(told.protocol) ? ownPorts[entry] & 0xFFFF : remotePorts[entry] & 0xFFFF;
        told.destinationHigh = natHigh(podHigh[entry]);
        told.destinationLow = natLow(podHigh[entry]);
        told.destinationPort = ownPorts[entry] & 0xFFFF;
        return told;
    }

    private int outgoing(final NatTuple tuple) {
        final int remote = tuple.protocol << 16 | remotePort(tuple.protocol, tuple.destinationPort);
        int entry = outgoingHeads[hash(tuple.sourceHigh, tuple.sourceLow, tuple.destinationHigh,
            tuple.destinationLow, remote ^ tuple.sourcePort * 31)];
        while (entry != NONE && (ownPorts[entry] >>> 16 != tuple.sourcePort || remotePorts[entry] != remote
            || podLow[entry] != tuple.sourceLow || remoteLow[entry] != tuple.destinationLow
            || podHigh[entry] != tuple.sourceHigh || remoteHigh[entry] != tuple.destinationHigh)) {
            entry = outgoingNext[entry];
        }
        return entry;
    }

    private int incoming(
        final int protocol, final long high, final long low, final int port, final int natPort) {
        final int remote = protocol << 16 | port;
        int entry = incomingHeads[hash(0, natPort, high, low, remote)];
        while (entry != NONE && ((ownPorts[entry] & 0xFFFF) != natPort || remotePorts[entry] != remote
            || remoteLow[entry] != low || remoteHigh[entry] != high)) {
            entry = incomingNext[entry];
        }
        return entry;
    }

    private int outgoingHead(final int entry) {
        return hash(podHigh[entry], podLow[entry], remoteHigh[entry], remoteLow[entry],
            remotePorts[entry] ^ (ownPorts[entry] >>> 16) * 31);
    }

    private int incomingHead(final int entry) {
        return hash(0, ownPorts[entry] & 0xFFFF, remoteHigh[entry], remoteLow[entry], remotePorts[entry]);
    }

    private int hash(final long a, final long b, final long c, final long d, final int e) {
        long mixed = (a ^ hashKey) * GOLDEN ^ b;
        mixed = (mixed ^ mixed >>> 29) * hashKey ^ c;
        mixed = (mixed ^ mixed >>> 31) * GOLDEN ^ d;
        mixed = (mixed ^ mixed >>> 30) * hashKey ^ e;
        mixed = (mixed ^ mixed >>> 32) * GOLDEN;
        return (int)(mixed >>> 32) & mask;
    }

    private long natHigh(final long high) {
        return high == 0 ? 0 : config.ipv6().high();
    }

    /** Addresses of pods are never in ::/64 but as mapped IPv4. */
    private long natLow(final long high) {
        return high == 0 ? NatTuple.mapped(config.ipv4()) : config.ipv6().low();
    }

    /** Splitmix64. */
    private long nextRandom() {
        random += GOLDEN;
        long z = random;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }
}

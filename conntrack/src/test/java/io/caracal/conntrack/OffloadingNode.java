package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;
import io.caracal.wire.TcpHeader;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A node with a kernel that carries flows on; whoever extends it opens it before each test. */
abstract class OffloadingNode {
    static final int POD = TrackedNode.POD;
    static final int PEER = TrackedNode.PEER;
    static final int POD_IPV4 = TrackedNode.POD_IPV4;
    static final int PEER_IPV4 = TrackedNode.PEER_IPV4;
    static final int FAR_IPV4 = 0xc0000201;
    static final int OVERLAY = 40;
    static final int OUT = FlowOffload.EGRESS;
    static final int SYN = TcpHeader.SYN;
    static final int ACK = TcpHeader.ACK;
    static final int SEEN_SYN_ACK = FlowOffload.SEEN_SYN_ACK;
    static final int SEEN_ACK = FlowOffload.SEEN_ACK;
    static final int SEEN_FIN = FlowOffload.SEEN_FIN;

    @TempDir
    Path directory;

    MemoryOffload kernel;
    TrackedNode node;

    void open(final ConntrackConfig config, final MemoryOffload next) {
        kernel = next;
        node = new TrackedNode(directory, config, next);
    }

    final void reopen(final ConntrackConfig config, final MemoryOffload next) {
        node.close();
        open(config, next);
    }

    @AfterEach
    void closeNode() {
        node.close();
    }

    static byte[] udp(final boolean toPeer, final int port) {
        return IpPackets.ipv4(IpProtocol.UDP, toPeer ? POD_IPV4 : PEER_IPV4, toPeer ? PEER_IPV4 : POD_IPV4,
            IpPackets.udp(toPeer ? port : 53, toPeer ? 53 : port, 4));
    }

    static byte[] tcp(final boolean toPeer, final int port, final int flags, final int sequence,
        final int acknowledgement) {
        return IpPackets.ipv4(IpProtocol.TCP, toPeer ? POD_IPV4 : PEER_IPV4, toPeer ? PEER_IPV4 : POD_IPV4,
            IpPackets.tcp(toPeer ? port : 80, toPeer ? 80 : port, flags, sequence, acknowledgement));
    }

    final MemoryOffload.Held entry(final boolean toPeer, final int protocol, final int port, final int server) {
        return kernel.find(toPeer ? POD : PEER, protocol, toPeer ? POD_IPV4 : PEER_IPV4,
            toPeer ? PEER_IPV4 : POD_IPV4, toPeer ? port << 16 | server : server << 16 | port);
    }

    /** What the program does with packets that find their entry. */
    final void pass(final MemoryOffload.Held entry, final int seen, final int packets) {
        entry.packets += packets;
        entry.bytes += 40L * packets;
        entry.seen |= seen;
        entry.lastSeenNs = node.nowNs;
    }

    /** Lets the next round of looks happen. */
    final void round() {
        node.advanceMs(OffloadedFlows.ROUND_MS + 1);
        node.idle();
    }
}

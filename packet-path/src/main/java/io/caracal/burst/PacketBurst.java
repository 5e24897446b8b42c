package io.caracal.burst;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Up to {@link #MAX_PACKETS} packets as parallel columns of primitives: what one burst cycle works on.
 *
 * <p>Belongs to one worker and is made once; only that worker's thread may touch it. A row owns its frame from the
 * moment a port received it until it is disposed of: transmitted, dropped (with a reason) or held by a stage.
 * Columns are public arrays on purpose: a stage is one counted loop over {@code 0..count}, and an accessor per
 * column would only hide that. All numbers are in host order.</p>
 *
 * <pre>{@code
 * for (int i = 0; i < burst.count; i++) {
 *     if (burst.verdict[i] == Verdict.UNDECIDED && tooShort(burst.length[i])) {
 *         burst.drop(i, DropReason.ETHERNET_TRUNCATED);
 *     }
 * }
 * }</pre>
 */
public final class PacketBurst {
    /**
     * Rows of a burst: one descriptor cache line holds 4, and 64 is where batching stops paying (libxdp, VPP, DPDK).
     */
    public static final int MAX_PACKETS = 64;

    /**
     * Rows that the columns have: stages may add to a full burst, such as the fragments of its packets. A frame holds
     * 3840 bytes, IPv6's smallest MTU is 1280, so a packet becomes three at most.
     */
    public static final int CAPACITY = 3 * MAX_PACKETS;

    /** Value of {@link #flow} where the packet belongs to no tracked flow. */
    public static final int NO_FLOW = -1;

    /** Offset in {@link #umem} of the packet's first byte: the kernel's {@code xdp_desc.addr}. */
    public final long[] frameAddress = new long[CAPACITY];
    /** Bytes of the packet, from its Ethernet header on. */
    public final int[] length = new int[CAPACITY];

    /** Kernel ifindex of the interface by which the packet came; for the host's own packets, where they go. */
    public final int[] ingressIfindex = new int[CAPACITY];
    /** One of {@link Direction}. */
    public final byte[] direction = new byte[CAPACITY];

    /** EtherType of the payload, after VLAN tags. */
    public final int[] etherType = new int[CAPACITY];
    /** 4 or 6; 0 when the packet is not IP. */
    public final byte[] ipVersion = new byte[CAPACITY];
    /** Bytes from {@link #frameAddress} to the IP (or ARP) header. */
    public final int[] l3Offset = new int[CAPACITY];
    /** Bytes from {@link #frameAddress} to the transport header; 0 in a fragment that is not the first. */
    public final int[] l4Offset = new int[CAPACITY];
    /** IP protocol number of the transport header, after IPv6 extension headers. */
    public final int[] ipProtocol = new int[CAPACITY];
    /** Source port; for ICMP queries the identifier; 0 where there is none. */
    public final int[] sourcePort = new int[CAPACITY];
    /** Destination port; for ICMP {@code type << 8 | code}; 0 where there is none. */
    public final int[] destinationPort = new int[CAPACITY];
    /** Bits of {@link PacketFlags}. */
    public final int[] flags = new int[CAPACITY];
    /** Symmetric, seeded hash of addresses, protocol and ports: the same for both directions of a flow. */
    public final int[] flowHash = new int[CAPACITY];

    /** Where the destination leads: a word of {@code io.caracal.route.RouteWord}, set by the route stage. */
    public final long[] route = new long[CAPACITY];
    /**
     * {@link DropReason#id()} of the received packet whose frame now carries the ICMP error about it; else 0. The
     * worker counts that drop, and the error as a packet that a stage made.
     */
    public final byte[] replacedReason = new byte[CAPACITY];

    /** One of {@link Tracking}: what connection tracking says about the packet. */
    public final byte[] tracking = new byte[CAPACITY];
    /**
     * {@code slot << 1 | direction} in the flow table of the packet's IP version (0 original, 1 reply); -1 for none.
     */
    public final int[] flow = new int[CAPACITY];

    /** One of {@link Verdict}. */
    public final byte[] verdict = new byte[CAPACITY];
    /** {@link DropReason#id()} where the verdict is {@link Verdict#DROP}. */
    public final byte[] dropReason = new byte[CAPACITY];
    /** One of {@link EgressAction}, where the verdict is {@link Verdict#TRANSMIT}. */
    public final byte[] egressAction = new byte[CAPACITY];
    /** Kernel ifindex that {@link #egressAction} is about. */
    public final int[] egressIfindex = new int[CAPACITY];

    /** Rows in use. */
    public int count;

    private final UnsafeBuffer umem;

    /**
     * Makes an empty burst over a UMEM.
     *
     * @param umem the region that {@link #frameAddress} counts from; outlives the burst.
     */
    public PacketBurst(final UnsafeBuffer umem) {
        this.umem = umem;
    }

    /**
     * The bytes that {@link #frameAddress} counts from.
     *
     * @return the UMEM region; never larger than 2 GiB, so an address fits an {@code int}.
     */
    public UnsafeBuffer umem() {
        return umem;
    }

    /** Forgets all rows. The caller has disposed of their frames. */
    public void clear() {
        count = 0;
    }

    /**
     * Appends a received packet as an undecided row; the other columns are set by the stage that owns them.
     *
     * @param address offset of its first byte in the UMEM.
     * @param packetLength its length in bytes.
     */
    public void add(final long address, final int packetLength) {
        final int row = count++;
        frameAddress[row] = address;
        length[row] = packetLength;
        direction[row] = 0;
        ingressIfindex[row] = 0;
        verdict[row] = Verdict.UNDECIDED;
        dropReason[row] = 0;
        replacedReason[row] = 0;
        flags[row] = 0;
        tracking[row] = Tracking.UNTRACKED;
        flow[row] = NO_FLOW;
    }

    /**
     * Index into {@link #umem()} of a row's first byte.
     *
     * @param row row of the burst.
     * @return the index.
     */
    public int offset(final int row) {
        return (int)frameAddress[row];
    }

    /**
     * Decides to drop a row; the worker counts it and gives its frame back.
     *
     * @param row row of the burst.
     * @param reason why.
     */
    public void drop(final int row, final DropReason reason) {
        verdict[row] = Verdict.DROP;
        dropReason[row] = reason.id();
    }

    /**
     * Says that a row's packet is dropped and that the row is the answer to it from now on.
     *
     * @param row row of the burst, still undecided.
     * @param reason why the packet is dropped.
     */
    public void replace(final int row, final DropReason reason) {
        replacedReason[row] = reason.id();
    }

    /**
     * How many more rows stages may add.
     *
     * @return 0 .. {@link #CAPACITY}.
     */
    public int room() {
        return CAPACITY - count;
    }

    /**
     * Decides to send a row out.
     *
     * @param row row of the burst.
     * @param action one of {@link EgressAction}.
     * @param ifindex the interface that the action is about.
     */
    public void transmit(final int row, final byte action, final int ifindex) {
        verdict[row] = Verdict.TRANSMIT;
        egressAction[row] = action;
        egressIfindex[row] = ifindex;
    }
}

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

    /** Value of {@link #flow} where the packet belongs to no tracked flow. */
    public static final int NO_FLOW = -1;

    /** Offset in {@link #umem} of the packet's first byte: the kernel's {@code xdp_desc.addr}. */
    public final long[] frameAddress = new long[MAX_PACKETS];
    /** Bytes of the packet, from its Ethernet header on. */
    public final int[] length = new int[MAX_PACKETS];

    /** Kernel ifindex of the interface by which the packet came; for the host's own packets, where they go. */
    public final int[] ingressIfindex = new int[MAX_PACKETS];
    /** One of {@link Direction}. */
    public final byte[] direction = new byte[MAX_PACKETS];

    /** EtherType of the payload, after VLAN tags. */
    public final int[] etherType = new int[MAX_PACKETS];
    /** 4 or 6; 0 when the packet is not IP. */
    public final byte[] ipVersion = new byte[MAX_PACKETS];
    /** Bytes from {@link #frameAddress} to the IP (or ARP) header. */
    public final int[] l3Offset = new int[MAX_PACKETS];
    /** Bytes from {@link #frameAddress} to the transport header; 0 in a fragment that is not the first. */
    public final int[] l4Offset = new int[MAX_PACKETS];
    /** IP protocol number of the transport header, after IPv6 extension headers. */
    public final int[] ipProtocol = new int[MAX_PACKETS];
    /** Source port; for ICMP queries the identifier; 0 where there is none. */
    public final int[] sourcePort = new int[MAX_PACKETS];
    /** Destination port; for ICMP {@code type << 8 | code}; 0 where there is none. */
    public final int[] destinationPort = new int[MAX_PACKETS];
    /** Bits of {@link PacketFlags}. */
    public final int[] flags = new int[MAX_PACKETS];
    /** Symmetric, seeded hash of addresses, protocol and ports: the same for both directions of a flow. */
    public final int[] flowHash = new int[MAX_PACKETS];

    /** One of {@link Tracking}: what connection tracking says about the packet. */
    public final byte[] tracking = new byte[MAX_PACKETS];
    /**
     * {@code slot << 1 | direction} in the flow table of the packet's IP version (0 original, 1 reply); -1 for none.
     */
    public final int[] flow = new int[MAX_PACKETS];

    /** One of {@link Verdict}. */
    public final byte[] verdict = new byte[MAX_PACKETS];
    /** {@link DropReason#id()} where the verdict is {@link Verdict#DROP}. */
    public final byte[] dropReason = new byte[MAX_PACKETS];
    /** One of {@link EgressAction}, where the verdict is {@link Verdict#TRANSMIT}. */
    public final byte[] egressAction = new byte[MAX_PACKETS];
    /** Kernel ifindex that {@link #egressAction} is about. */
    public final int[] egressIfindex = new int[MAX_PACKETS];

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

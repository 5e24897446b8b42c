package io.caracal.burst;

import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Up to {@link #MAX_PACKETS} packets and what the stages know of each: what one burst cycle works on.
 *
 * <p>Belongs to one worker and is made once; only that worker's thread may touch it. A row owns its frame from the
 * moment a port received it until it is disposed of: transmitted, dropped (with a reason) or held by a stage. All
 * numbers are in host order.</p>
 *
 * <pre>{@code
 * for (int i = 0; i < burst.count; i++) {
 *     if (burst.verdict(i) == Verdict.UNDECIDED && tooShort(burst.length(i))) {
 *         burst.drop(i, DropReason.ETHERNET_TRUNCATED);
 *     }
 * }
 * }</pre>
 */
public final class PacketBurst extends PacketRows {
    /**
     * Rows of a burst: one descriptor cache line holds 4, and 64 is where batching stops paying (libxdp, VPP, DPDK).
     */
    public static final int MAX_PACKETS = 64;

    /**
     * Rows that there is room for: stages may add to a full burst, such as the fragments of its packets. A frame holds
     * 3840 bytes, IPv6's smallest MTU is 1280, so a packet becomes three at most.
     */
    public static final int CAPACITY = 3 * MAX_PACKETS;

    /** Value of {@link #flow(int)} where the packet belongs to no tracked flow. */
    public static final int NO_FLOW = -1;

    /** {@link #sleepMaxMs} where no stage asks for less. */
    public static final int SLEEP_AS_LONG_AS_NOTHING_COMES = Integer.MAX_VALUE;

    /** Rows in use. */
    public int count;
    /**
     * How long the worker may sleep after this cycle, though no packet comes: a stage with work that no packet tells of
     * makes it less, 0 for work that is left over.
     */
    public int sleepMaxMs = SLEEP_AS_LONG_AS_NOTHING_COMES;

    private final UnsafeBuffer umem;

    /**
     * Makes an empty burst over a UMEM.
     *
     * @param umem the region that {@link #frameAddress(int)} counts from, outside the heap; outlives the burst.
     * @throws IllegalArgumentException when it is on the heap: stages read by address.
     */
    public PacketBurst(final UnsafeBuffer umem) {
        super(CAPACITY);
        if (umem.byteArray() != null) {
            throw new IllegalArgumentException("make a burst over a UMEM: an array of " + umem.capacity()
                + " bytes on the heap has no address");
        }
        this.umem = umem;
    }

    /**
     * The bytes that {@link #frameAddress(int)} counts from.
     *
     * @return the UMEM region; never larger than 2 GiB, so an address fits an {@code int}.
     */
    public UnsafeBuffer umem() {
        return umem;
    }

    /** Forgets all rows. The caller has disposed of their frames. */
    public void clear() {
        count = 0;
        sleepMaxMs = SLEEP_AS_LONG_AS_NOTHING_COMES;
    }

    /**
     * Appends a received packet as an undecided row of which nothing else is known.
     *
     * @param address offset of its first byte in the UMEM.
     * @param packetLength its length in bytes.
     */
    public void add(final long address, final int packetLength) {
        final long row = at(nextRow());
        UnsafeApi.putLong(row + FRAME_ADDRESS, address);
        UnsafeApi.putLong(row + LENGTH, packetLength);
        UnsafeApi.putLong(row + ETHER_TYPE, 0);
        UnsafeApi.putLong(row + DESTINATION_PORT, 0);
        UnsafeApi.putLong(row + INGRESS_IFINDEX, 0);
        UnsafeApi.putLong(row + FLOW, NO_FLOW & LOW_32);
        UnsafeApi.putLong(row + ROUTE, 0);
        UnsafeApi.putLong(row + EGRESS_ACTION, (long)packetLength << 32);
    }

    /**
     * Appends a row that was kept from an earlier burst, as it was kept.
     *
     * @param from where it was kept.
     * @param fromRow its row there.
     * @return its row here.
     */
    public int add(final PacketRows from, final int fromRow) {
        final int row = nextRow();
        copy(row, from, fromRow);
        return row;
    }

    private int nextRow() {
        if (count == CAPACITY) {
            throw new IllegalStateException("a burst has " + CAPACITY + " rows");
        }
        return count++;
    }

    /**
     * Index into {@link #umem()} of a row's first byte.
     *
     * @param row row of the burst.
     * @return the index.
     */
    public int offset(final int row) {
        return (int)frameAddress(row);
    }

    /**
     * Decides to drop a row; the worker counts it and gives its frame back.
     *
     * @param row row of the burst.
     * @param reason why.
     */
    public void drop(final int row, final DropReason reason) {
        verdict(row, Verdict.DROP);
        dropReason(row, reason.id());
    }

    /**
     * Says that a row's packet is dropped and that the row is the answer to it from now on.
     *
     * @param row row of the burst, still undecided.
     * @param reason why the packet is dropped.
     */
    public void replace(final int row, final DropReason reason) {
        UnsafeApi.putByte(at(row) + REPLACED_REASON, reason.id());
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
        verdict(row, Verdict.TRANSMIT);
        egressAction(row, action);
        egressIfindex(row, ifindex);
    }
}

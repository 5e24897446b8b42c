package io.caracal.bindings;

import io.caracal.bindings.gen.sockaddr_xdp;
import io.caracal.bindings.gen.xdp_desc;
import io.caracal.bindings.gen.xdp_mmap_offsets;
import io.caracal.bindings.gen.xdp_options;
import io.caracal.bindings.gen.xdp_ring_offset;
import io.caracal.bindings.gen.xdp_statistics;
import io.caracal.bindings.gen.xdp_umem_reg;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/**
 * Constants and layouts of AF_XDP ({@code linux/if_xdp.h}). AF_XDP is Linux 4.18, shared UMEMs between interfaces and
 * queues 5.10; what came later than Debian 12's headers (6.1) says from which kernel on, and is to be probed by trying.
 */
public final class AfXdp {
    /** Bind flag: use the UMEM of another, still bound socket. Other flags are inherited and must not be given. */
    public static final int XDP_SHARED_UMEM = 1;
    /** Bind flag: copy packets between the driver and the UMEM. */
    public static final int XDP_COPY = 1 << 1;
    /** Bind flag: fail where the driver cannot receive into the UMEM directly. */
    public static final int XDP_ZEROCOPY = 1 << 2;
    /** Bind flag: the kernel says in the rings when it needs a system call; Linux 5.4. */
    public static final int XDP_USE_NEED_WAKEUP = 1 << 3;
    /** Bind flag: packets may span several descriptors; Linux 6.6. */
    public static final int XDP_USE_SG = 1 << 4;

    /** UMEM flag: frames may start anywhere; Linux 5.4. */
    public static final int XDP_UMEM_UNALIGNED_CHUNK_FLAG = 1;
    /** UMEM flag: in copy mode, let the kernel compute the checksums that TX metadata ask for; Linux 6.8. */
    public static final int XDP_UMEM_TX_SW_CSUM = 1 << 1;
    /** UMEM flag: {@code tx_metadata_len} is set. Required since 6.11, unknown to 6.8 to 6.10: try with it first. */
    public static final int XDP_UMEM_TX_METADATA_LEN = 1 << 2;

    /** Flag in the flags word of a ring: the kernel sleeps until a system call wakes it; Linux 5.4. */
    public static final int XDP_RING_NEED_WAKEUP = 1;

    /** Option of SOL_XDP, read only: where the rings' fields are in their mappings. */
    public static final int XDP_MMAP_OFFSETS = 1;
    /** Option: makes the receive ring with so many descriptors, a power of two. */
    public static final int XDP_RX_RING = 2;
    /** Option: makes the transmit ring. */
    public static final int XDP_TX_RING = 3;
    /** Option: registers memory as the socket's UMEM. */
    public static final int XDP_UMEM_REG = 4;
    /** Option: makes the fill ring. */
    public static final int XDP_UMEM_FILL_RING = 5;
    /** Option: makes the completion ring. */
    public static final int XDP_UMEM_COMPLETION_RING = 6;
    /** Option, read only: the kernel's counters of the socket. */
    public static final int XDP_STATISTICS = 7;
    /** Option, read only: in which mode the socket is bound; Linux 5.3. */
    public static final int XDP_OPTIONS = 8;
    /** Option: packets that one sendto of a copy-mode socket sends at most (32 without it); Linux 6.17. */
    public static final int XDP_MAX_TX_SKB_BUDGET = 9;

    /** Bit of {@link #XDP_OPTIONS}: zero-copy. */
    public static final int XDP_OPTIONS_ZEROCOPY = 1;

    /** Offset of the receive ring's mapping. */
    public static final long XDP_PGOFF_RX_RING = 0;
    /** Offset of the transmit ring's mapping. */
    public static final long XDP_PGOFF_TX_RING = 0x80000000L;
    /** Offset of the fill ring's mapping. */
    public static final long XDP_UMEM_PGOFF_FILL_RING = 0x100000000L;
    /** Offset of the completion ring's mapping. */
    public static final long XDP_UMEM_PGOFF_COMPLETION_RING = 0x180000000L;

    /** Bit of a descriptor's options: the packet goes on in the next descriptor; Linux 6.6. */
    public static final int XDP_PKT_CONTD = 1;
    /** Bit of a descriptor's options: TX metadata stand before the packet; Linux 6.8. */
    public static final int XDP_TX_METADATA = 1 << 1;

    /** Bit of the flags of TX metadata: write the time of transmission; Linux 6.8. */
    public static final long XDP_TXMD_FLAGS_TIMESTAMP = 1;
    /** Bit of the flags of TX metadata: complete the checksum from csum_start to csum_offset; Linux 6.8. */
    public static final long XDP_TXMD_FLAGS_CHECKSUM = 1 << 1;
    /** Bytes of {@code struct xsk_tx_metadata} as of Linux 6.8, in front of {@code xdp_desc.addr}; a multiple of 8. */
    public static final int TX_METADATA_LENGTH = 24;
    /** Offset of the u64 flags in TX metadata. */
    public static final int TX_METADATA_FLAGS_OFFSET = 0;
    /** Offset of the u16 from which the checksum counts, relative to the packet's start. */
    public static final int TX_METADATA_CSUM_START_OFFSET = 8;
    /** Offset of the u16 at which the checksum is put, relative to csum_start. */
    public static final int TX_METADATA_CSUM_OFFSET_OFFSET = 10;

    /** Room that the kernel leaves in front of a received packet in its frame ({@code XDP_PACKET_HEADROOM}). */
    public static final int XDP_PACKET_HEADROOM = 256;

    /** Bytes of {@code struct xdp_desc}, an entry of the receive and transmit ring. */
    public static final int DESC_LENGTH = 16;
    /** Offset of the u64 frame address in a descriptor. */
    public static final int DESC_ADDR_OFFSET = 0;
    /** Offset of the u32 packet length in a descriptor. */
    public static final int DESC_LEN_OFFSET = 8;
    /** Offset of the u32 options in a descriptor. */
    public static final int DESC_OPTIONS_OFFSET = 12;

    /**
     * {@code struct sockaddr_xdp}: sxdp_family, sxdp_flags, sxdp_ifindex, sxdp_queue_id, sxdp_shared_umem_fd.
     */
    public static final GroupLayout SOCKADDR = sockaddr_xdp.layout();
    /** {@code struct xdp_umem_reg}: addr, len, chunk_size, headroom, flags, and since 6.8 tx_metadata_len. */
    public static final GroupLayout UMEM_REG = xdp_umem_reg.layout();
    /** {@code struct xdp_mmap_offsets}: rx, tx, fr, cr, each a {@code struct xdp_ring_offset}. */
    public static final GroupLayout MMAP_OFFSETS = xdp_mmap_offsets.layout();
    /** {@code struct xdp_ring_offset}: producer, consumer, desc, flags. */
    public static final GroupLayout RING_OFFSET = xdp_ring_offset.layout();
    /** {@code struct xdp_statistics}: rx_dropped, rx_invalid_descs, tx_invalid_descs, rx_ring_full and so on. */
    public static final GroupLayout STATISTICS = xdp_statistics.layout();
    /** {@code struct xdp_options}: flags. */
    public static final GroupLayout OPTIONS = xdp_options.layout();
    /** {@code struct xdp_desc}: addr, len, options. */
    public static final GroupLayout DESC = xdp_desc.layout();

    /** Offset of tx_metadata_len in xdp_umem_reg: it took the place of tail padding in 6.8, the size is the same. */
    private static final long UMEM_REG_TX_METADATA_LENGTH_OFFSET = 28;

    static {
        assert DESC.byteSize() == DESC_LENGTH : DESC;
        assert xdp_desc.len$offset() == DESC_LEN_OFFSET : DESC;
        assert xdp_desc.options$offset() == DESC_OPTIONS_OFFSET : DESC;
        assert UMEM_REG.byteSize() == UMEM_REG_TX_METADATA_LENGTH_OFFSET + Integer.BYTES : UMEM_REG;
    }

    private AfXdp() {
    }

    /**
     * Fills an address to bind an AF_XDP socket to.
     *
     * @param allocator where to put it.
     * @param ifindex the interface.
     * @param queueId its queue, from 0.
     * @param flags such as {@link #XDP_USE_NEED_WAKEUP}.
     * @param sharedUmemFd with {@link #XDP_SHARED_UMEM} the socket whose UMEM to use, else 0.
     * @return a {@code struct sockaddr_xdp}.
     */
    public static MemorySegment sockaddr(final SegmentAllocator allocator, final int ifindex, final int queueId,
        final int flags, final int sharedUmemFd) {
        final MemorySegment address = allocator.allocate(SOCKADDR);
        sockaddr_xdp.sxdp_family(address, (short)Posix.AF_XDP);
        sockaddr_xdp.sxdp_flags(address, (short)flags);
        sockaddr_xdp.sxdp_ifindex(address, ifindex);
        sockaddr_xdp.sxdp_queue_id(address, queueId);
        sockaddr_xdp.sxdp_shared_umem_fd(address, sharedUmemFd);
        return address;
    }

    /**
     * Fills a registration of a UMEM, for the option {@link #XDP_UMEM_REG}.
     *
     * @param allocator where to put it.
     * @param region the memory.
     * @param chunkSize bytes of a frame, 2048 or 4096.
     * @param headroom bytes to leave free beyond {@link #XDP_PACKET_HEADROOM}.
     * @param flags such as {@link #XDP_UMEM_TX_METADATA_LEN}.
     * @param txMetadataLength bytes of TX metadata in front of a packet, 0 for none.
     * @return a {@code struct xdp_umem_reg}.
     */
    public static MemorySegment umemReg(final SegmentAllocator allocator, final MemorySegment region,
        final int chunkSize, final int headroom, final int flags, final int txMetadataLength) {
        final MemorySegment registration = allocator.allocate(UMEM_REG).fill((byte)0);
        xdp_umem_reg.addr(registration, region.address());
        xdp_umem_reg.len(registration, region.byteSize());
        xdp_umem_reg.chunk_size(registration, chunkSize);
        xdp_umem_reg.headroom(registration, headroom);
        xdp_umem_reg.flags(registration, flags);
        registration.set(ValueLayout.JAVA_INT, UMEM_REG_TX_METADATA_LENGTH_OFFSET, txMetadataLength);
        return registration;
    }

    /**
     * Where a field of one of the layouts here is, for instance {@code offset(MMAP_OFFSETS, "rx", "producer")}.
     *
     * @param layout one of the layouts of this class.
     * @param path names of the field, from outside in.
     * @return bytes from the start of the structure.
     */
    public static long offset(final GroupLayout layout, final String... path) {
        final PathElement[] elements = new PathElement[path.length];
        for (int i = 0; i < path.length; i++) {
            elements[i] = PathElement.groupElement(path[i]);
        }
        return layout.byteOffset(elements);
    }
}

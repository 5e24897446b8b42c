package io.caracal.xsk;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.CallState;
import io.caracal.bindings.LibC;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** The four rings of one socket, created and mapped. Owns the mappings; closed after the socket. */
final class RingMappings implements AutoCloseable {
    private static final int PROTECTION = Posix.PROT_READ | Posix.PROT_WRITE;

    private final List<MappedRegion> regions = new ArrayList<>();
    private final CallState state = new CallState();
    private final int fd;
    private final XskConfig config;
    private final XskRings rings;

    /**
     * Creates the rings of a socket that is not bound yet, and maps them.
     *
     * @param fd the socket.
     * @param config its depths.
     */
    RingMappings(final int fd, final XskConfig config) {
        this.fd = fd;
        this.config = config;
        final RingDepths depths = config.depths();
        try (Arena arena = Arena.ofConfined()) {
            create(arena, AfXdp.XDP_UMEM_FILL_RING, depths.fill(), "fill ring");
            create(arena, AfXdp.XDP_UMEM_COMPLETION_RING, depths.completion(), "completion ring");
            create(arena, AfXdp.XDP_RX_RING, depths.rx(), "receive ring");
            create(arena, AfXdp.XDP_TX_RING, depths.tx(), "transmit ring");
            final MemorySegment offsets = readOffsets(arena);
            rings = new XskRings(
                new FillRing(map(offsets, "fr", AfXdp.XDP_UMEM_PGOFF_FILL_RING, depths.fill(),
                    RingMemory.ADDRESS_SIZE)),
                new CompletionRing(map(offsets, "cr", AfXdp.XDP_UMEM_PGOFF_COMPLETION_RING, depths.completion(),
                    RingMemory.ADDRESS_SIZE)),
                new RxRing(map(offsets, "rx", AfXdp.XDP_PGOFF_RX_RING, depths.rx(), RingMemory.DESCRIPTOR_SIZE)),
                new TxRing(map(offsets, "tx", AfXdp.XDP_PGOFF_TX_RING, depths.tx(), RingMemory.DESCRIPTOR_SIZE)));
        } catch (final RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private void create(final Arena arena, final int option, final int depth, final String ring) {
        final MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, depth);
        if (LibC.setsockopt(state, fd, Posix.SOL_XDP, option, value, Integer.BYTES) < 0) {
            throw state.failure("create " + ring + " of " + depth + " entries for", config.place());
        }
    }

    private MemorySegment readOffsets(final Arena arena) {
        final MemorySegment offsets = arena.allocate(AfXdp.MMAP_OFFSETS);
        final int size = (int)offsets.byteSize();
        final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, size);
        if (LibC.getsockopt(state, fd, Posix.SOL_XDP, AfXdp.XDP_MMAP_OFFSETS, offsets, length) < 0) {
            throw state.failure("read ring offsets of", config.place());
        }
        final int givenSize = length.get(ValueLayout.JAVA_INT, 0);
        if (givenSize != size) {
            throw new IllegalStateException("the kernel describes rings in " + givenSize + " bytes instead of " + size
                + ": Linux 5.4 or later is needed");
        }
        return offsets;
    }

    private RingMemory map(final MemorySegment offsets, final String ring, final long pageOffset, final int depth,
                           final int entrySize) {
        final RingLayout layout = new RingLayout(field(offsets, ring, "producer"), field(offsets, ring, "consumer"),
            field(offsets, ring, "flags"), field(offsets, ring, "desc"));
        final int size = layout.entriesOffset() + depth * entrySize;
        final MappedRegion region = MappedRegion.shared(fd, pageOffset, size, PROTECTION, Posix.MAP_POPULATE);
        regions.add(region);
        return new RingMemory(new UnsafeBuffer(region.address(), size), layout, depth);
    }

    private static int field(final MemorySegment offsets, final String ring, final String name) {
        return (int)offsets.get(ValueLayout.JAVA_LONG, AfXdp.offset(AfXdp.MMAP_OFFSETS, ring, name));
    }

    XskRings rings() {
        return rings;
    }

    @Override
    public void close() {
        regions.forEach(MappedRegion::close);
    }
}

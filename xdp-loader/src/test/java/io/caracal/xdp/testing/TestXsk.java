package io.caracal.xdp.testing;

import static io.caracal.bindings.AfXdp.MMAP_OFFSETS;

import io.caracal.bindings.AfXdp;
import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The least AF_XDP socket that receives: one UMEM, all frames in the fill ring once, never refilled. Made in the
 * namespace of its interface; independent of the engine's own sockets, so that a fault of theirs cannot hide one of the
 * programs.
 */
public final class TestXsk implements AutoCloseable {
    private static final int FRAME_SIZE = 4096;
    private static final int DEPTH = 64;

    private final CallState state = new CallState();
    private final Fd fd = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
    private final MappedRegion umem = MappedRegion.anonymous((long)DEPTH * FRAME_SIZE, 0);
    private final MappedRegion fill;
    private final MappedRegion receive;
    private final long receiveProducerOffset;
    private final long receiveDescriptorOffset;
    private int consumed;

    public TestXsk(final int ifindex, final int queueId) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment registration = AfXdp.umemReg(arena, umem.segment(), FRAME_SIZE, 0, 0, 0);
            check(LibC.setsockopt(state, fd.number(), Posix.SOL_XDP, AfXdp.XDP_UMEM_REG, registration,
                (int)registration.byteSize()), "register UMEM");
            for (final int ring : new int[] {AfXdp.XDP_UMEM_FILL_RING, AfXdp.XDP_UMEM_COMPLETION_RING,
                AfXdp.XDP_RX_RING}) {
                fd.setOption(Posix.SOL_XDP, ring, DEPTH);
            }
            final MemorySegment offsets = arena.allocate(MMAP_OFFSETS);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)offsets.byteSize());
            check(LibC.getsockopt(state, fd.number(), Posix.SOL_XDP, AfXdp.XDP_MMAP_OFFSETS, offsets, length),
                "ask for offsets");
            final long fillDescriptorOffset = read(offsets, "fr", "desc");
            fill = map(AfXdp.XDP_UMEM_PGOFF_FILL_RING, fillDescriptorOffset + DEPTH * Long.BYTES);
            receiveProducerOffset = read(offsets, "rx", "producer");
            receiveDescriptorOffset = read(offsets, "rx", "desc");
            receive = map(AfXdp.XDP_PGOFF_RX_RING, receiveDescriptorOffset + DEPTH * AfXdp.DESC_LENGTH);
            for (int i = 0; i < DEPTH; i++) {
                fill.segment().set(ValueLayout.JAVA_LONG, fillDescriptorOffset + (long)i * Long.BYTES,
                    (long)i * FRAME_SIZE);
            }
            VarHandle.releaseFence();
            fill.segment().set(ValueLayout.JAVA_INT, read(offsets, "fr", "producer"), DEPTH);
            final MemorySegment address = AfXdp.sockaddr(arena, ifindex, queueId, AfXdp.XDP_COPY, 0);
            check(LibC.bind(state, fd.number(), address, (int)address.byteSize()), "bind to queue " + queueId);
        }
    }

    private static long read(final MemorySegment offsets, final String ring, final String field) {
        return offsets.get(ValueLayout.JAVA_LONG, AfXdp.offset(MMAP_OFFSETS, ring, field));
    }

    private MappedRegion map(final long offset, final long size) {
        return MappedRegion.shared(fd.number(), offset, size, Posix.PROT_READ | Posix.PROT_WRITE, Posix.MAP_POPULATE);
    }

    private void check(final int result, final String act) {
        if (result < 0) {
            throw state.failure(act, "of the test's AF_XDP socket");
        }
    }

    public int fd() {
        return fd.number();
    }

    /** The next packet; the test fails when none comes within five seconds. */
    public byte[] receive() {
        final long deadlineNs = System.nanoTime() + 5_000_000_000L;
        while (receive.segment().get(ValueLayout.JAVA_INT, receiveProducerOffset) == consumed) {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("no packet on this queue within 5 s");
            }
            Thread.onSpinWait();
        }
        VarHandle.acquireFence();
        final long descriptor = receiveDescriptorOffset + (long)(consumed++ & (DEPTH - 1)) * AfXdp.DESC_LENGTH;
        final long address = receive.segment().get(ValueLayout.JAVA_LONG, descriptor + AfXdp.DESC_ADDR_OFFSET);
        final int length = receive.segment().get(ValueLayout.JAVA_INT, descriptor + AfXdp.DESC_LEN_OFFSET);
        return umem.segment().asSlice(address, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public void close() {
        receive.close();
        fill.close();
        fd.close();
        umem.close();
    }
}

package io.caracal.xdp.testing;

import io.caracal.bindings.BpfPrograms;
import io.caracal.xdp.BpfProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One run of a program by BPF_PROG_TEST_RUN: a packet and the metadata of its skb in, verdict, bytes and mark out. The
 * interface must exist in the calling thread's network namespace.
 */
public record TestSkb(byte[] packet, int ifindex, int ingressIfindex, int mark) {
    public static final int TC_ACT_OK = 0;
    public static final int TC_ACT_SHOT = 2;
    public static final int TC_ACT_REDIRECT = 7;

    private static final int SK_BUFF_SIZE = 192;
    private static final int MARK_OFFSET = 8;
    private static final int INGRESS_IFINDEX_OFFSET = 36;
    private static final int IFINDEX_OFFSET = 40;
    private static final int OUTPUT_SIZE = 1 << 16;

    public static TestSkb of(final byte[] packet, final int ifindex) {
        return new TestSkb(packet, ifindex, 0, 0);
    }

    public TestSkb withMark(final int newMark) {
        return new TestSkb(packet, ifindex, ingressIfindex, newMark);
    }

    public TestSkb withIngressIfindex(final int newIngressIfindex) {
        return new TestSkb(packet, ifindex, newIngressIfindex, mark);
    }

    public Result run(final BpfProgram program) {
        return run(program, 1);
    }

    /** Repeats on the same packet: the second run sees what the first has written. */
    public Result run(final BpfProgram program, final int repeat) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment context = arena.allocate(SK_BUFF_SIZE, Long.BYTES);
            context.set(ValueLayout.JAVA_INT, MARK_OFFSET, mark);
            context.set(ValueLayout.JAVA_INT, INGRESS_IFINDEX_OFFSET, ingressIfindex);
            context.set(ValueLayout.JAVA_INT, IFINDEX_OFFSET, ifindex);
            final MemorySegment input = arena.allocateFrom(ValueLayout.JAVA_BYTE, packet);
            final MemorySegment output = arena.allocate(OUTPUT_SIZE);
            final BpfPrograms.TestRun run =
                BpfPrograms.testRun(program.fd(), input, context, output, repeat);
            return new Result(run.returnValue(),
                output.asSlice(0, run.outputLength()).toArray(ValueLayout.JAVA_BYTE),
                context.get(ValueLayout.JAVA_INT, MARK_OFFSET));
        }
    }

    public record Result(int action, byte[] packet, int mark) {
        public byte[] destinationMac() {
            return java.util.Arrays.copyOf(packet, 6);
        }

        public byte[] sourceMac() {
            return java.util.Arrays.copyOfRange(packet, 6, 12);
        }
    }
}

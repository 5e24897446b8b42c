package io.caracal.xdp.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.caracal.bindings.BpfPrograms;
import io.caracal.xdp.BpfProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Runs of an XDP program by BPF_PROG_TEST_RUN, as if a frame had come to the loopback interface's queue 0. */
public final class TestXdp {
    public static final int XDP_DROP = 1;
    public static final int XDP_PASS = 2;
    public static final int XDP_REDIRECT = 4;
    private static final int OUTPUT_SIZE = 1 << 16;

    private TestXdp() {
    }

    /** The verdict; the test fails when the program changes the frame. */
    public static int run(final BpfProgram program, final byte[] frame) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment output = arena.allocate(OUTPUT_SIZE);
            final BpfPrograms.TestRun run = BpfPrograms.testRun(program.fd(),
                arena.allocateFrom(ValueLayout.JAVA_BYTE, frame), MemorySegment.NULL, output, 1);
            assertArrayEquals(frame, output.asSlice(0, run.outputLength()).toArray(ValueLayout.JAVA_BYTE));
            return run.returnValue();
        }
    }
}

package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.BpfPrograms;
import io.caracal.xdp.testing.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** XDP of punt1: frames in; verdict and counters out. The frame itself is never changed. */
final class ToEngineTest extends ProgramTable {
    private static final int XDP_DROP = 1;
    private static final int XDP_REDIRECT = 4;

    private int run(final byte[] frame) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment output = arena.allocate(4096);
            final BpfPrograms.TestRun run = BpfPrograms.testRun(programs.toEngine().fd(),
                arena.allocateFrom(ValueLayout.JAVA_BYTE, frame), MemorySegment.NULL, output, 1);
            assertArrayEquals(frame, output.asSlice(0, run.outputLength()).toArray(ValueLayout.JAVA_BYTE));
            return run.returnValue();
        }
    }

    private static byte[] frame(final byte[] destination) {
        return Packet.ethernet(destination, Packet.POD_MAC, ETH_IPV4,
            Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(1, 2)));
    }

    @Test
    void shouldGiveWhatTcHasSentToTheSocketOfTheQueue() {
        bindEngine(0);
        for (final int direction : new int[] {1, 2}) {
            assertEquals(XDP_REDIRECT, run(frame(Packet.puntMac(direction, 12))));
            assertCounted(PuntCounter.ENGINE_RECEIVED);
        }
    }

    @Test
    void shouldDropAndNeverPassWithoutASocket() {
        bindEngine(1);
        assertEquals(XDP_DROP, run(frame(Packet.puntMac(1, 12))));
        assertCounted(PuntCounter.DROPPED_NO_SOCKET);
    }

    @Test
    void shouldDropWhatTcHasNotSent() {
        bindEngine();
        for (final byte[] destination : new byte[][] {Packet.mac("ff:ff:ff:ff:ff:ff"), Packet.mac("01:80:c2:00:00:0e"),
            Packet.puntMac(0, 12), Packet.puntMac(5, 12), Packet.HOST_MAC}) {
            assertEquals(XDP_DROP, run(frame(destination)));
            assertCounted(PuntCounter.DROPPED_FOREIGN_FRAME);
        }
    }
}

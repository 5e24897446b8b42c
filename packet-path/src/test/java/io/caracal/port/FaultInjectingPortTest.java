package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultInjectingPortTest {
    private static final int ALWAYS = FaultSpec.ALWAYS_PPM;
    private static final long SEED = 42;

    private final PathFixture path = new PathFixture(256);
    private final LoopbackPort loopback = path.loopback("faulty", 64);
    private final PacketBurst burst = new PacketBurst(path.umem);

    private FaultInjectingPort receiving(final FaultSpec spec, final int packets) {
        final FaultInjectingPort port = new FaultInjectingPort(loopback.port(), path.pool, spec, SEED);
        port.refill();
        for (int n = 0; n < packets; n++) {
            assertTrue(loopback.receive(PathFixture.packet(n, 100), 0, 100));
        }
        port.rxBurst(burst);
        return port;
    }

    @Test
    void shouldDoNothingUnlessAsked() {
        receiving(FaultSpec.NONE, 5);
        for (int row = 0; row < 5; row++) {
            assertEquals(row, path.umem.getLong(burst.offset(row)));
            assertEquals(100, burst.length(row));
        }
    }

    @Test
    void shouldLosePackets() {
        final FaultInjectingPort port = receiving(new FaultSpec(ALWAYS, 0, 0, 0, 0, 0), 5);
        assertEquals(5, burst.count);
        assertEquals(Verdict.DROP, burst.verdict(4));
        assertEquals(DropReason.FAULT_INJECTED.id(), burst.dropReason(4));
        assertEquals(5, port.countOf(Fault.LOSS));
    }

    @Test
    void shouldDoublePacketsIntoFramesOfTheirOwn() {
        final FaultInjectingPort port = receiving(new FaultSpec(0, ALWAYS, 0, 0, 0, 0), 5);
        assertEquals(10, burst.count);
        assertEquals(5, port.countOf(Fault.DUPLICATION));
        final Set<Long> frames = new HashSet<>();
        for (int row = 0; row < 10; row++) {
            assertTrue(frames.add(burst.frameAddress(row) >>> 12));
            assertEquals(row % 5, path.umem.getLong(burst.offset(row)));
        }
    }

    @Test
    void shouldTurnExactlyOneBit() {
        final FaultInjectingPort port = receiving(new FaultSpec(0, 0, ALWAYS, 0, 0, 0), 20);
        for (int row = 0; row < 20; row++) {
            int differing = 0;
            for (int n = 0; n < 100; n++) {
                final int expected = PathFixture.packet(row, 100).getByte(n);
                differing += Integer.bitCount((expected ^ path.umem.getByte(burst.offset(row) + n)) & 0xff);
            }
            assertEquals(1, differing, "packet " + row);
        }
        assertEquals(20, port.countOf(Fault.BIT_FLIP));
    }

    @Test
    void shouldCutButLeaveAByte() {
        final FaultInjectingPort port = receiving(new FaultSpec(0, 0, 0, ALWAYS, 0, 0), 60);
        for (int row = 0; row < 60; row++) {
            assertTrue(burst.length(row) >= 1 && burst.length(row) <= 100, "length " + burst.length(row));
        }
        assertEquals(60, port.countOf(Fault.TRUNCATION));
    }

    @Test
    void shouldReorderWithoutLosingAnyPacket() {
        final FaultInjectingPort port = receiving(new FaultSpec(0, 0, 0, 0, ALWAYS, 0), 60);
        final Set<Long> numbers = new HashSet<>();
        int moved = 0;
        for (int row = 0; row < 60; row++) {
            final long number = path.umem.getLong(burst.offset(row));
            assertTrue(numbers.add(number) && number < 60);
            moved += number == row ? 0 : 1;
        }
        assertTrue(moved > 30, moved + " of 60 moved");
        assertTrue(port.countOf(Fault.REORDERING) > 30);
    }

    @Test
    void shouldRefuseToTransmit() {
        final FaultInjectingPort port = receiving(new FaultSpec(0, 0, 0, 0, 0, ALWAYS), 3);
        for (int row = 0; row < 3; row++) {
            burst.transmit(row, PathFixture.ACTION, 1);
        }
        assertEquals(0, port.txBurst(burst));
        assertEquals(DropReason.TX_RING_FULL.id(), burst.dropReason(2));
        assertEquals(3, port.countOf(Fault.TX_FULL));
    }

    @Test
    void shouldDoTheSameAgainWithTheSameSeed() {
        final FaultSpec spec = new FaultSpec(300_000, 200_000, 100_000, 0, 300_000, 0);
        receiving(spec, 40);
        final String first = describe();
        final FaultInjectingPortTest again = new FaultInjectingPortTest();
        again.receiving(spec, 40);
        assertEquals(first, again.describe());
    }

    private String describe() {
        final StringBuilder text = new StringBuilder();
        for (int row = 0; row < burst.count; row++) {
            text.append(burst.verdict(row)).append(' ').append(path.umem.getLong(burst.offset(row))).append('\n');
        }
        return text.toString();
    }

    @Test
    void shouldRefuseARateOutOfRange() {
        assertThrows(IllegalArgumentException.class, () -> new FaultSpec(ALWAYS + 1, 0, 0, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new FaultSpec(0, 0, 0, 0, 0, -1));
    }
}

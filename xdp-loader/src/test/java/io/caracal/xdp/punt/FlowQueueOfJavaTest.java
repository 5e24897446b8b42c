package io.caracal.xdp.punt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The queue that Java says, against the oracle that the programs are held to. */
class FlowQueueOfJavaTest {
    private static final int[] PROTOCOLS = {6, 17, 132, 136, 33, 1, 58, 47};

    @Test
    void shouldAgreeWithThePrograms() {
        final long seed = System.nanoTime();
        System.out.println("FlowQueueOfJavaTest: seed " + seed);
        final SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 100_000; i++) {
            final FlowQueue queue = new FlowQueue(random.nextInt(), 1 + random.nextInt(16));
            final int protocol = PROTOCOLS[random.nextInt(PROTOCOLS.length)];
            final int ports = random.nextInt();
            final int known = protocol == 1 || protocol == 58 || protocol == 47 ? 0 : ports;
            final int source = random.nextInt();
            final int destination = random.nextInt();
            assertEquals(FlowHashOracle.queue(ByteBuffer.allocate(4).putInt(source).array(), known >>> 16,
                ByteBuffer.allocate(4).putInt(destination).array(), known & 0xffff, protocol, queue.seed(),
                queue.queueCount()), queue.ofIpv4(source, destination, protocol, ports));
            final long high = random.nextLong();
            final long low = random.nextLong();
            assertEquals(FlowHashOracle.queue(ByteBuffer.allocate(16).putLong(high).putLong(low).array(), known >>> 16,
                ByteBuffer.allocate(16).putLong(low).putLong(~high).array(), known & 0xffff, protocol, queue.seed(),
                queue.queueCount()), queue.ofIpv6(high, low, low, ~high, protocol, ports));
        }
    }

    @Test
    void shouldRefuseNoQueues() {
        assertThrows(IllegalArgumentException.class, () -> new FlowQueue(1, 0));
    }
}

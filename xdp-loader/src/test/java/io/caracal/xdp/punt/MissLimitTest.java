package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/**
 * The token bucket of an interface. Rates are chosen so slow that no token comes back during a test, or so that what
 * may come back is known from the clock: nothing here depends on how fast the machine is.
 */
final class MissLimitTest extends ProgramTable {
    private static final byte[] PACKET =
        Packet.ethernet(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(5000, 53)));
    /** One packet in about 18 minutes. */
    private static final long NEVER_NS = 1L << 40;

    private int run() {
        return TestSkb.of(PACKET, WORKLOAD).run(programs.fromWorkload()).action();
    }

    private void limit(final MissLimit limit) {
        programs.putWorkload(WORKLOAD, new Workload(Packet.POD_MAC, Packet.HOST_MAC, limit));
    }

    @Test
    void shouldLetTheBurstThroughAndCountWhatIsAboveIt() {
        bindEngine();
        limit(new MissLimit(NEVER_NS, 4 * NEVER_NS));
        for (int i = 0; i < 5; i++) {
            assertEquals(TC_ACT_REDIRECT, run(), "packet " + i + " of a burst of 5");
            assertCounted(PuntCounter.PUNTED_FROM_WORKLOAD);
        }
        for (int i = 5; i < 8; i++) {
            assertEquals(TC_ACT_SHOT, run(), "packet " + i + " after a burst of 5");
            assertCounted(PuntCounter.DROPPED_MISS_RATE);
        }
        assertEquals(3, programs.traffic(WORKLOAD).orElseThrow().droppedPackets());
    }

    @Test
    void shouldShareTheBucketBetweenBothDirectionsOfAnInterface() {
        bindEngine();
        limit(new MissLimit(NEVER_NS, NEVER_NS));
        assertEquals(TC_ACT_REDIRECT, run());
        assertEquals(TC_ACT_REDIRECT, TestSkb.of(PACKET, WORKLOAD).run(programs.toWorkload()).action());
        assertEquals(TC_ACT_SHOT, run());
        assertEquals(TC_ACT_SHOT, TestSkb.of(PACKET, WORKLOAD).run(programs.toWorkload()).action());
    }

    @Test
    void shouldNotCountMissesWithoutAnEngineAgainstTheLimit() {
        limit(new MissLimit(NEVER_NS, 0));
        assertEquals(TC_ACT_SHOT, run());
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
        bindEngine();
        assertEquals(TC_ACT_REDIRECT, run());
    }

    @Test
    void shouldApplyAChangedLimitAndKeepTheFillOfTheBucket() {
        bindEngine();
        limit(new MissLimit(NEVER_NS, 0));
        assertEquals(TC_ACT_REDIRECT, run());
        assertEquals(TC_ACT_SHOT, run());
        limit(new MissLimit(NEVER_NS, NEVER_NS));
        assertEquals(TC_ACT_REDIRECT, run());
        assertEquals(TC_ACT_SHOT, run());
        limit(MissLimit.NONE);
        assertEquals(TC_ACT_REDIRECT, run());
    }

    @Test
    void shouldRefillAtItsRateWhateverTheNumberOfCpus() throws InterruptedException {
        bindEngine();
        final long intervalNs = 10_000;
        final long burstPackets = 50;
        limit(MissLimit.perSecond(1_000_000_000L / intervalNs, burstPackets));
        final long beginNs = System.nanoTime();
        final int attempts = runOnThreads(4, 20_000);
        final long endNs = System.nanoTime();
        final long passed = programs.counter(PuntCounter.PUNTED_FROM_WORKLOAD);
        final long dropped = programs.counter(PuntCounter.DROPPED_MISS_RATE);
        final long atMost = burstPackets + (endNs - beginNs) / intervalNs + 1;
        assertEquals(attempts, passed + dropped, "every packet is counted once");
        assertTrue(passed <= atMost, passed + " passed in " + (endNs - beginNs) + " ns, at most " + atMost + " may");
        assertTrue(passed >= Math.min(attempts, burstPackets), passed + " passed, less than the burst");
    }

    private int runOnThreads(final int threadCount, final int perThread) throws InterruptedException {
        final CountDownLatch begin = new CountDownLatch(1);
        final List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < threadCount; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    begin.await();
                    TestSkb.of(PACKET, WORKLOAD).run(programs.fromWorkload(), perThread);
                } catch (final InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        begin.countDown();
        for (final Thread thread : threads) {
            thread.join();
        }
        return threadCount * perThread;
    }

    @Test
    void shouldRefuseLimitsOutOfRange() {
        assertThrows(IllegalArgumentException.class, () -> MissLimit.perSecond(0, 1));
        assertThrows(IllegalArgumentException.class, () -> MissLimit.perSecond(1, 0));
        assertThrows(IllegalArgumentException.class, () -> MissLimit.perSecond(2_000_000_000L, 1));
        assertThrows(IllegalArgumentException.class, () -> new MissLimit(-1, 0));
        assertEquals(new MissLimit(50_000, 1999 * 50_000L), MissLimit.perSecond(20_000, 2000));
    }
}

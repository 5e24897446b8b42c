package io.caracal.stress;

import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingMemory;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * {@link RingSleepStress} without the gate's fences: shows that they are needed, and that this set-up finds what it
 * looks for. The run must see the lost wake-up.
 */
@JCStressTest
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE_INTERESTING, desc = "the lost wake-up that the fences prevent")
@Outcome(expect = Expect.ACCEPTABLE, desc = "not lost, this time")
@State
public class UnfencedSleepStress {
    private final RingMemory memory = HeapRing.of(2, RingMemory.ADDRESS_SIZE);
    private final FillRing producer = new FillRing(memory);
    private final CompletionRing consumer = new CompletionRing(memory);
    private final UnsafeBuffer asleep = new UnsafeBuffer(new byte[Integer.BYTES]);

    @Actor
    public void consumer(final ZZ_Result result) {
        asleep.putIntRelease(0, 1);
        result.r1 = consumer.peek(1) == 0;
    }

    @Actor
    public void producer(final ZZ_Result result) {
        producer.reserve(1);
        producer.putAddress(0, 4096);
        producer.submit(1);
        result.r2 = asleep.getIntAcquire(0) != 0;
    }
}

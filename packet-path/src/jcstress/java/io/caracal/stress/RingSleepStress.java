package io.caracal.stress;

import io.caracal.worker.SleepGate;
import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingMemory;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A ring between two workers whose consumer goes to sleep: its index is only released, so the fences must do it. */
@JCStressTest
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "the consumer saw the entry and stays awake")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "both saw each other: one wake-up too many")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "the consumer sleeps and is woken")
@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "the consumer sleeps over an entry and nobody wakes it")
@State
public class RingSleepStress {
    private final RingMemory memory = HeapRing.of(2, RingMemory.ADDRESS_SIZE);
    private final FillRing producer = new FillRing(memory);
    private final CompletionRing consumer = new CompletionRing(memory);
    private final SleepGate gate = new SleepGate();

    @Actor
    public void consumer(final ZZ_Result result) {
        gate.announceSleep();
        result.r1 = consumer.peek(1) == 0;
    }

    @Actor
    public void producer(final ZZ_Result result) {
        producer.reserve(1);
        producer.putAddress(0, 4096);
        producer.submit(1);
        result.r2 = gate.mustWake();
    }
}

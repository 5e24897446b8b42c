package io.caracal.stress;

import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JII_Result;

/** A slot is written again only after the consumer has read it: the release and acquire of the other index. */
@JCStressTest
@Outcome(id = "4096, 60, 0", expect = Expect.ACCEPTABLE, desc = "the producer found no room yet")
@Outcome(id = "4096, 60, 1", expect = Expect.ACCEPTABLE, desc = "the producer reused the slot after it was read")
@Outcome(expect = Expect.FORBIDDEN, desc = "the consumer read what the producer wrote into a slot not yet released")
@State
public class RingReuseStress {
    private final RingMemory memory = HeapRing.of(1, RingMemory.DESCRIPTOR_SIZE);
    private final TxRing producer = new TxRing(memory);
    private final RxRing consumer = new RxRing(memory);

    public RingReuseStress() {
        producer.reserve(1);
        producer.putDescriptor(0, 4096, 60, 0);
        producer.submit(1);
    }

    @Actor
    public void consume(final JII_Result result) {
        consumer.peek(1);
        result.r1 = consumer.address(0);
        result.r2 = consumer.length(0);
        consumer.release(1);
    }

    @Actor
    public void produce(final JII_Result result) {
        result.r3 = producer.reserve(1);
        if (result.r3 == 1) {
            producer.putDescriptor(0, 8192, 99, 7);
            producer.submit(1);
        }
    }
}

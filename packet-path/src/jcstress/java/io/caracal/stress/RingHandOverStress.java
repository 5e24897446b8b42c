package io.caracal.stress;

import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IJI_Result;

/** A descriptor handed from producer to consumer is seen whole or not at all: the release and acquire of the index. */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "the consumer looked before the submit")
@Outcome(id = "1, 4096, 60", expect = Expect.ACCEPTABLE, desc = "the consumer sees the descriptor, whole")
@Outcome(expect = Expect.FORBIDDEN, desc = "the index was seen before the descriptor that it stands for")
@State
public class RingHandOverStress {
    private final RingMemory memory = HeapRing.of(2, RingMemory.DESCRIPTOR_SIZE);
    private final TxRing producer = new TxRing(memory);
    private final RxRing consumer = new RxRing(memory);

    @Actor
    public void produce() {
        producer.reserve(1);
        producer.putDescriptor(0, 4096, 60, 0);
        producer.submit(1);
    }

    @Actor
    public void consume(final IJI_Result result) {
        result.r1 = consumer.peek(1);
        if (result.r1 == 1) {
            result.r2 = consumer.address(0);
            result.r3 = consumer.length(0);
            consumer.release(1);
        }
    }
}

package io.caracal.stress;

import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingMemory;
import java.lang.invoke.VarHandle;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** The need-wakeup flag against a kernel that sets it, fences and looks at the ring again, as zero-copy drivers do. */
@JCStressTest
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "the kernel saw the entry")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "both saw each other: one system call too many")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "the kernel sleeps and is woken")
@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "the kernel sleeps over an entry and nobody wakes it")
@State
public class WakeupFlagStress {
    private static final int NEED_WAKEUP = 1;

    private final RingMemory memory = HeapRing.of(2, RingMemory.ADDRESS_SIZE);
    private final FillRing producer = new FillRing(memory);

    @Actor
    public void kernel(final ZZ_Result result) {
        memory.buffer().putIntOpaque(memory.layout().flagsOffset(), NEED_WAKEUP);
        VarHandle.fullFence();
        result.r1 = memory.buffer().getIntAcquire(memory.layout().producerOffset()) == 0;
    }

    @Actor
    public void engine(final ZZ_Result result) {
        producer.reserve(1);
        producer.putAddress(0, 4096);
        producer.submit(1);
        result.r2 = producer.needsWakeup();
    }
}

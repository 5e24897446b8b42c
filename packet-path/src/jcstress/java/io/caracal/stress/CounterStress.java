package io.caracal.stress;

import io.caracal.port.CounterBlock;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** A counter that another thread reads while it grows: whole, and never going back. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "read before the addition")
@Outcome(id = "0, 4294967297", expect = Expect.ACCEPTABLE, desc = "read before and after")
@Outcome(id = "4294967297, 4294967297", expect = Expect.ACCEPTABLE, desc = "read after the addition")
@Outcome(expect = Expect.FORBIDDEN, desc = "half a counter, or one that went back")
@State
public class CounterStress {
    private static final long BOTH_HALVES = (1L << 32) + 1;

    private final CounterBlock counters = new CounterBlock(new UnsafeBuffer(new byte[Long.BYTES]));

    @Actor
    public void worker() {
        counters.add(0, BOTH_HALVES);
    }

    @Actor
    public void status(final JJ_Result result) {
        result.r1 = counters.get(0);
        result.r2 = counters.get(0);
    }
}

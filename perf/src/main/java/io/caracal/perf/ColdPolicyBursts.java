package io.caracal.perf;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A pod whose bursts find the caches empty of everything but their own headers. */
@State(Scope.Thread)
public class ColdPolicyBursts extends PolicyBursts {
    private static final int WORDS = 8 << 20;
    private final long[] memory = new long[WORDS];

    /** JMH makes it. */
    public ColdPolicyBursts() {
    }

    /** Writes each cache line of more memory than the caches hold. */
    @Override
    void beforeArrival() {
        for (int i = 0; i < WORDS; i += Long.BYTES) {
            memory[i]++;
        }
    }
}

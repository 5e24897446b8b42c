package io.caracal.stress;

import io.caracal.worker.SleepGate;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/** A worker going to sleep and a command for it, as in WorkerIdle and WorkerProxy: no command is slept over. */
@JCStressTest
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "the worker saw the command and stays awake")
@Outcome(id = "false, true", expect = Expect.ACCEPTABLE, desc = "both saw each other: one wake-up too many")
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "the worker sleeps and is woken")
@Outcome(id = "true, false", expect = Expect.FORBIDDEN, desc = "the worker sleeps over a command and nobody wakes it")
@State
public class SleepGateStress {
    private final MpscVarHandleArrayQueue<String> queue = new MpscVarHandleArrayQueue<>(4);
    private final SleepGate gate = new SleepGate();

    @Actor
    public void worker(final ZZ_Result result) {
        gate.announceSleep();
        result.r1 = queue.isEmpty();
    }

    @Actor
    public void submitter(final ZZ_Result result) {
        queue.offer("command");
        result.r2 = gate.mustWake();
    }
}

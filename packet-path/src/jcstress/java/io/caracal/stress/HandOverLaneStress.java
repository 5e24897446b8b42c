package io.caracal.stress;

import io.caracal.worker.HandOverLane;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/**
 * The bytes of a packet are the taker's from the offer to the return: the taker reads what the giver wrote before the
 * offer, and the giver may write again only when the packet has come back.
 */
@JCStressTest
@Outcome(id = "0, 0, 0", expect = Expect.ACCEPTABLE, desc = "the taker looked before the offer")
@Outcome(id = "1, 77, 0", expect = Expect.ACCEPTABLE, desc = "taken whole; the giver has not seen it come back yet")
@Outcome(id = "1, 77, 1", expect = Expect.ACCEPTABLE, desc = "taken whole, come back, and written again")
@Outcome(expect = Expect.FORBIDDEN, desc = "the taker read bytes from before the offer or after the return")
@State
public class HandOverLaneStress {
    private final HandOverLane lane = new HandOverLane(2);
    private int frame = 11;

    @Actor
    public void give(final III_Result result) {
        frame = 77;
        lane.offer(4096, 60, 0);
        result.r3 = lane.returnedCount(1);
        if (result.r3 == 1) {
            frame = 99;
        }
    }

    @Actor
    public void take(final III_Result result) {
        result.r1 = lane.offeredCount(1);
        if (result.r1 == 1) {
            result.r2 = frame;
            lane.giveBack(1);
        }
    }
}

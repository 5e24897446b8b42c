package io.caracal.perf.pods;

import java.io.IOException;

import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.Observation;

/**
 * A victim under an attack; several have the same victim. One thread.
 *
 * @param who its name in results.
 * @param victim the load that is measured; closed by its owner.
 * @param attack what goes on meanwhile; closed by its owner, which also ends one that a failure has left.
 */
record VictimContender(String who, PodContender victim, Attack attack) implements Contender<VictimFigures> {
    void warmUp() throws IOException, InterruptedException {
        attack.begin();
        victim.warmUp();
        attack.end();
    }

    @Override
    public Observation<VictimFigures> measure() throws IOException, InterruptedException {
        attack.begin();
        final Observation<PodFigures> seen = victim.measure();
        final Attack.Outcome attacked = attack.end();
        return new Observation<>(
            new VictimFigures(seen.figures().value(), attacked.othersJavaPackets(), attacked.pps()),
            seen.othersShare());
    }
}

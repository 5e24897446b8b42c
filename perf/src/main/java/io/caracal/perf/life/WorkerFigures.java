package io.caracal.perf.life;

import com.fasterxml.jackson.databind.JsonNode;

import io.caracal.perf.BenchException;

/**
 * What one worker has counted since its start, as the admin socket tells it.
 *
 * @param rxPackets packets received.
 * @param cycles burst cycles that did something.
 * @param allocatedBytes what its thread has allocated on the Java heap.
 * @param frames all frames of its memory.
 * @param framesAccounted those that the ledger finds in the pool, in rings and with stages.
 * @param lawBreaches frames that came back twice or from nowhere, and checks that found another count.
 * @param failures cycles that threw.
 */
public record WorkerFigures(long rxPackets, long cycles, long allocatedBytes, long frames, long framesAccounted,
                            long lawBreaches, long failures) {
    static WorkerFigures of(final JsonNode worker) {
        return new WorkerFigures(number(worker, "rxPackets"), number(worker, "cycles"),
            number(worker, "allocatedBytes"), number(worker, "frames"),
            number(worker, "frames-free") + number(worker, "frames-outstanding") + number(worker, "frames-held"),
            number(worker, "frame-violations") + number(worker, "frame-miscounts"), number(worker, "failures"));
    }

    private static long number(final JsonNode worker, final String label) {
        if (!worker.path(label).isIntegralNumber()) {
            throw new BenchException("read " + label + " of a worker: the engine's counters have no such number"
                + " (is it of another build?): " + worker);
        }
        return worker.path(label).asLong();
    }

    /** Frames that nobody has, and frames that are wrongly somewhere. */
    long framesMissing() {
        return Math.abs(frames - framesAccounted) + lawBreaches;
    }
}

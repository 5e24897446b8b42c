package io.caracal.demo;

import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/** Steps about a pod that is there before the engine has heard of it. */
final class Strangers {
    /** The manifests are looked at once a second; a busy machine may take a few. */
    private static final long ANNOUNCE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private Strangers() {
    }

    static Outcome isKeptOut(final Scene scene) throws Exception {
        final long before = guardDrops(scene.node());
        final LabPod stranger = scene.stranger();
        if (Reachability.answers(stranger, scene.web().ipv4(), 1)
            || Reachability.answers(stranger, scene.node().ipv4(), 1)) {
            return Outcome.failed("the unannounced pod was answered: the guard has a hole");
        }
        final long dropped = guardDrops(scene.node()) - before;
        if (dropped == 0) {
            return Outcome.failed("no answer, but the guard dropped nothing either");
        }
        return Outcome.passed("no answer; the guard dropped " + dropped + " packets",
            Map.of("guardDrops", (double)dropped));
    }

    static Outcome isLetInOnceAnnounced(final Scene scene) throws Exception {
        final long startNs = System.nanoTime();
        scene.node().announce(scene.stranger());
        while (!Reachability.answers(scene.stranger(), scene.web().ipv4(), 1)) {
            if (System.nanoTime() - startNs > ANNOUNCE_TIMEOUT_NS) {
                final long elapsedSeconds = TimeUnit.NANOSECONDS.toSeconds(ANNOUNCE_TIMEOUT_NS);
                return Outcome.failed("still no answer after " + elapsedSeconds + " s");
            }
        }
        final double elapsedMs = (System.nanoTime() - startNs) / 1e6;
        return Outcome.passed("reachable after " + Text.decimal(elapsedMs / 1000) + " s",
            Map.of("reachableMs", elapsedMs));
    }

    private static long guardDrops(final LabNode node) throws Exception {
        final CommandRun run = CommandRun.of(node.command("nft", "-j", "list", "table", "inet", "caracal"), 10);
        if (run.exitCode() != 0) {
            throw new DemoFailure("the guard's table is not there: nft: " + run.output().strip());
        }
        return sumOfCounters(new JsonMapper().readTree(run.output()));
    }

    /** Packets of every rule with a counter, in {@code nft -j}'s answer (libnftables-json(5)). */
    static long sumOfCounters(final JsonNode listing) {
        return listing.findValues("counter").stream().mapToLong(counter -> counter.path("packets").asLong()).sum();
    }
}

package io.caracal.perf.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import io.caracal.control.proto.ToDataplane;
import io.caracal.perf.BenchException;
import io.caracal.perf.life.PodTraffic;
import io.caracal.perf.life.ThreadTimes;
import io.caracal.perf.stats.Latencies;
import io.caracal.perf.tool.ToolProcess;

/**
 * The same packets all the time, and slices of it with and without changes, by turns, so that what the machine does by
 * itself happens to both. One thread.
 */
final class Slices {
    static final int CHANGES_PER_SECOND = 1000;
    static final int PACKETS_PER_SECOND = 20_000;

    private static final int FLOWS = 100;
    private static final int SETTLE_SECONDS = 5;
    private static final int ANSWER_MS = 10_000;
    private static final String WORKER_THREAD = "caracal-worker";
    private static final double NS_PER_MS = 1e6;
    private static final double NS_PER_SECOND = 1e9;

    private final FelixEngine node;
    private final LargeCluster cluster;
    private final PodTraffic traffic;
    private final SafepointLog log;
    private int changesMade;

    Slices(final FelixEngine node, final LargeCluster cluster, final PodTraffic traffic, final SafepointLog log) {
        this.node = node;
        this.cluster = cluster;
        this.traffic = traffic;
        this.log = log;
    }

    /** As many slices with as without; which comes first changes from pair to pair. */
    List<Slice> run(final int pairs, final int seconds) throws IOException, InterruptedException {
        final List<Slice> slices = new ArrayList<>();
        try (ToolProcess sender =
            traffic.send(FLOWS, PACKETS_PER_SECOND, 2 * SETTLE_SECONDS + 3 * pairs * (seconds + 1))) {
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            /* The first changes are compiled and not measured. */
            change(seconds);
            for (int pair = 0; pair < pairs; pair++) {
                slices.add(slice(pair % 2 == 1, seconds));
                slices.add(slice(pair % 2 == 0, seconds));
            }
            sender.terminate();
        }
        return slices;
    }

    private Slice slice(final boolean hasChanges, final int seconds) throws IOException, InterruptedException {
        try (ToolProcess receiver = traffic.receive(seconds + SETTLE_SECONDS)) {
            final Path worker = workerTask();
            final Latencies cyclesBefore = node.engine().cycles();
            final ThreadTimes timesBefore = ThreadTimes.read(FelixEngine.PROC, node.engine().pid());
            final long waitedBeforeNs = waitedNs(worker);
            final long startMs = System.currentTimeMillis();
            final long startNs = System.nanoTime();
            final int sent = hasChanges ? change(seconds) : rest(seconds);
            final double lasted = (System.nanoTime() - startNs) / NS_PER_SECOND;
            final List<SafepointLog.Stop> stops = log.between(startMs, System.currentTimeMillis());
            final double waitedMs = (waitedNs(worker) - waitedBeforeNs) / NS_PER_MS;
            final ThreadTimes times = ThreadTimes.read(FelixEngine.PROC, node.engine().pid());
            final Latencies cycles = node.engine().cycles().minus(cyclesBefore);
            receiver.terminate();
            final Latencies packets = Latencies.of(receiver.readJson(ANSWER_MS).path("latencyNs"));
            requireTraffic(packets.count() / lasted);
            return new Slice(hasChanges, lasted, cycles, packets, stops, waitedMs,
                times.msSince(timesBefore, "") - times.msSince(timesBefore, WORKER_THREAD), sent);
        }
    }

    private static int rest(final int seconds) throws InterruptedException {
        TimeUnit.SECONDS.sleep(seconds);
        return 0;
    }

    /** Sends what is due each millisecond. */
    private int change(final int seconds) throws IOException {
        final long startNs = System.nanoTime();
        final int total = seconds * CHANGES_PER_SECOND;
        int sent = 0;
        while (sent < total) {
            final long due = (System.nanoTime() - startNs) * CHANGES_PER_SECOND / TimeUnit.SECONDS.toNanos(1);
            final List<ToDataplane> piece = new ArrayList<>();
            while (sent < Math.min(due, total)) {
                piece.add(cluster.change(changesMade++));
                sent++;
            }
            if (!piece.isEmpty()) {
                node.felix().write(node.felix().frames(piece));
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        return sent;
    }

    private static void requireTraffic(final double packetsPerSecond) {
        if (packetsPerSecond < PACKETS_PER_SECOND / 2.0) {
            throw new BenchException("packets from pod to pod: " + Math.round(packetsPerSecond) + " a second, not "
                + PACKETS_PER_SECOND);
        }
    }

    /** Where the kernel keeps the worker's own figures; the kernel cuts names at 15 characters. */
    private Path workerTask() throws IOException {
        try (Stream<Path> tasks = Files.list(FelixEngine.PROC.resolve(node.engine().pid() + "/task"))) {
            for (final Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).startsWith(WORKER_THREAD)) {
                    return task;
                }
            }
        }
        throw new BenchException("find the worker's thread: the engine has none called " + WORKER_THREAD);
    }

    /** The second figure of schedstat (Documentation/scheduler/sched-stats.rst): runnable, and without a processor. */
    private static long waitedNs(final Path task) throws IOException {
        return Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[1]);
    }
}

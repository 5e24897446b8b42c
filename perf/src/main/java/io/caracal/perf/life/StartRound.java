package io.caracal.perf.life;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.tool.ToolProcess;

/**
 * One start of the engine on a node that has never had one: packets are sent from one pod to another all the time, and
 * the node's own kernel does not forward, so that the first to arrive went through the engine.
 */
final class StartRound {
    private static final int PACED_PPS = 1000;
    private static final int PACED_SECONDS = 20;
    private static final int FIRST_PACKETS = 100;
    /** The receiver's clock stops when a packet arrives, not when a compiler's thread has let the receiver run. */
    private static final String[] FIRST_ONES = {"--count", String.valueOf(FIRST_PACKETS), "--realtime", "1"};
    private static final int FLOOD_FLOWS = 100;
    private static final int FLOOD_SECONDS = 7;
    private static final int BUCKET_MS = 50;
    private static final double NEARLY_STEADY = 0.9;
    private static final int ANSWER_MS = 1000 * (PACED_SECONDS + FLOOD_SECONDS);
    private static final Path IP_FORWARD = Path.of("/proc/sys/net/ipv4/ip_forward");

    private final Path generator;
    private final BenchSettings settings;

    StartRound(final Path generator, final BenchSettings settings) {
        this.generator = generator;
        this.settings = settings;
    }

    /**
     * What one start showed.
     *
     * @param firstPacketMs exec to the arrival of the first packet.
     * @param readyMs exec to the line "ready".
     * @param slowestUs the slowest of the first {@value #FIRST_PACKETS} packets, sent to arrived.
     * @param wireSlowestUs the same over the sending pod's wire alone, before there was an engine.
     * @param nearlySteadyMs from the first packet until 90 % of the packet rate of a warm engine.
     * @param steadyPps that rate.
     */
    record Figures(double firstPacketMs, double readyMs, double slowestUs, double wireSlowestUs,
                   double nearlySteadyMs, double steadyPps) {
    }

    Figures run(final int podCount) throws IOException, InterruptedException {
        try (Lab lab = BenchLab.create("start", settings)) {
            final LabNode node = lab.addNode("node1");
            for (int number = 0; number < podCount; number++) {
                node.announce(node.addPod("bench", "pod" + number));
            }
            node.call(() -> Files.writeString(IP_FORWARD, "0"));
            final LabPod from = node.pods().getFirst();
            return measure(node, new PodTraffic(generator, from, node.pods().getLast()));
        }
    }

    private Figures measure(final LabNode node, final PodTraffic traffic) throws IOException, InterruptedException {
        final JsonNode first;
        final double readyMs;
        final double wireSlowestUs = slowestOnTheWire(node, traffic);
        try (ToolProcess receiver = traffic.receive(PACED_SECONDS, FIRST_ONES);
            ToolProcess sender = traffic.send(1, PACED_PPS, PACED_SECONDS);
            EngineUnderTest engine = EngineUnderTest.start(node, settings.home())) {
            engine.awaitReady();
            readyMs = milliseconds(System.nanoTime() - engine.execNs());
            first = receiver.readJson(ANSWER_MS);
            requireAll(first);
            sender.terminate();
            final JsonNode flood = flood(traffic);
            final long[] buckets = numbers(flood.path("buckets"));
            final double steady = steadyRate(buckets);
            final long nearlySteadyNs = flood.path("firstNs").asLong() - first.path("firstNs").asLong()
                + TimeUnit.MILLISECONDS.toNanos((long)BUCKET_MS * bucketsUntil(buckets, NEARLY_STEADY * steady));
            return new Figures(milliseconds(first.path("firstNs").asLong() - engine.execNs()), readyMs,
                slowestUs(first), wireSlowestUs, milliseconds(nearlySteadyNs),
                steady * TimeUnit.SECONDS.toMillis(1) / BUCKET_MS);
        }
    }

    private static double slowestOnTheWire(final LabNode node, final PodTraffic traffic)
        throws IOException, InterruptedException {
        try (ToolProcess receiver = traffic.receiveAtHostEnd(node, PACED_SECONDS, FIRST_ONES);
            ToolProcess sender = traffic.send(1, PACED_PPS, PACED_SECONDS)) {
            final JsonNode first = receiver.readJson(ANSWER_MS);
            requireAll(first);
            sender.terminate();
            return slowestUs(first);
        }
    }

    private static double slowestUs(final JsonNode received) {
        return Arrays.stream(numbers(received.path("firstLatenciesNs"))).max().orElseThrow() / 1e3;
    }

    private static void requireAll(final JsonNode first) {
        if (first.path("received").asInt() < FIRST_PACKETS) {
            throw new BenchException("start the engine: of " + FIRST_PACKETS + " packets only "
                + first.path("received") + " arrived within " + PACED_SECONDS + " s: " + first);
        }
    }

    private static JsonNode flood(final PodTraffic traffic) throws IOException, InterruptedException {
        try (ToolProcess receiver = traffic.receive(2 * FLOOD_SECONDS, "--bucket-ms", String.valueOf(BUCKET_MS),
                "--quiet-ms", "500");
            ToolProcess sender = traffic.send(FLOOD_FLOWS, 0, FLOOD_SECONDS)) {
            sender.readJson(ANSWER_MS);
            return receiver.readJson(ANSWER_MS);
        }
    }

    /** The median of the later half; its last bucket is cut off by the end of the sender. */
    static double steadyRate(final long[] buckets) {
        if (buckets.length < 4) {
            throw new BenchException("find the steady rate: the packets stopped after "
                + (long)BUCKET_MS * buckets.length + " ms");
        }
        final long[] later = Arrays.copyOfRange(buckets, buckets.length / 2, buckets.length - 1);
        Arrays.sort(later);
        return later[later.length / 2];
    }

    /** How many buckets pass until one, this included, reaches the count. */
    static int bucketsUntil(final long[] buckets, final double count) {
        int passed = 1;
        while (passed < buckets.length && buckets[passed - 1] < count) {
            passed++;
        }
        return passed;
    }

    private static long[] numbers(final JsonNode array) {
        final long[] numbers = new long[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = array.path(i).asLong();
        }
        return numbers;
    }

    private static double milliseconds(final long ns) {
        return ns / 1e6;
    }
}

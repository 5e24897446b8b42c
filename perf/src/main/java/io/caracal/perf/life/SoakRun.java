package io.caracal.perf.life;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;

import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.netlink.RouteNetlink;
import io.caracal.perf.BenchException;
import io.caracal.perf.BenchLab;
import io.caracal.perf.BenchSettings;
import io.caracal.perf.tool.ToolProcess;

/** One soak: makes the node, runs the parts in order, and says what it found. */
final class SoakRun {
    private static final int CHURNED_PODS = 8;
    private static final int FLOWS = 1000;
    /** Bounds the flood; a machine that forwards less than 20 million packets by then misses the bar. */
    private static final int FLOOD_SECONDS_MAX = 270;
    private static final int PACED_PPS = 1000;
    private static final int WARM_UP_MS = 5_000;
    private static final int ALLOCATION_WINDOW_MS = 10_000;
    /** Frames come home and counters are published ten times a second. */
    private static final int SETTLE_MS = 1_000;
    private static final int TAKE_OVER_PACKETS = 100;
    private static final int TAKE_OVER_SECONDS = 20;
    private static final int POLL_MS = 200;

    private final BenchSettings settings;
    private final Path generator;
    private final long packetCount;
    private final int interfaceCount;

    SoakRun(final BenchSettings settings, final Path generator, final long packetCount, final int interfaceCount) {
        this.settings = settings;
        this.generator = generator;
        this.packetCount = packetCount;
        this.interfaceCount = interfaceCount;
    }

    /**
     * What was found; all but the first two and the last are 0 when all is well.
     *
     * @param packets received by the engine's worker during the churn and the flood.
     * @param interfaces deleted and made again, each seen by the engine both times.
     * @param framesMissing of the first engine.
     * @param descriptorsLeft of the first engine.
     * @param kernelObjectsLeft links of the node and pins.
     * @param allocatedBytes of the worker's thread in {@value #ALLOCATION_WINDOW_MS} ms of packets.
     * @param failures cycles that threw, of both engines.
     * @param framesMissingAfterTakeOver of the second engine.
     * @param takeOverGapMs from the kill to the first packet that the second engine forwarded.
     */
    record Findings(long packets, int interfaces, long framesMissing, long descriptorsLeft, long kernelObjectsLeft,
                    long allocatedBytes, long failures, long framesMissingAfterTakeOver, double takeOverGapMs) {
    }

    /** What the first engine showed. */
    private record Churned(long packets, WorkerFigures worker, long descriptorsLeft, long allocatedBytes) {
    }

    Findings run() throws IOException, InterruptedException {
        try (Lab lab = BenchLab.create("soak", settings)) {
            final LabNode node = lab.addNode("node1");
            for (int number = 0; number < CHURNED_PODS + 2; number++) {
                node.announce(node.addPod("bench", "pod" + number));
            }
            final PodTraffic traffic = new PodTraffic(generator, node.pods().get(0), node.pods().get(1));
            try (EngineUnderTest first = startEngine(node)) {
                final long objectsBefore = settledKernelObjects(node);
                final Churned churned = churn(node, first, traffic);
                final long objectsLeft = settledKernelObjects(node) - objectsBefore;
                return takeOver(node, first, traffic, churned, objectsLeft);
            }
        }
    }

    /** The path through Java is what is looked at. */
    private EngineUnderTest startEngine(final LabNode node) throws IOException, InterruptedException {
        return EngineUnderTest.start(node, settings.home(), "--offload", "off").awaitReady();
    }

    private Churned churn(final LabNode node, final EngineUnderTest engine, final PodTraffic traffic)
        throws IOException, InterruptedException {
        final List<LabPod> churned = node.pods().subList(2, CHURNED_PODS + 2);
        final InterfaceChurn churn = new InterfaceChurn(node, engine);
        /* A first turn opens what the virtual machine itself keeps. */
        churn.run(churned, churned.size());
        final int descriptorsBefore = engine.descriptorCount();
        final WorkerFigures before = engine.worker();
        final PodTraffic toChurned = new PodTraffic(generator, traffic.from(), churned.getFirst());
        final long allocatedBytes;
        try (ToolProcess flood = traffic.send(FLOWS, 0, FLOOD_SECONDS_MAX);
            ToolProcess paced = toChurned.send(1, PACED_PPS, FLOOD_SECONDS_MAX)) {
            final long startNs = System.nanoTime();
            churn.run(churned, interfaceCount);
            settings.say(interfaceCount + " interfaces made and deleted in " + seconds(startNs) + " s");
            awaitPackets(engine, before.rxPackets(), startNs);
            allocatedBytes = allocation(engine);
            requireAlive(flood, paced);
        }
        Thread.sleep(SETTLE_MS);
        final WorkerFigures after = engine.worker();
        return new Churned(after.rxPackets() - before.rxPackets(), after,
            Math.max(0, engine.descriptorCount() - descriptorsBefore), allocatedBytes);
    }

    private void awaitPackets(final EngineUnderTest engine, final long before, final long startNs)
        throws IOException, InterruptedException {
        long packets = engine.worker().rxPackets() - before;
        while (packets < packetCount && seconds(startNs) + ALLOCATION_WINDOW_MS / 1000 < FLOOD_SECONDS_MAX) {
            Thread.sleep(POLL_MS);
            packets = engine.worker().rxPackets() - before;
        }
        settings.say(packets + " packets in " + seconds(startNs) + " s");
    }

    private static long allocation(final EngineUnderTest engine) throws IOException, InterruptedException {
        Thread.sleep(WARM_UP_MS);
        final WorkerFigures before = engine.worker();
        Thread.sleep(ALLOCATION_WINDOW_MS);
        final WorkerFigures after = engine.worker();
        if (after.cycles() == before.cycles()) {
            throw new BenchException("measure allocation: the worker had no packets meanwhile");
        }
        return after.allocatedBytes() - before.allocatedBytes();
    }

    private static void requireAlive(final ToolProcess flood, final ToolProcess paced) throws InterruptedException {
        for (final ToolProcess sender : List.of(flood, paced)) {
            if (!sender.isAlive()) {
                throw new BenchException("soak: a sender ended early: " + sender.readLine(SETTLE_MS));
            }
        }
    }

    private Findings takeOver(final LabNode node, final EngineUnderTest first, final PodTraffic traffic,
                              final Churned churned, final long objectsLeft) throws IOException, InterruptedException {
        try (ToolProcess sender = traffic.send(1, PACED_PPS, TAKE_OVER_SECONDS)) {
            Thread.sleep(SETTLE_MS);
            final long killedNs = System.nanoTime();
            first.kill();
            try (ToolProcess receiver = traffic.receive(TAKE_OVER_SECONDS, "--count",
                    String.valueOf(TAKE_OVER_PACKETS));
                EngineUnderTest second = startEngine(node)) {
                final JsonNode seen = receiver.readJson(TAKE_OVER_SECONDS * 1000L);
                sender.terminate();
                Thread.sleep(SETTLE_MS);
                final WorkerFigures worker = second.worker();
                final double gapMs = (seen.path("firstNs").asLong() - killedNs) / 1e6;
                settings.say("taken over: the first packet " + Math.round(gapMs) + " ms after the kill");
                return new Findings(churned.packets(), interfaceCount, churned.worker().framesMissing(),
                    churned.descriptorsLeft(), objectsLeft, churned.allocatedBytes(),
                    churned.worker().failures() + worker.failures(), worker.framesMissing(), gapMs);
            }
        }
    }

    /** Many pods get hooks at first that wait for nothing, and the pinned ones when the engine has time for them. */
    private static long settledKernelObjects(final LabNode node) throws IOException, InterruptedException {
        long before = -1;
        for (long now = kernelObjects(node); now != before; now = kernelObjects(node)) {
            before = now;
            Thread.sleep(SETTLE_MS);
        }
        return before;
    }

    /** Links of the node, and pins of the engine. */
    private static long kernelObjects(final LabNode node) throws IOException {
        final int links = node.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                return netlink.links().size();
            }
        });
        try (Stream<Path> pins = Files.walk(node.bpfFileSystem().resolve("caracal"))) {
            return links + pins.count();
        }
    }

    private static long seconds(final long startNs) {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNs);
    }
}

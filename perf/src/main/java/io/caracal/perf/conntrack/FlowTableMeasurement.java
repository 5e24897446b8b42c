package io.caracal.perf.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowImageSpec;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.FlowTableConfig;
import io.caracal.conntrack.Ipv4Burst;
import io.caracal.conntrack.Ipv4FlowSpec;
import io.caracal.conntrack.Ipv4FlowTable;
import io.caracal.conntrack.RemovalCause;
import io.caracal.wire.IpProtocol;
import io.caracal.worker.AllocationProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The program that {@link ConntrackScenario} runs for one size: fills a flow table, looks flows up in bursts of 64 in
 * random order, looks up what is not there, and lets flows expire beside lookups. Prints one line of JSON, as its C
 * twin {@code ctable} does. Which flow a number is, and the order of the lookups, are the same in both.
 */
public final class FlowTableMeasurement {
    private static final long SPREAD = 0x9e3779b97f4a7c15L;
    private static final int WARM_UP_FLOWS = 50_000;
    private static final int WARM_UP_ROUNDS = 12;
    private static final long MEASURE_NS = 1_500_000_000;
    private static final int BURSTS_PER_LOOK = 256;
    private static final int EXPIRING_FLOWS = 1_000_000;
    /** Bursts of 64 at a million packets a second. */
    private static final double BURST_MS = 0.064;
    private static final int EXPIRY_BUDGET = 32;
    private static final long START_MS = 1_000_000;
    private static final int UDP_TIMEOUT_MS = 60_000;

    private final Ipv4Burst burst = new Ipv4Burst();
    private final Ipv4FlowSpec spec = new Ipv4FlowSpec();
    private long random = 88172645463325252L;
    private long sum;

    private FlowTableMeasurement() {
    }

    /**
     * Measures.
     *
     * @param arguments directory for the table's file, and how many flows.
     * @throws IOException if the file cannot be made or removed.
     */
    public static void main(final String[] arguments) throws IOException {
        final Path directory = Path.of(arguments[0]);
        final int flows = Integer.parseInt(arguments[1]);
        final FlowTableMeasurement measurement = new FlowTableMeasurement();
        measurement.warmUp(directory);
        System.out.println(measurement.measure(directory, flows));
    }

    private static Ipv4FlowTable open(final FlowImage image) {
        return Ipv4FlowTable.open(image, new FlowTableConfig(ConntrackTimeouts.DEFAULTS, 16, 42),
            FlowRemovalListener.NONE, START_MS);
    }

    private static FlowImage image(final Path file, final int flows) {
        return FlowImage.open(file, new FlowImageSpec(4, flows, 0, 1), BootIdentity.current());
    }

    private void warmUp(final Path directory) throws IOException {
        final Path file = directory.resolve("warm-up");
        try (FlowImage image = image(file, WARM_UP_FLOWS); Ipv4FlowTable table = open(image)) {
            for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                fill(table, WARM_UP_FLOWS, START_MS);
                look(table, WARM_UP_FLOWS, 0, MEASURE_NS / 50);
                for (int slot = 0; slot < WARM_UP_FLOWS; slot++) {
                    table.remove(slot, RemovalCause.FLUSHED);
                }
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private String measure(final Path directory, final int flows) throws IOException {
        final Path file = directory.resolve("flows");
        final long residentBefore = residentBytes();
        try (FlowImage image = image(file, flows); Ipv4FlowTable table = open(image)) {
            final long startNs = System.nanoTime();
            fill(table, flows, START_MS);
            final double insertNs = (double)(System.nanoTime() - startNs) / flows;
            final long bytes = residentBytes() - residentBefore;
            look(table, flows, 0, MEASURE_NS / 3);
            final AllocationProbe probe = new AllocationProbe(Thread.currentThread().threadId());
            probe.bytesSinceLast();
            final double hitNs = look(table, flows, 0, MEASURE_NS);
            final long allocated = probe.bytesSinceLast();
            final double missNs = look(table, flows, flows, MEASURE_NS);
            return String.format(Locale.ROOT, "{\"insertPerS\":%.0f,\"hitNs\":%.2f,\"missNs\":%.2f,"
                + "\"bytesPerFlow\":%.1f,\"allocatedBytes\":%d,\"expiryPercent\":%.2f,\"sum\":%d}", 1e9 / insertNs,
                hitNs, missNs, (double)bytes / flows, allocated,
                flows == EXPIRING_FLOWS ? expiryPercent(directory) : 0, sum);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void fill(final Ipv4FlowTable table, final int flows, final long nowMs) {
        for (int flow = 0; flow < flows; flow++) {
            begin(flow, nowMs);
            if (table.create(spec) < 0) {
                throw new IllegalStateException("no room for flow " + flow + " of " + flows);
            }
        }
    }

    private void begin(final long flow, final long nowMs) {
        final long mixed = (flow + 1) * SPREAD;
        spec.reset(mixed >>> 32 << 32 | 0x0a010000 | flow & 0xffff, (int)mixed, IpProtocol.UDP);
        spec.state = FlowState.UNREPLIED;
        spec.flags = FlowFlags.APPROVED;
        spec.nowMs = nowMs;
    }

    /** Looks up flows first .. first + flows - 1 in random order; ns per packet. */
    private double look(final Ipv4FlowTable table, final long flows, final long first, final long durationNs) {
        final long startNs = System.nanoTime();
        long packets = 0;
        while (System.nanoTime() - startNs < durationNs) {
            for (int i = 0; i < BURSTS_PER_LOOK; i++) {
                lookupBurst(table, flows, first);
            }
            packets += (long)BURSTS_PER_LOOK * PacketBurst.MAX_PACKETS;
        }
        return (double)(System.nanoTime() - startNs) / packets;
    }

    private void lookupBurst(final Ipv4FlowTable table, final long flows, final long first) {
        burst.count = 0;
        for (int i = 0; i < PacketBurst.MAX_PACKETS; i++) {
            random ^= random << 13;
            random ^= random >>> 7;
            random ^= random << 17;
            final long flow = first + ((random >>> 32) * flows >>> 32);
            final long mixed = (flow + 1) * SPREAD;
            burst.add(mixed >>> 32 << 32 | 0x0a010000 | flow & 0xffff, (int)mixed, IpProtocol.UDP);
        }
        sum += table.lookup(burst);
        for (int i = 0; i < PacketBurst.MAX_PACKETS; i++) {
            sum += burst.found[i];
        }
    }

    /**
     * A million flows that were seen at moments spread over their timeout, and as many others that packets belong to:
     * what their expiry adds to a packet at a million packets a second.
     */
    private double expiryPercent(final Path directory) throws IOException {
        final Path file = directory.resolve("expiring");
        try (FlowImage image = image(file, 2 * EXPIRING_FLOWS); Ipv4FlowTable table = open(image)) {
            final long steadyMs = START_MS + 2L * UDP_TIMEOUT_MS;
            fill(table, EXPIRING_FLOWS, steadyMs);
            /* The first minute is for the compiler. */
            packetNs(table, START_MS, false);
            final double without = packetNs(table, START_MS, false);
            for (int flow = 0; flow < EXPIRING_FLOWS; flow++) {
                begin(EXPIRING_FLOWS + flow, START_MS + (long)UDP_TIMEOUT_MS * flow / EXPIRING_FLOWS);
                table.create(spec);
            }
            final double with = packetNs(table, START_MS + UDP_TIMEOUT_MS, true);
            if (table.flowCount() > EXPIRING_FLOWS + EXPIRING_FLOWS / 20) {
                throw new IllegalStateException("only " + (2 * EXPIRING_FLOWS - table.flowCount()) + " flows expired");
            }
            return (with / without - 1) * 100;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** A minute of packets, ns per packet. */
    private double packetNs(final Ipv4FlowTable table, final long fromMs, final boolean advancing) {
        final int bursts = (int)(UDP_TIMEOUT_MS / BURST_MS);
        final long startNs = System.nanoTime();
        for (int i = 0; i < bursts; i++) {
            table.expire(advancing ? fromMs + (long)(i * BURST_MS) : fromMs, EXPIRY_BUDGET);
            lookupBurst(table, EXPIRING_FLOWS, 0);
        }
        return (double)(System.nanoTime() - startNs) / ((long)bursts * PacketBurst.MAX_PACKETS);
    }

    private static long residentBytes() throws IOException {
        for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IllegalStateException("/proc/self/status has no VmRSS");
    }
}

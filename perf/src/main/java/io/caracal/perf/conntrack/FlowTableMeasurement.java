package io.caracal.perf.conntrack;

import io.caracal.burst.PacketBurst;
import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowImageSpec;
import io.caracal.conntrack.FlowReader;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.FlowTableConfig;
import io.caracal.conntrack.Ipv4Burst;
import io.caracal.conntrack.Ipv4FlowSpec;
import io.caracal.conntrack.Ipv4FlowTable;
import io.caracal.conntrack.RemovalCause;
import io.caracal.wire.IpProtocol;
import io.caracal.worker.AllocationProbe;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The program that {@link ConntrackScenario} runs for one size: fills a flow table, looks flows up in bursts of 64 in
 * random order, looks up what is not there, lists it from outside, and beside that, once, lets flows expire beside
 * lookups and ends those of a pod that has gone. Prints one line of JSON, as its C twin {@code ctable} does. Which flow
 * a number is, and the order of the lookups, are the same in both.
 */
public final class FlowTableMeasurement {
    private static final long SPREAD = 0x9e3779b97f4a7c15L;
    private static final int WARM_UP_FLOWS = 50_000;
    private static final int WARM_UP_ROUNDS = 12;
    private static final long MEASURE_NS = 500_000_000;
    private static final int BURSTS_PER_LOOK = 256;
    private static final int EXPIRING_FLOWS = 1_000_000;
    /** Bursts of 64 at a million packets a second. */
    private static final double BURST_MS = 0.064;
    private static final int EXPIRY_BUDGET = 32;
    private static final long START_MS = 1_000_000;
    private static final int UDP_TIMEOUT_MS = 60_000;
    /** The pod that goes, and how many flows another one has between two of its. */
    private static final int POD = 7;
    private static final int OTHER_POD = 8;
    private static final int POD_EVERY = 10;
    private static final int POD_FLOWS = EXPIRING_FLOWS / POD_EVERY;
    /** Flows ended between two bursts: about a tenth of a millisecond. */
    private static final int PIECE_FLOWS = 512;
    /** Beyond every cache of this machine. */
    private static final int COLD_BYTES = 192 << 20;
    private static final int CACHE_LINE = 64;
    private static final double NS_PER_MS = 1e6;

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
        final Ipv4FlowTable table = Ipv4FlowTable.open(image, new FlowTableConfig(ConntrackTimeouts.DEFAULTS, 16, 42),
            FlowRemovalListener.NONE, START_MS);
        table.populate();
        return table;
    }

    private static FlowImage image(final Path file, final int flows) {
        return FlowImage.open(file, new FlowImageSpec(4, flows, 0, 1), BootIdentity.current());
    }

    private void warmUp(final Path directory) throws IOException {
        final Path file = directory.resolve("warm-up");
        try (FlowImage image = image(file, WARM_UP_FLOWS); Ipv4FlowTable table = open(image)) {
            for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                fill(table, WARM_UP_FLOWS, START_MS);
                look(table, WARM_UP_FLOWS, 0, MEASURE_NS / 20);
                look(table, WARM_UP_FLOWS, WARM_UP_FLOWS, MEASURE_NS / 20);
                list(file);
                for (int slot = 0; slot < WARM_UP_FLOWS; slot++) {
                    table.remove(slot, RemovalCause.FLUSHED);
                }
            }
            for (int round = 0; round < WARM_UP_ROUNDS; round++) {
                fillPods(table, WARM_UP_FLOWS);
                while (table.removeEndpoint(POD, PIECE_FLOWS) + table.removeEndpoint(OTHER_POD, PIECE_FLOWS) > 0) {
                    sum++;
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
            final double listMs = list(file);
            final double[] removal = flows == EXPIRING_FLOWS ? removalMs(directory) : new double[2];
            return String.format(Locale.ROOT, "{\"insertPerS\":%.0f,\"hitNs\":%.2f,\"missNs\":%.2f,"
                + "\"bytesPerFlow\":%.1f,\"allocatedBytes\":%d,\"expiryPercent\":%.2f,\"listMs\":%.1f,"
                + "\"removalMs\":%.2f,\"removalPieceMs\":%.3f,\"sum\":%d}", 1e9 / insertNs, hitNs, missNs,
                (double)bytes / flows, allocated, flows == EXPIRING_FLOWS ? expiryPercent(directory) : 0, listMs,
                removal[0], removal[1], sum);
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
            /* The first seconds are for the compiler. */
            packetNs(table, START_MS, UDP_TIMEOUT_MS / 4, false);
            final double before = packetNs(table, START_MS, UDP_TIMEOUT_MS / 2, false);
            for (int flow = 0; flow < EXPIRING_FLOWS; flow++) {
                begin(EXPIRING_FLOWS + flow, START_MS + (long)UDP_TIMEOUT_MS * flow / EXPIRING_FLOWS);
                table.create(spec);
            }
            final double with = packetNs(table, START_MS + UDP_TIMEOUT_MS, UDP_TIMEOUT_MS, true);
            if (table.flowCount() > EXPIRING_FLOWS + EXPIRING_FLOWS / 20) {
                throw new IllegalStateException("only " + (2 * EXPIRING_FLOWS - table.flowCount()) + " flows expired");
            }
            /* Both sides of it, so that a machine that gets slower or faster meanwhile is not taken for expiry. */
            final double after = packetNs(table, START_MS + UDP_TIMEOUT_MS, UDP_TIMEOUT_MS / 2, false);
            return (2 * with / (before + after) - 1) * 100;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** So much time's packets, ns per packet. */
    private double packetNs(final Ipv4FlowTable table, final long fromMs, final int durationMs,
        final boolean advancing) {
        final int bursts = (int)(durationMs / BURST_MS);
        final long startNs = System.nanoTime();
        for (int i = 0; i < bursts; i++) {
            table.expire(advancing ? fromMs + (long)(i * BURST_MS) : fromMs, EXPIRY_BUDGET);
            lookupBurst(table, EXPIRING_FLOWS, 0);
        }
        return (double)(System.nanoTime() - startNs) / ((long)bursts * PacketBurst.MAX_PACKETS);
    }

    /** Reads every flow from outside, as another process would; ms. */
    private double list(final Path file) {
        final FlowSnapshot flow = new FlowSnapshot();
        final long startNs = System.nanoTime();
        try (FlowReader reader = FlowReader.open(file)) {
            for (int slot = 0; slot < reader.slotCount(); slot++) {
                sum += reader.read(slot, flow) ? flow.original.sourceLow : 0;
            }
        }
        return (System.nanoTime() - startNs) / NS_PER_MS;
    }

    private void fillPods(final Ipv4FlowTable table, final int flows) {
        for (int flow = 0; flow < flows; flow++) {
            begin(flow, START_MS);
            spec.sourceIfindex = flow % POD_EVERY == 0 ? POD : OTHER_POD;
            table.create(spec);
        }
    }

    /**
     * Ends the hundred thousand flows of a pod among a million, in pieces between which packets would pass, with
     * nothing of them in a cache.
     *
     * @return ms for all of them, and for the slowest piece.
     */
    private double[] removalMs(final Path directory) throws IOException {
        final Path file = directory.resolve("leaving");
        try (FlowImage image = image(file, EXPIRING_FLOWS); Ipv4FlowTable table = open(image)) {
            fillPods(table, EXPIRING_FLOWS);
            final ByteBuffer other = ByteBuffer.allocateDirect(COLD_BYTES);
            double longestNs = 0;
            long left = POD_FLOWS;
            for (int at = 0; at < COLD_BYTES; at += CACHE_LINE) {
                other.put(at, (byte)left);
            }
            final long startNs = System.nanoTime();
            long beginNs = startNs;
            while (left > 0) {
                left = table.removeEndpoint(POD, PIECE_FLOWS);
                final long endNs = System.nanoTime();
                longestNs = Math.max(longestNs, endNs - beginNs);
                beginNs = endNs;
            }
            if (table.flowCount() != EXPIRING_FLOWS - POD_FLOWS) {
                throw new IllegalStateException("flows left: " + table.flowCount());
            }
            return new double[] {(beginNs - startNs) / NS_PER_MS, longestNs / NS_PER_MS};
        } finally {
            Files.deleteIfExists(file);
        }
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

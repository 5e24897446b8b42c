package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every flow is in the shard that it belongs to after a migration, and whatever cuts one short. */
class FlowMigrationTest {
    private static final int FLOWS = 300;

    @TempDir
    Path directory;

    /** Thrown where a test ends a migration. */
    private static final class Cut extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private Path file(final int ipVersion, final int shard) {
        return directory.resolve("ipv" + ipVersion + "-flows-" + shard);
    }

    static FlowSteering steering(final int shards) {
        return flow -> (int)Math.floorMod(flow.original.sourceLow * 31 + flow.original.destinationLow, (long)shards);
    }

    private FlowMigration migrate(final int ipVersion, final int capacity, final int shards) {
        return FlowMigration.run(shard -> file(ipVersion, shard), new FlowImageSpec(ipVersion, capacity, 0, shards),
            Tables.BOOT, steering(shards));
    }

    private void fill(final int ipVersion, final int capacity, final int shards) {
        for (int shard = 0; shard < shards; shard++) {
            fillShard(file(ipVersion, shard), new FlowImageSpec(ipVersion, capacity, shard, shards), FLOWS, Tables.BOOT);
        }
    }

    /** Flow n is from x.x.x.n; half of them are established; each has counted n bytes. */
    static void fillShard(final Path file, final FlowImageSpec spec, final int flows, final BootIdentity boot) {
        try (FlowImage image = FlowImage.open(file, spec, boot); FlowTable table = table(image)) {
            final FlowSnapshot flow = new FlowSnapshot();
            for (int n = 0; n < flows; n++) {
                flow.original.sourceLow = 0x0a000000L + n;
                flow.original.destinationLow = 0x0b000001L;
                if (steering(spec.shardCount()).shardOf(flow) == spec.shardIndex()) {
                    final int slot = create(table, n);
                    FlowAccount.count(table.account(slot), FlowTable.ORIGINAL, 1, n);
                }
            }
        }
    }

    private static FlowTable table(final FlowImage image) {
        return image.spec().ipVersion() == 4 ? Tables.ipv4(image) : Tables.ipv6(image);
    }

    private static int create(final FlowTable table, final int n) {
        final FlowSpec spec = table instanceof Ipv4FlowTable ? ipv4(n) : ipv6(n);
        spec.state = n % 2 == 0 ? FlowState.TCP_ESTABLISHED : FlowState.TCP_SYN_SENT;
        spec.flags |= n % 2 == 0 ? FlowFlags.ASSURED | FlowFlags.APPROVED : FlowFlags.APPROVED;
        spec.sourceIfindex = 12;
        spec.nowMs = Tables.START_MS;
        return table instanceof Ipv4FlowTable ipv4 ? ipv4.create((Ipv4FlowSpec)spec)
            : ((Ipv6FlowTable)table).create((Ipv6FlowSpec)spec);
    }

    private static FlowSpec ipv4(final int n) {
        final Ipv4FlowSpec spec = new Ipv4FlowSpec();
        spec.reset(0x0a000000_0b000001L + ((long)n << 32), 1000 << 16 | 80, IpProtocol.TCP);
        if (n % 3 == 0) {
            spec.replyPorts = 80 << 16 | 60000;
        }
        return spec.deriveNatFlags();
    }

    private static FlowSpec ipv6(final int n) {
        final Ipv6Tuple tuple = new Ipv6Tuple();
        tuple.sourceHigh = 1;
        tuple.sourceLow = 0x0a000000L + n;
        tuple.destinationLow = 0x0b000001L;
        tuple.ports = 1000 << 16 | 80;
        final Ipv6FlowSpec spec = new Ipv6FlowSpec();
        spec.reset(tuple, IpProtocol.TCP);
        if (n % 3 == 0) {
            spec.reply.ports = 80 << 16 | 60000;
        }
        return spec.deriveNatFlags();
    }

    /** How many flows the shards hold; fails if one is not whole or not where it belongs. */
    private long flowsIn(final int ipVersion, final int capacity, final int shards) {
        long count = 0;
        for (int shard = 0; shard < shards; shard++) {
            try (FlowImage image = FlowImage.open(file(ipVersion, shard),
                new FlowImageSpec(ipVersion, capacity, shard, shards), Tables.BOOT); FlowTable table = table(image);
                FlowReader reader = FlowReader.open(image.file())) {
                final FlowSnapshot flow = new FlowSnapshot();
                for (int slot = 0; slot < reader.slotCount(); slot++) {
                    if (reader.read(slot, flow)) {
                        assertEquals(shard, steering(shards).shardOf(flow));
                        assertEquals(flow.original.sourceLow - 0x0a000000L, flow.originalBytes);
                        assertEquals(12, flow.sourceIfindex);
                        count++;
                    }
                }
                assertEquals(table.flowCount(), reader.slotCount(), "the table has taken every record");
            }
        }
        return count;
    }

    @ParameterizedTest(name = "IPv{0}: {1} shards of {2} to {3} of {4}")
    @CsvSource({"4, 1, 400, 3, 400", "4, 3, 400, 1, 400", "4, 2, 400, 5, 300", "6, 1, 400, 2, 350", "6, 4, 400, 2, 500",
        "4, 1, 400, 1, 300", "6, 1, 300, 1, 4000"})
    void shouldMoveEveryFlowToTheShardThatItBelongsTo(final int ipVersion, final int oldShards, final int oldCapacity,
        final int shards, final int capacity) throws IOException {
        fill(ipVersion, oldCapacity, oldShards);
        final FlowMigration migration = migrate(ipVersion, capacity, shards);
        assertEquals(FLOWS + " flows moved from " + oldShards + " to " + shards
            + " shards, 0 torn, 0 invalid, 0 without room", migration.toString());
        assertEquals(FLOWS, flowsIn(ipVersion, capacity, shards));
        assertEquals("no flows to move", migrate(ipVersion, capacity, shards).toString());
        assertEquals(shards, filesLeft(), "nothing lies about");
    }

    private int filesLeft() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return (int)all.count();
        }
    }

    @Test
    void shouldDoNothingWithoutFiles() throws IOException {
        assertFalse(migrate(4, 100, 2).wasNeeded());
        assertEquals(0, filesLeft());
    }

    @Test
    void shouldLeaveTornAndImpossibleRecordsBehind() {
        fill(4, 400, 1);
        try (FlowImage image = FlowImage.open(file(4, 0), Tables.spec(4, 400), Tables.BOOT)) {
            FlowRecord.beginWrite(image.records() + 7 * FlowRecord.IPV4_SIZE);
            FlowRecord.flags(image.records() + 8 * FlowRecord.IPV4_SIZE, 0x8000);
            FlowRecord.state(image.records() + 9 * FlowRecord.IPV4_SIZE, FlowState.FREE);
        }
        assertEquals("297 flows moved from 1 to 2 shards, 1 torn, 1 invalid, 0 without room",
            migrate(4, 400, 2).toString());
        assertEquals(297, flowsIn(4, 400, 2));
    }

    @Test
    void shouldKeepEstablishedFlowsWhereNotAllHaveRoom() {
        fill(4, 400, 1);
        assertEquals(150, migrate(4, 150, 1).withoutRoom());
        try (FlowReader reader = FlowReader.open(file(4, 0))) {
            final FlowSnapshot flow = new FlowSnapshot();
            for (int slot = 0; slot < 150; slot++) {
                assertTrue(reader.read(slot, flow));
                assertEquals(FlowState.TCP_ESTABLISHED, flow.state);
            }
        }
    }

    @ParameterizedTest(name = "{0} to {1} shards")
    @CsvSource({"1, 3", "3, 1", "2, 4", "4, 2"})
    void shouldLoseNothingWhereverAMigrationIsCutShort(final int oldShards, final int shards) throws IOException {
        int cuts = 0;
        boolean finished = false;
        while (!finished) {
            fill(4, 400, oldShards);
            final int cut = cuts++;
            final int[] steps = new int[1];
            finished = !isCut(shards, () -> {
                if (steps[0]++ == cut) {
                    throw new Cut();
                }
            });
            migrate(4, 400, shards);
            assertEquals(FLOWS, flowsIn(4, 400, shards), "cut at step " + cut);
            assertEquals(shards, filesLeft());
            try (Stream<Path> all = Files.list(directory)) {
                all.forEach(FlowImage::delete);
            }
        }
        System.out.println("FlowMigrationTest: cut at each of " + (cuts - 1) + " steps");
        assertTrue(cuts > 8, "steps: " + cuts);
    }

    private boolean isCut(final int shards, final FlowMigration.StepListener steps) {
        try {
            FlowMigration.run(shard -> file(4, shard), new FlowImageSpec(4, 400, 0, shards), Tables.BOOT,
                steering(shards), steps);
            return false;
        } catch (final Cut cut) {
            return true;
        }
    }

    @RepeatedTest(6)
    @Timeout(120)
    void shouldLoseNothingWhenTheMigratingProcessIsKilled() throws Exception {
        final int flows = 100_000;
        fillShard(file(4, 0), new FlowImageSpec(4, flows, 0, 1), flows, BootIdentity.current());
        final Process process = new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC",
            "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED",
            "-cp", System.getProperty("java.class.path"), MigratingProcess.class.getName(), directory.toString(),
            Integer.toString(flows))).redirectErrorStream(true).start();
        process.getInputStream().read();
        TimeUnit.MILLISECONDS.sleep(TestSeed.random("FlowMigrationTest").nextInt(400));
        process.destroyForcibly();
        process.waitFor();
        final FlowMigration rest = FlowMigration.run(shard -> file(4, shard), new FlowImageSpec(4, flows, 0, 2),
            BootIdentity.current(), steering(2));
        long count = 0;
        for (int shard = 0; shard < 2; shard++) {
            try (FlowImage image = FlowImage.open(file(4, shard), new FlowImageSpec(4, flows, shard, 2),
                BootIdentity.current()); FlowTable table = table(image)) {
                count += table.flowCount();
            }
        }
        System.out.println("FlowMigrationTest: killed, then " + rest);
        assertEquals(flows, count);
    }

    @Test
    void shouldRefuseAnotherVersionByName() throws IOException {
        fill(4, 400, 1);
        try (FileChannel channel = FileChannel.open(file(4, 0), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final ByteBuffer header = FlowImageHeader.read(channel);
            header.putInt(8, FlowImage.VERSION + 1);
            final CRC32C crc = new CRC32C();
            crc.update(header.duplicate().position(0).limit(12));
            crc.update(header.duplicate().limit(64).position(16));
            header.order(ByteOrder.nativeOrder()).putInt(12, (int)crc.getValue());
            channel.write(header.position(0).limit(64), 0);
        }
        final long size = Files.size(file(4, 0));
        final String said = assertThrows(FlowImageException.class, () -> migrate(4, 400, 2)).getMessage();
        assertTrue(said.contains("it is of version " + (FlowImage.VERSION + 1) + ", this is " + FlowImage.VERSION), said);
        assertTrue(assertThrows(FlowImageException.class, () -> FlowImage.open(file(4, 0), Tables.spec(4, 400),
            Tables.BOOT)).getMessage().contains("version"));
        assertEquals(size, Files.size(file(4, 0)), "nothing has been changed");
        assertEquals(1, filesLeft());
    }

    @Test
    void shouldRefuseWhileAnotherHasAFileOpen() throws IOException {
        fill(4, 400, 2);
        try (FlowImage image = FlowImage.open(file(4, 1), new FlowImageSpec(4, 400, 1, 2), Tables.BOOT)) {
            assertTrue(assertThrows(FlowImageException.class, () -> migrate(4, 400, 3)).getMessage()
                .contains(image.file().toString()));
        }
        migrate(4, 400, 3);
        assertEquals(FLOWS, flowsIn(4, 400, 3));
    }
}

package io.caracal.overlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.burst.DropReason;
import io.caracal.umem.FrameLedger;
import io.caracal.wire.PuntHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Mutated packets through the whole node: no exception, every frame back, nothing longer than its link, every packet
 * that leaves is whole, with right checksums where it came with right ones. {@code -Dcaracal.long.minutes=N}: so long;
 * {@code -Dcaracal.seed=N} repeats a run.
 */
class OverlayFuzzTest {
    private static final long SHORT_NS = 20_000_000_000L;
    private static final long LONG_NS = Long.getLong("caracal.long.minutes", 0) * 60_000_000_000L;
    private static final int MAX_PUNT_LENGTH = 3520;

    private final OverlayNode node = new OverlayNode();
    private final List<Seed> seeds = new ArrayList<>();
    private Random random;

    private record Seed(byte[] frame, boolean fromUplink) {
    }

    @Test
    void shouldSurviveMutatedPackets() throws IOException {
        final long seed = Long.getLong("caracal.seed", System.nanoTime());
        System.out.println("OverlayFuzzTest: seed " + seed);
        random = new Random(seed);
        readSeeds();
        final long endNs = System.nanoTime() + (LONG_NS > 0 ? LONG_NS : SHORT_NS);
        long count = 0;
        long sent = 0;
        while (System.nanoTime() - endNs < 0) {
            for (int n = 0; n < 1000; n++) {
                sent += send(count < seeds.size() ? seeds.get((int)count) : mutate(seeds.get(random.nextInt(seeds.size()))),
                    "seed " + seed + " packet " + count);
                count++;
            }
            node.pass(random.nextInt(10) * 100_000_000L);
            assertEquals(0, node.imbalance(), "seed " + seed + " packet " + count);
            assertEquals(0, node.path.ledger.violationCount());
        }
        node.worker.onClose();
        assertEquals(OverlayNode.FRAMES, node.path.pool.freeCount() + node.path.ledger.count(FrameLedger.HELD));
        final TreeMap<String, Long> drops = new TreeMap<>();
        for (final DropReason reason : DropReason.values()) {
            if (node.counters.drops(reason) > 0) {
                drops.put(reason.label(), node.counters.drops(reason));
            }
        }
        System.out.println("OverlayFuzzTest: " + count + " packets, " + sent + " sent, " + drops);
        assertTrue(sent > count / 10, "only " + sent + " of " + count + " were sent: the mutator spoils too much");
        assertTrue(drops.size() > 25, "only " + drops.size() + " drop reasons were met");
        assertEquals(0, node.counters.drops(DropReason.HEADROOM_MISSING), "a defect of a stage");
        assertEquals(0, node.counters.drops(DropReason.UNDECIDED), "a defect of a stage");
        assertEquals(0, node.counters.drops(DropReason.TX_DESCRIPTOR_INVALID), "a defect of a stage");
    }

    private void readSeeds() throws IOException {
        for (final String row : OverlayTableTest.rows()) {
            for (final String line : row.split(" \\| ")[1].split("&")) {
                if (!line.isBlank() && !line.trim().startsWith("wait")) {
                    final boolean fromUplink = line.trim().startsWith("uplink");
                    seeds.add(new Seed(OverlayNode.frameOf(line), fromUplink));
                }
            }
        }
    }

    private Seed mutate(final Seed seed) {
        byte[] frame = seed.frame().clone();
        final int first = random.nextInt(8) == 0 ? 0 : 14;
        for (int flips = random.nextInt(4); flips > 0; flips--) {
            final int index = first + random.nextInt(Math.min(frame.length - first, 160));
            frame[index] = (byte)(random.nextBoolean() ? frame[index] ^ 1 << random.nextInt(8) : random.nextInt());
        }
        if (random.nextInt(8) == 0) {
            frame = Arrays.copyOf(frame, 1 + random.nextInt(frame.length + 40));
        }
        if (random.nextInt(5) != 0) {
            repair(frame, 14);
        }
        return new Seed(frame, seed.fromUplink());
    }

    /** Makes header checksums right again, of a tunnel's packet inside first: else hardly a mutation gets anywhere. */
    private static void repair(final byte[] frame, final int l3) {
        final ByteBuffer bytes = ByteBuffer.wrap(frame);
        if (frame.length < l3 + 40) {
            return;
        }
        final boolean v4 = (frame[l3] & 0xF0) == 0x40;
        final int headerLength = v4 ? (frame[l3] & 0xF) * 4 : 40;
        final int l4 = l3 + headerLength;
        final int protocol = frame[l3 + (v4 ? 9 : 6)] & 0xFF;
        if (protocol == 17 && frame.length >= l4 + 60 && bytes.getShort(l4 + 2) == 4789) {
            repair(frame, l4 + 30);
            repairTransport(frame, l3, l4);
        }
        if (v4 && headerLength >= 20 && l4 <= frame.length) {
            bytes.putShort(l3 + 10, (short)0);
            bytes.putShort(l3 + 10, (short)PacketText.checksum(Arrays.copyOfRange(frame, l3, l4)));
        }
    }

    private static void repairTransport(final byte[] frame, final int l3, final int l4) {
        final ByteBuffer bytes = ByteBuffer.wrap(frame);
        final int length = Short.toUnsignedInt(bytes.getShort(l4 + 4));
        bytes.putShort(l4 + 6, (short)0);
        if ((frame[l3] & 0xF0) == 0x40 || l4 + length > frame.length) {
            return;
        }
        final ByteBuffer summed = ByteBuffer.allocate(40 + length);
        summed.put(frame, l3 + 8, 32).putInt(length).putInt(17).put(frame, l4, length);
        final int sum = PacketText.checksum(summed.array());
        bytes.putShort(l4 + 6, (short)(sum == 0 ? 0xFFFF : sum));
    }

    private int send(final Seed seed, final String what) {
        if (seed.fromUplink() ? !node.receiveFromUplink(seed.frame()) : !node.receiveFromPunt(seed.frame())) {
            return 0;
        }
        try {
            node.worker.doWork();
        } catch (final RuntimeException e) {
            fail(what + ": " + HexFormat.of().formatHex(seed.frame()), e);
        }
        for (final byte[] frame : node.toUplink) {
            assertTrue(frame.length <= OverlayNode.UPLINK_MTU + 14, () -> what + ": " + frame.length + " bytes to the uplink");
            check(frame, seed, what);
        }
        for (final byte[] frame : node.toPunt) {
            final int limit = fromHostOrTo(frame, seed) ? MAX_PUNT_LENGTH : OverlayNode.WORKLOAD_MTU + 14;
            assertTrue(frame.length <= limit, () -> what + ": " + frame.length + " bytes to a pod");
            check(frame, seed, what);
        }
        final int count = node.toUplink.size() + node.toPunt.size();
        node.toUplink.clear();
        node.toPunt.clear();
        return count;
    }

    /** What the host's stack exchanges with its pods has the size that it chose. */
    private static boolean fromHostOrTo(final byte[] sent, final Seed seed) {
        return PuntHeader.code(PuntHeader.word(new UnsafeBuffer(sent), 0)) == io.caracal.burst.EgressAction.TO_HOST
            || !seed.fromUplink() && seed.frame()[1] == io.caracal.burst.Direction.TO_WORKLOAD;
    }

    private static void check(final byte[] sent, final Seed seed, final String what) {
        if (Short.toUnsignedInt(ByteBuffer.wrap(sent).getShort(12)) == 0x0806) {
            return;
        }
        final String text;
        try {
            text = PacketReader.frame(sent);
        } catch (final RuntimeException e) {
            fail(what + " sent " + HexFormat.of().formatHex(sent) + " for " + HexFormat.of().formatHex(seed.frame()), e);
            return;
        }
        final String own = text.replaceAll("about \\[.*] quote", "");
        for (final String wrong : List.of("ETHERTYPE", "LENGTH", "BADIP", "SPORT", "FLAGS")) {
            assertTrue(!own.contains(wrong), () -> what + ": " + text + " for " + HexFormat.of().formatHex(seed.frame()));
        }
        if (own.contains("BADSUM")) {
            assertTrue(isDoubtful(seed), () -> what + ": " + text + " for " + HexFormat.of().formatHex(seed.frame()));
        }
    }

    /** Whether the packet came with a wrong transport checksum: then nobody promises a right one. */
    private static boolean isDoubtful(final Seed seed) {
        try {
            final byte[] frame = seed.frame();
            int l3 = 14;
            while (Short.toUnsignedInt(ByteBuffer.wrap(frame).getShort(l3 - 2)) == 0x8100) {
                l3 += 4;
            }
            return PacketReader.packet(Arrays.copyOfRange(frame, l3, frame.length)).contains("BADSUM");
        } catch (final RuntimeException unreadable) {
            return true;
        }
    }
}

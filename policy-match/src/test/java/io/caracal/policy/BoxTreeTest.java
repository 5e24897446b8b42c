package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.lookup.Box;
import io.caracal.policy.lookup.BoxTree;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tree against a scan of all boxes, for lists of every size and shape, at points on the boxes' borders. */
class BoxTreeTest {
    private static final int POINTS = 4000;
    private static final int[] PROTOCOLS = {6, 17, 1, 58, Box.ANY_PROTOCOL};

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final BoxTree.Point point = new BoxTree.Point(rule -> true);
    private Prefix source;
    private Prefix destination;
    private int protocol;
    private int sourcePort;
    private int destinationPort;
    private int has;

    /** Spread is how many different addresses prefixes begin with: few make boxes that overlap much. */
    @ParameterizedTest
    @CsvSource({"1, 1", "7, 4", "40, 3", "300, 2", "300, 1000", "3000, 50", "3000, 100000", "20000, 4000"})
    void shouldFindWhatAScanFinds(final int count, final int spread) {
        System.out.println("BoxTreeTest seed " + seed + ", " + count + " boxes");
        for (final boolean v6 : new boolean[] {false, true}) {
            final List<Box> boxes = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                boxes.add(box(i / 2, v6, spread));
            }
            final BoxTree tree = BoxTree.of(boxes, v6);
            int found = 0;
            for (int i = 0; i < POINTS; i++) {
                move(boxes.get(random.nextInt(count)), v6);
                final int from = random.nextInt(4) > 0 ? 0 : random.nextInt(count);
                final int below = random.nextInt(4) > 0 ? count : random.nextInt(count + 1);
                final int expected = scan(boxes, from, below);
                assertEquals(expected, tree.first(point, from, below),
                    () -> "seed " + seed + ": " + source + " " + destination + " " + protocol + " from " + from);
                found += expected == BoxTree.NONE ? 0 : 1;
            }
            assertTrue(found > POINTS / 10, "only " + found + " points are in a box");
        }
    }

    @Test
    void shouldTakeAThousandEqualBoxes() {
        final List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            boxes.add(new Box(i, Prefix.parse("10.0.0.0/8"), Prefix.parse("10.1.0.0/16"), Box.ANY_PORT, Box.ANY_PORT,
                Box.ANY_PROTOCOL, 0));
        }
        final BoxTree tree = BoxTree.of(boxes, false);
        point.addresses(Prefix.parse("10.2.3.4").high(), 0, Prefix.parse("10.1.3.4").high(), 0);
        point.transport(Box.transport(6, 1, 2), Box.NEEDS_PORTS);
        assertEquals(0, tree.first(point, 0, 1000));
        assertEquals(777, tree.first(point, 777, 1000));
        assertEquals(BoxTree.NONE, tree.first(point, 777, 777));
    }

    private int scan(final List<Box> boxes, final int from, final int below) {
        for (final Box box : boxes) {
            if (box.rule() >= from && box.rule() < below
                && box.source().contains(source.v6(), source.high(), source.low())
                && box.destination().contains(destination.v6(), destination.high(), destination.low())
                && box.sourcePorts().contains(sourcePort) && box.destinationPorts().contains(destinationPort)
                && (box.protocol() == Box.ANY_PROTOCOL || box.protocol() == protocol)
                && (box.needs() & ~has) == 0) {
                return box.rule();
            }
        }
        return BoxTree.NONE;
    }

    private Box box(final int rule, final boolean v6, final int spread) {
        final int chosen = PROTOCOLS[random.nextInt(PROTOCOLS.length)];
        return new Box(rule, prefix(v6, spread), prefix(v6, spread), range(), range(), chosen, random.nextInt(8) / 2);
    }

    private Prefix prefix(final boolean v6, final int spread) {
        final Random address = new Random(random.nextInt(spread));
        final int bits = Prefix.bits(v6);
        final int length = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> bits;
            default -> random.nextInt(bits + 1);
        };
        return new Prefix(v6, address.nextLong() & (v6 ? -1L : -1L << 32), address.nextLong(), length);
    }

    private PortRange range() {
        final int first = random.nextInt(1 << 16);
        return switch (random.nextInt(4)) {
            case 0 -> new PortRange(first, first);
            case 1 -> new PortRange(first, first + random.nextInt((1 << 16) - first));
            case 2 -> new PortRange(1024, 65535);
            default -> Box.ANY_PORT;
        };
    }

    /** Goes to a corner of a box, or one step beyond. */
    private void move(final Box box, final boolean v6) {
        source = inside(box.source());
        destination = inside(box.destination());
        protocol = box.protocol() == Box.ANY_PROTOCOL || random.nextInt(16) == 0 ? 6 : box.protocol();
        sourcePort = near(box.sourcePorts());
        destinationPort = near(box.destinationPorts());
        has = random.nextInt(8) == 0 ? random.nextInt(4) : 3;
        point.addresses(source.high(), source.low(), destination.high(), destination.low());
        point.transport(Box.transport(protocol, sourcePort, destinationPort), has);
        assertEquals(v6, source.v6());
    }

    private Prefix inside(final Prefix prefix) {
        final boolean v6 = prefix.v6();
        final long host = random.nextInt(3) - 1L;
        final Prefix ends = new Prefix(v6, host & (v6 ? -1L : -1L << 32), host, Prefix.bits(v6));
        final Prefix cleared = new Prefix(v6, ends.high(), ends.low(), prefix.length());
        final int flip = random.nextInt(20) == 0 ? random.nextInt(32) : -1;
        return new Prefix(v6, prefix.high() | ends.high() & ~cleared.high() ^ (flip < 0 ? 0 : 1L << 32 + flip),
            prefix.low() | ends.low() & ~cleared.low(), Prefix.bits(v6));
    }

    private int near(final PortRange range) {
        return Math.clamp((random.nextBoolean() ? range.first() : range.last()) + (random.nextInt(6) == 0
            ? random.nextInt(3) - 1 : 0), 0, PortRange.MAX_PORT);
    }
}

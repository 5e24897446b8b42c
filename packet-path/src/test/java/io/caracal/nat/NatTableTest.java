package io.caracal.nat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Bindings against maps of text. */
class NatTableTest {
    private static final int NODE = Ipv4Address.parse("192.168.1.10");
    private static final Ipv6Text NODE_IPV6 = Ipv6Text.parse("2001:db8::10");
    private static final long SECOND_NS = 1_000_000_000L;
    private static final int CAPACITY = 64;

    private final Set<String> told = new HashSet<>();
    private final NatBindingListener listener = new NatBindingListener() {
        @Override
        public void bound(final NatTuple incoming) {
            assertTrue(told.add(text(incoming)), () -> "told twice: " + text(incoming));
        }

        @Override
        public void released(final NatTuple incoming) {
            assertTrue(told.remove(text(incoming)), () -> "never told: " + text(incoming));
        }
    };

    @Test
    void shouldAgreeWithMaps() {
        final long seed = System.nanoTime();
        System.out.println("NatTableTest against maps: seed " + seed);
        final Random random = new Random(seed);
        final int[] counts = new int[4];
        for (int round = 0; round < 20; round++) {
            told.clear();
            race(random, new NatTable(CAPACITY, config(61_000, 61_011, round % 2, 2), seed, listener), counts, seed, round % 2);
        }
        System.out.printf("NatTableTest: %d bound, %d refused, %d answers, %d expired%n", counts[0], counts[1], counts[2],
            counts[3]);
        for (final int count : counts) {
            assertTrue(count > 100, "each outcome was met");
        }
    }

    private void race(
        final Random random, final NatTable table, final int[] counts, final long seed, final int worker) {
        final Map<String, NatTuple> natOf = new HashMap<>();
        final Map<String, Long> usedNs = new HashMap<>();
        long nowNs = random.nextLong();
        for (int step = 0; step < 4000; step++) {
            nowNs += random.nextInt(8) == 0 ? random.nextInt(20) * SECOND_NS : 1000;
            final NatTuple flow = nextFlow(random);
            final String key = text(flow);
            final NatTuple changed = copy(flow);
            final boolean bound = table.bind(changed, nowNs);
            final String what = "seed " + seed + " step " + step + ": " + key;
            if (natOf.containsKey(key)) {
                assertTrue(bound, what);
                assertEquals(text(natOf.get(key)), text(changed), what);
            } else if (bound) {
                assertEquals(worker, (changed.sourcePort - 61_000) % 2, what + " is another worker's port");
                assertTrue(changed.sourcePort >= 61_000 && changed.sourcePort <= 61_011, what);
                natOf.values().forEach(other -> assertFalse(text(other).equals(text(changed)), what + " collides"));
                natOf.put(key, changed);
                counts[0]++;
            } else {
                final long alike = natOf.values().stream().filter(other -> sameRemote(other, flow)).count();
                assertTrue(natOf.size() == CAPACITY || alike == 6, what + " refused beside " + alike + " alike");
                assertEquals(key, text(changed), "a refused tuple is as it was");
                counts[1]++;
                continue;
            }
            usedNs.put(key, nowNs);
            final NatTuple answer = copy(changed);
            answer.reverse();
            assertTrue(table.findIncoming(answer, nowNs), what);
            answer.reverse();
            assertEquals(key, text(answer), what + " answered");
            counts[2]++;
            counts[3] += expire(table, natOf, usedNs, nowNs);
            assertEquals(natOf.size(), table.count(), what);
            assertEquals(natOf.size(), told.size(), what);
        }
    }

    private static int expire(
        final NatTable table, final Map<String, NatTuple> natOf, final Map<String, Long> usedNs, final long nowNs) {
        for (int step = 0; step < CAPACITY / 8; step++) {
            table.expire(nowNs);
        }
        final int before = natOf.size();
        natOf.keySet().removeIf(key -> nowNs - usedNs.get(key)
            > (key.startsWith("17 ") ? 300 : key.startsWith("1 ") ? 60 : 7440) * SECOND_NS);
        return before - natOf.size();
    }

    private static boolean sameRemote(final NatTuple one, final NatTuple other) {
        return one.protocol == other.protocol && one.destinationLow == other.destinationLow
            && one.destinationHigh == other.destinationHigh
            && (one.protocol == 1 || one.destinationPort == other.destinationPort);
    }

    private static NatTuple nextFlow(final Random random) {
        final NatTuple flow = new NatTuple();
        flow.protocol = new int[] {17, 6, 1}[random.nextInt(3)];
        if (random.nextInt(3) == 0) {
            flow.sourceHigh = 0xFD00_0010_0065_0000L;
            flow.sourceLow = random.nextInt(4);
            flow.destinationHigh = 0x2001_0DB8_0000_0009L;
            flow.destinationLow = random.nextInt(2);
        } else {
            flow.setIpv4(0x0A41_0000 + random.nextInt(4), 0xC000_0200 + random.nextInt(2));
        }
        flow.sourcePort = 1000 + random.nextInt(6);
        flow.destinationPort = flow.protocol == 1 ? flow.sourcePort : 53 + random.nextInt(2);
        return flow;
    }

    @Test
    void shouldKeepSctpsPortOrRefuse() {
        final NatTable table = new NatTable(64, config(61_000, 65_535, 0, 1), 1, NatBindingListener.NONE);
        final NatTuple first = sctp(7);
        assertTrue(table.bind(first, 0));
        assertEquals(5000, first.sourcePort);
        assertFalse(table.bind(sctp(9), 0), "another pod with the same port to the same peer");
    }

    private static NatTuple sctp(final int pod) {
        final NatTuple flow = new NatTuple();
        flow.protocol = 132;
        flow.setIpv4(0x0A41_0000 + pod, 0xC000_0201);
        flow.sourcePort = 5000;
        flow.destinationPort = 80;
        return flow;
    }

    @Test
    void shouldRefuseAFamilyWithoutAnAddress() {
        final NatTable table = new NatTable(64,
            new NatConfig(NODE, new Ipv6Text(0, 0), 61_000, 65_535, 0, 1), 1, NatBindingListener.NONE);
        final NatTuple flow = new NatTuple();
        flow.protocol = 17;
        flow.sourceHigh = 1;
        flow.destinationHigh = 2;
        assertFalse(table.bind(flow, 0));
        assertFalse(table.isNatAddress(0, 0));
        assertTrue(table.isNatAddress(0, NatTuple.mapped(NODE)));
    }

    @Test
    void shouldRefuseSettingsThatCannotWork() {
        assertThrows(IllegalArgumentException.class, () -> config(61_000, 60_999, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> config(61_000, 61_001, 0, 3));
        assertThrows(IllegalArgumentException.class, () -> config(61_000, 61_001, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> config(0, 61_001, 0, 1));
        assertThrows(IllegalArgumentException.class,
            () -> new NatTable(63, config(61_000, 65_535, 0, 1), 1, NatBindingListener.NONE));
    }

    private static NatConfig config(final int first, final int last, final int worker, final int workers) {
        return new NatConfig(NODE, NODE_IPV6, first, last, worker, workers);
    }

    private static NatTuple copy(final NatTuple tuple) {
        final NatTuple copy = new NatTuple();
        copy.protocol = tuple.protocol;
        copy.sourceHigh = tuple.sourceHigh;
        copy.sourceLow = tuple.sourceLow;
        copy.sourcePort = tuple.sourcePort;
        copy.destinationHigh = tuple.destinationHigh;
        copy.destinationLow = tuple.destinationLow;
        copy.destinationPort = tuple.protocol == 1 ? tuple.sourcePort : tuple.destinationPort;
        return copy;
    }

    private static String text(final NatTuple tuple) {
        return tuple.protocol + " " + Ipv6Text.format(tuple.sourceHigh, tuple.sourceLow) + ' ' + tuple.sourcePort + " > "
            + Ipv6Text.format(tuple.destinationHigh, tuple.destinationLow)
            + (tuple.protocol == 1 ? "" : " " + tuple.destinationPort);
    }
}

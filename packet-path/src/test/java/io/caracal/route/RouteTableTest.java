package io.caracal.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lookups against a plain list of prefixes, of which the longest that contains the address wins. */
class RouteTableTest {
    private static final RouteTable TABLE = new RouteTable.Builder()
        .put("0.0.0.0/0", target(1)).put("10.0.0.0/8", target(2)).put("10.65.0.0/16", target(3))
        .put("10.65.0.0/26", target(4)).put("10.65.0.7/32", target(5)).put("10.65.1.0/24", target(6))
        .put("10.65.1.128/25", target(7)).put("255.255.255.255/32", target(8))
        .put("::/0", target(11)).put("fd00::/8", target(12)).put("fd00:10:65::/48", target(13))
        .put("fd00:10:65::/122", target(14)).put("fd00:10:65::7/128", target(15)).put("fd00:10:65:0:1::/80", target(16))
        .build();

    @ParameterizedTest(name = "{0} leads to {1}")
    @CsvSource({
        "10.65.0.7, 5", "10.65.0.6, 4", "10.65.0.63, 4", "10.65.0.64, 3", "10.65.0.0, 4", "10.65.1.127, 6",
        "10.65.1.128, 7", "10.65.1.255, 7", "10.65.2.0, 3", "10.66.0.0, 2", "11.0.0.0, 1", "0.0.0.0, 1",
        "255.255.255.254, 1", "255.255.255.255, 8",
        "fd00:10:65::7, 15", "fd00:10:65::8, 14", "fd00:10:65::40, 13", "fd00:10:65:0:1::5, 16", "fd00:10:66::, 12",
        "fe80::1, 11", "::, 11", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff, 11"})
    void shouldFindTheLongestPrefix(final String address, final int ifindex) {
        assertEquals(ifindex, RouteWord.ifindex(find(TABLE, address)));
    }

    @Test
    void shouldKnowNoRouteWhenEmpty() {
        for (final String address : List.of("0.0.0.0", "10.65.0.7", "::", "fd00::1")) {
            assertEquals(RouteWord.NONE, find(RouteTable.EMPTY, address), address);
        }
        assertEquals(RouteKind.NONE, RouteWord.kind(RouteWord.NONE));
    }

    @Test
    void shouldKeepAllPartsOfATarget() {
        final RouteTarget local = RouteTarget.localWorkload(Integer.MAX_VALUE, 3);
        final RouteTarget tunnel = RouteTarget.via(RouteKind.REMOTE_WORKLOAD, NextHopTable.MAX_ID, RouteFlags.IN_POOL);
        final RouteTable table = new RouteTable.Builder().put("10.0.0.1", local).put("10.0.0.2", tunnel).build();
        final long localWord = find(table, "10.0.0.1");
        final long tunnelWord = find(table, "10.0.0.2");
        assertEquals(local, targetOf(localWord));
        assertEquals(tunnel, targetOf(tunnelWord));
        assertEquals(2, table.routeCount());
    }

    @Test
    void shouldNotChangeWhenItsBuilderDoes() {
        final RouteTable.Builder builder = new RouteTable.Builder().put("10.65.0.0/16", target(1));
        final RouteTable before = builder.build();
        final RouteTable after = builder.put("10.65.0.0/24", target(2)).build();
        final RouteTable restored = builder.removeIpv4(Ipv4Address.parse("10.65.0.0"), 24).build();
        assertEquals(List.of(1, 2, 1), List.of(RouteWord.ifindex(find(before, "10.65.0.1")),
            RouteWord.ifindex(find(after, "10.65.0.1")), RouteWord.ifindex(find(restored, "10.65.0.1"))));
    }

    @Test
    void shouldRefuseWhatIsNoRoute() {
        final RouteTable.Builder builder = new RouteTable.Builder();
        assertThrows(IllegalArgumentException.class, () -> builder.putIpv4(0, 33, target(1)));
        assertThrows(IllegalArgumentException.class, () -> builder.putIpv6(0, 0, 129, target(1)));
        assertThrows(IllegalArgumentException.class, () -> builder.put("10.0.0.0/-1", target(1)));
        assertThrows(IllegalArgumentException.class, () -> builder.put("10.0.0/8", target(1)));
        assertThrows(IllegalArgumentException.class, () -> RouteTarget.localWorkload(0, 0));
        assertThrows(IllegalArgumentException.class, () -> RouteTarget.via(RouteKind.OUTSIDE, 0x10000, 0));
    }

    @Test
    void shouldAgreeWithAListOfPrefixes() {
        final long seed = System.nanoTime();
        System.out.println("RouteTableTest against a list: seed " + seed);
        final Random random = new Random(seed);
        for (int round = 0; round < 60; round++) {
            final RouteOracle oracle = new RouteOracle(random, 1 + random.nextInt(250), round % 3);
            final RouteTable table = oracle.table();
            for (int lookup = 0; lookup < 600; lookup++) {
                final int address = oracle.nextIpv4();
                assertEquals(oracle.findIpv4(address), RouteWord.ifindex(table.ipv4(address)),
                    () -> "seed " + seed + ": " + Ipv4Address.format(address) + " in " + oracle);
                final Ipv6Text ipv6 = oracle.nextIpv6();
                assertEquals(oracle.findIpv6(ipv6), RouteWord.ifindex(table.ipv6(ipv6.high(), ipv6.low())),
                    () -> "seed " + seed + ": " + ipv6 + " in " + oracle);
            }
        }
    }

    @Test
    void shouldHoldAHundredThousandRoutes() {
        final RouteTable.Builder builder = new RouteTable.Builder();
        for (int block = 0; block < 50_000; block++) {
            builder.putIpv4(0x0A00_0000 + (block << 6), 26, target(block + 1));
            builder.putIpv6(0xFD00_0010_0065_0000L, (long)block << 6, 122, target(block + 1));
        }
        final RouteTable table = builder.build();
        assertEquals(100_000, table.routeCount());
        for (int block = 0; block < 50_000; block++) {
            assertEquals(block + 1, RouteWord.ifindex(table.ipv4(0x0A00_003F + (block << 6))));
            assertEquals(block + 1, RouteWord.ifindex(table.ipv6(0xFD00_0010_0065_0000L, 0x3FL + ((long)block << 6))));
        }
        assertEquals(0, RouteWord.ifindex(table.ipv4(0x0A00_0000 + (50_000 << 6))));
    }

    static RouteTarget target(final int ifindex) {
        return RouteTarget.localWorkload(ifindex, 0);
    }

    private static RouteTarget targetOf(final long word) {
        return new RouteTarget(
            RouteWord.kind(word), RouteWord.ifindex(word), RouteWord.nextHop(word), RouteWord.flags(word));
    }

    private static long find(final RouteTable table, final String address) {
        if (address.indexOf(':') < 0) {
            return table.ipv4(Ipv4Address.parse(address));
        }
        final Ipv6Text text = Ipv6Text.parse(address);
        return table.ipv6(text.high(), text.low());
    }

    /** Random prefixes of some shape and the slow lookup over them. */
    private static final class RouteOracle {
        private final List<long[]> ipv4 = new ArrayList<>();
        private final List<long[]> ipv6 = new ArrayList<>();
        private final Random random;
        private final int shape;

        RouteOracle(final Random random, final int routes, final int shape) {
            this.random = random;
            this.shape = shape;
            for (int route = 1; route <= routes; route++) {
                final int length4 = random.nextInt(33);
                ipv4.add(new long[] {nextIpv4() & mask4(length4), length4, route});
                final int[] usual = {0, 48, 64, 122, 128};
                final int length6 = shape == 0 ? random.nextInt(129) : usual[random.nextInt(usual.length)];
                final Ipv6Text address = nextIpv6();
                ipv6.add(new long[] {address.high() & high(length6), address.low() & low(length6), length6, route});
            }
        }

        /** Any address, or one of a few neighbouring ones: prefixes contain each other then. */
        int nextIpv4() {
            return switch (shape) {
                case 0 -> random.nextInt();
                case 1 -> 0x0A41_0000 | random.nextInt(1 << 12);
                default -> 0x0A41_0000 | random.nextInt(1 << 20) & 0xFF0FF;
            };
        }

        Ipv6Text nextIpv6() {
            return switch (shape) {
                case 0 -> new Ipv6Text(random.nextInt(4) * (1L << 61), random.nextInt(4));
                case 1 -> new Ipv6Text(0xFD00_0010_0065_0000L, random.nextInt(1 << 10));
                default -> new Ipv6Text(0xFD00_0010_0065_0000L + random.nextInt(8), random.nextLong() & 0xFF);
            };
        }

        RouteTable table() {
            final RouteTable.Builder builder = new RouteTable.Builder();
            for (final long[] route : ipv4) {
                builder.putIpv4((int)route[0], (int)route[1], target((int)route[2]));
            }
            for (final long[] route : ipv6) {
                builder.putIpv6(route[0], route[1], (int)route[2], target((int)route[3]));
            }
            return builder.build();
        }

        /** The later of two routes with the same prefix replaced the earlier one. */
        int findIpv4(final int address) {
            long[] best = {0, -1, 0};
            for (final long[] route : ipv4) {
                if ((address & mask4((int)route[1])) == (int)route[0] && route[1] >= best[1]) {
                    best = route;
                }
            }
            return (int)best[2];
        }

        int findIpv6(final Ipv6Text address) {
            long[] best = {0, 0, -1, 0};
            for (final long[] route : ipv6) {
                final int length = (int)route[2];
                if ((address.high() & high(length)) == route[0] && (address.low() & low(length)) == route[1]
                    && length >= best[2]) {
                    best = route;
                }
            }
            return (int)best[3];
        }

        private static int mask4(final int length) {
            return (int)(0xFFFF_FFFF_0000_0000L >> length);
        }

        private static long high(final int length) {
            return length >= 64 ? -1 : ~(-1L >>> length);
        }

        private static long low(final int length) {
            return length <= 64 ? 0 : length == 128 ? -1 : ~(-1L >>> length - 64);
        }

        @Override
        public String toString() {
            final StringBuilder text = new StringBuilder();
            ipv4.forEach(each -> text.append(Ipv4Address.format((int)each[0])).append('/').append(each[1]).append(' '));
            ipv6.forEach(each -> text.append(Ipv6Text.format(each[0], each[1])).append('/').append(each[2]).append(' '));
            return text.toString();
        }
    }
}

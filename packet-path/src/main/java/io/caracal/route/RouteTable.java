package io.caracal.route;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Text;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Longest-prefix tables for IPv4 and IPv6. Immutable, so any thread may read it; built off the workers, published
 * inside {@link ForwardingTables}. Lookups allocate nothing.
 *
 * <p>Prefixes that lead to the same place share one {@link RouteTarget}: what a lookup touches besides the address
 * tables is as large as the cluster has nodes, not as it has routes.</p>
 *
 * <pre>{@code
 * final RouteTable table = new RouteTable.Builder()
 *     .put("10.65.0.7/32", RouteTarget.localWorkload(12, RouteFlags.IN_POOL))
 *     .put("0.0.0.0/0", RouteTarget.of(RouteKind.OUTSIDE)).build();
 * assert RouteWord.ifindex(table.ipv4(Ipv4Address.parse("10.65.0.7"))) == 12;
 * }</pre>
 */
public final class RouteTable {
    /** The table without routes: every destination is unreachable. */
    public static final RouteTable EMPTY = new Builder().build();

    private final Ipv4RouteTrie ipv4;
    private final Ipv6RouteIndex ipv6;
    private final long[] words;
    private final int routeCount;

    private RouteTable(final Map<Ipv4Prefix, RouteTarget> ipv4Routes, final Map<Ipv6Prefix, RouteTarget> ipv6Routes) {
        final Map<RouteTarget, Integer> numbers = new HashMap<>();
        numbers.put(RouteTarget.of(RouteKind.NONE), 0);
        routeCount = ipv4Routes.size() + ipv6Routes.size();
        ipv4 = new Ipv4RouteTrie();
        final List<Map.Entry<Ipv4Prefix, RouteTarget>> shortestFirst = new ArrayList<>(ipv4Routes.entrySet());
        shortestFirst.sort((one, other) -> Integer.compare(one.getKey().length(), other.getKey().length()));
        for (final Map.Entry<Ipv4Prefix, RouteTarget> route : shortestFirst) {
            ipv4.put(route.getKey().address(), route.getKey().length(), number(numbers, route.getValue()));
        }
        final Collection<Ipv6RouteIndex.Prefix> prefixes = new ArrayList<>(ipv6Routes.size());
        for (final Map.Entry<Ipv6Prefix, RouteTarget> route : ipv6Routes.entrySet()) {
            final Ipv6Prefix prefix = route.getKey();
            prefixes.add(new Ipv6RouteIndex.Prefix(
                prefix.high(), prefix.low(), prefix.length(), number(numbers, route.getValue())));
        }
        ipv6 = new Ipv6RouteIndex(prefixes);
        words = new long[numbers.size()];
        numbers.forEach((target, number) -> words[number] = target.word());
    }

    private static int number(final Map<RouteTarget, Integer> numbers, final RouteTarget target) {
        return numbers.computeIfAbsent(target, unknown -> numbers.size());
    }

    /**
     * Where an IPv4 address leads.
     *
     * @param address host order.
     * @return a {@link RouteWord}; {@link RouteWord#NONE} without a route.
     */
    public long ipv4(final int address) {
        return words[ipv4.find(address)];
    }

    /**
     * Where an IPv6 address leads.
     *
     * @param high upper half.
     * @param low lower half.
     * @return a {@link RouteWord}; {@link RouteWord#NONE} without a route.
     */
    public long ipv6(final long high, final long low) {
        return words[ipv6.find(high, low)];
    }

    /**
     * How many routes there are.
     *
     * @return 0 or more, both families.
     */
    public int routeCount() {
        return routeCount;
    }

    private record Ipv4Prefix(int address, int length) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final Ipv4Prefix that && address == that.address && length == that.length;
        }

        @Override
        public int hashCode() {
            return address * 31 + length;
        }
    }

    private record Ipv6Prefix(long high, long low, int length) {
        @Override
        public boolean equals(final Object other) {
            return other instanceof final Ipv6Prefix that && high == that.high && low == that.low
                && length == that.length;
        }

        @Override
        public int hashCode() {
            return (Long.hashCode(high) * 31 + Long.hashCode(low)) * 31 + length;
        }
    }

    /**
     * Collects routes and makes tables of them. Belongs to one thread, off the workers; may be used on and on. Building
     * takes time with the number of routes, so many changes should make one table.
     */
    public static final class Builder {
        private static final int IPV4_BITS = 32;
        private static final int IPV6_BITS = 128;

        private final Map<Ipv4Prefix, RouteTarget> ipv4 = new HashMap<>();
        private final Map<Ipv6Prefix, RouteTarget> ipv6 = new HashMap<>();

        /** Makes a builder without routes. */
        public Builder() {
        }

        /**
         * Adds a route, or replaces the one of the same prefix.
         *
         * @param address an address of it, host order; bits beyond the length do not matter.
         * @param length 0 .. 32.
         * @param target where it leads.
         * @return this.
         * @throws IllegalArgumentException when the length is out of range.
         */
        public Builder putIpv4(final int address, final int length, final RouteTarget target) {
            ipv4.put(ipv4Prefix(address, length), target);
            return this;
        }

        /**
         * Adds a route, or replaces the one of the same prefix.
         *
         * @param high upper half of an address of it.
         * @param low lower half.
         * @param length 0 .. 128.
         * @param target where it leads.
         * @return this.
         * @throws IllegalArgumentException when the length is out of range.
         */
        public Builder putIpv6(final long high, final long low, final int length, final RouteTarget target) {
            ipv6.put(ipv6Prefix(high, low, length), target);
            return this;
        }

        /**
         * Adds a route, or replaces the one of the same prefix.
         *
         * @param prefix such as {@code 10.65.0.0/26} or {@code fd00:10:65::/122}.
         * @param target where it leads.
         * @return this.
         * @throws IllegalArgumentException when the prefix is malformed.
         */
        public Builder put(final String prefix, final RouteTarget target) {
            final int slash = prefix.indexOf('/');
            final String address = slash < 0 ? prefix : prefix.substring(0, slash);
            final boolean isIpv6 = address.indexOf(':') >= 0;
            final int bits = isIpv6 ? IPV6_BITS : IPV4_BITS;
            final int length = slash < 0 ? bits : Integer.parseInt(prefix, slash + 1, prefix.length(), 10);
            if (isIpv6) {
                final Ipv6Text text = Ipv6Text.parse(address);
                return putIpv6(text.high(), text.low(), length, target);
            }
            return putIpv4(Ipv4Address.parse(address), length, target);
        }

        /**
         * Removes the route of a prefix; unknown ones are left alone.
         *
         * @param address an address of it, host order.
         * @param length 0 .. 32.
         * @return this.
         */
        public Builder removeIpv4(final int address, final int length) {
            ipv4.remove(ipv4Prefix(address, length));
            return this;
        }

        /**
         * Removes the route of a prefix; unknown ones are left alone.
         *
         * @param high upper half of an address of it.
         * @param low lower half.
         * @param length 0 .. 128.
         * @return this.
         */
        public Builder removeIpv6(final long high, final long low, final int length) {
            ipv6.remove(ipv6Prefix(high, low, length));
            return this;
        }

        /**
         * Makes a table of what is there now.
         *
         * @return a table that later changes of the builder do not touch.
         */
        public RouteTable build() {
            return new RouteTable(ipv4, ipv6);
        }

        private static Ipv4Prefix ipv4Prefix(final int address, final int length) {
            requireLength(length, IPV4_BITS);
            return new Ipv4Prefix(length == 0 ? 0 : address & -1 << IPV4_BITS - length, length);
        }

        private static Ipv6Prefix ipv6Prefix(final long high, final long low, final int length) {
            requireLength(length, IPV6_BITS);
            return new Ipv6Prefix(high & Ipv6Address.highMask(length), low & Ipv6Address.lowMask(length), length);
        }

        private static void requireLength(final int length, final int max) {
            if (length < 0 || length > max) {
                throw new IllegalArgumentException("prefix length must be within 0 and " + max + ": " + length);
            }
        }
    }
}

package io.caracal.route;

/**
 * A {@link RouteTarget} in one {@code long}, as a lookup returns it and a burst keeps it: it stays whole when the table
 * that it came from is replaced. Stateless; any thread.
 *
 * <pre>
 *  63      56 55      48 47               32 31                              0
 *  +---------+---------+-------------------+---------------------------------+
 *  |  kind   |  flags  |  next hop's id    |  ifindex of a local workload    |
 *  +---------+---------+-------------------+---------------------------------+
 * </pre>
 */
public final class RouteWord {
    /** The word of {@link RouteKind#NONE}: no route. */
    public static final long NONE = 0;

    private static final int KIND_SHIFT = 56;
    private static final int FLAGS_SHIFT = 48;
    private static final int NEXT_HOP_SHIFT = 32;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private RouteWord() {
    }

    static long of(final int kind, final int ifindex, final int nextHop, final int flags) {
        final long upper = (long)kind << KIND_SHIFT | (long)flags << FLAGS_SHIFT;
        return upper | (long)nextHop << NEXT_HOP_SHIFT | ifindex & LOW_32;
    }

    /**
     * The kind.
     *
     * @param word a route.
     * @return one of {@link RouteKind}.
     */
    public static int kind(final long word) {
        return (int)(word >>> KIND_SHIFT);
    }

    /**
     * The flags.
     *
     * @param word a route.
     * @return bits of {@link RouteFlags}.
     */
    public static int flags(final long word) {
        return (int)(word >>> FLAGS_SHIFT) & 0xFF;
    }

    /**
     * The next hop.
     *
     * @param word a route.
     * @return its id, or {@link NextHopTable#NONE}.
     */
    public static int nextHop(final long word) {
        return (int)(word >>> NEXT_HOP_SHIFT) & NextHopTable.MAX_ID;
    }

    /**
     * The interface of a local workload.
     *
     * @param word a route.
     * @return kernel ifindex, or 0.
     */
    public static int ifindex(final long word) {
        return (int)word;
    }
}

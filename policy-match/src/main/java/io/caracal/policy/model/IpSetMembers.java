package io.caracal.policy.model;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Members of an IP set as columns of primitives, because one message may bring a million of them. Families are mixed,
 * as Felix mixes them. Immutable.
 */
public final class IpSetMembers {
    private static final int V6_FLAG = 1 << 30;
    private static final int PROTOCOL_SHIFT = 16;
    private static final int PORT_MASK = 0xffff;

    private final IpSetKind kind;
    private final long[] high;
    private final long[] low;
    private final int[] tail;

    private IpSetMembers(final IpSetKind kind, final int count) {
        this.kind = kind;
        high = new long[count];
        low = new long[count];
        tail = new int[count];
    }

    /**
     * Reads members as Felix writes them.
     *
     * @param kind the set's kind.
     * @param texts {@code 10.0.0.0/8} or {@code 10.0.0.1,tcp:80}; duplicates are harmless.
     * @return the members, in the same order.
     * @throws PolicyException naming the member that cannot be read.
     */
    public static IpSetMembers parse(final IpSetKind kind, final Collection<String> texts) {
        final IpSetMembers members = new IpSetMembers(kind, texts.size());
        int row = 0;
        for (final String text : texts) {
            if (kind == IpSetKind.NET) {
                members.setNet(row, Prefix.parse(text));
            } else {
                members.setIpAndPort(row, text);
            }
            row++;
        }
        return members;
    }

    /**
     * Members of kind NET.
     *
     * @param nets the prefixes.
     * @return the members, in the same order.
     */
    public static IpSetMembers of(final List<Prefix> nets) {
        final IpSetMembers members = new IpSetMembers(IpSetKind.NET, nets.size());
        for (int row = 0; row < nets.size(); row++) {
            members.setNet(row, nets.get(row));
        }
        return members;
    }

    private void setNet(final int row, final Prefix net) {
        high[row] = net.high();
        low[row] = net.low();
        tail[row] = net.length() | (net.v6() ? V6_FLAG : 0);
    }

    private void setIpAndPort(final int row, final String text) {
        final int comma = text.indexOf(',');
        final int colon = text.indexOf(':', Math.max(comma, 0));
        if (comma < 0 || colon < 0) {
            throw refused(text);
        }
        final Prefix address = Prefix.parse(text.substring(0, comma));
        final int protocol = IpProtocol.parse(text.substring(comma + 1, colon));
        if (!address.isHost() || !IpProtocol.hasPorts(protocol)) {
            throw refused(text);
        }
        high[row] = address.high();
        low[row] = address.low();
        tail[row] = protocol << PROTOCOL_SHIFT | parsePort(text, colon + 1) | (address.v6() ? V6_FLAG : 0);
    }

    private static int parsePort(final String text, final int from) {
        try {
            final int port = Integer.parseInt(text, from, text.length(), 10);
            if (port >= 0 && port <= PORT_MASK) {
                return port;
            }
        } catch (final NumberFormatException e) {
            throw refused(text);
        }
        throw refused(text);
    }

    private static PolicyException refused(final String text) {
        return new PolicyException("member " + text, "is not address,protocol:port with protocol tcp, udp or sctp");
    }

    /**
     * The set's kind.
     *
     * @return NET or IP_AND_PORT.
     */
    public IpSetKind kind() {
        return kind;
    }

    /**
     * How many members there are.
     *
     * @return rows.
     */
    public int count() {
        return tail.length;
    }

    /**
     * Whether a member is IPv6.
     *
     * @param row member.
     * @return its family.
     */
    public boolean isV6(final int row) {
        return (tail[row] & V6_FLAG) != 0;
    }

    /**
     * Bits 0-63 of a member's address.
     *
     * @param row member.
     * @return left-aligned as in {@link Prefix}.
     */
    public long high(final int row) {
        return high[row];
    }

    /**
     * Bits 64-127 of a member's address.
     *
     * @param row member.
     * @return 0 for IPv4.
     */
    public long low(final int row) {
        return low[row];
    }

    /**
     * Prefix length of a NET member.
     *
     * @param row member.
     * @return 0-32 or 0-128.
     */
    public int length(final int row) {
        assert kind == IpSetKind.NET;
        return tail[row] & PORT_MASK;
    }

    /**
     * Whether a member is one address: every IP_AND_PORT member, and a NET member of full length.
     *
     * @param row member.
     * @return whether it is.
     */
    public boolean isHost(final int row) {
        return kind == IpSetKind.IP_AND_PORT || length(row) == Prefix.bits(isV6(row));
    }

    /**
     * The prefix of a NET member, or the address of an IP_AND_PORT member.
     *
     * @param row member.
     * @return as an object; not for bulk work.
     */
    public Prefix prefix(final int row) {
        final boolean v6 = isV6(row);
        return new Prefix(v6, high[row], low[row], kind == IpSetKind.NET ? length(row) : Prefix.bits(v6));
    }

    /**
     * Protocol and port of an IP_AND_PORT member in one number.
     *
     * @param row member.
     * @return {@code protocol << 16 | port}; 0 for NET members.
     */
    public int protocolAndPort(final int row) {
        return kind == IpSetKind.NET ? 0 : tail[row] & ~V6_FLAG;
    }

    /**
     * Whether an address, or address, protocol and port, is in the set: by looking at every member.
     *
     * @param v6 family of the address.
     * @param addressHigh bits 0-63.
     * @param addressLow bits 64-127.
     * @param protocolAndPort {@code protocol << 16 | port}; ignored for NET.
     * @return whether some member covers it.
     */
    public boolean contains(final boolean v6, final long addressHigh, final long addressLow,
        final int protocolAndPort) {
        for (int row = 0; row < tail.length; row++) {
            final int length = kind == IpSetKind.NET ? length(row) : Prefix.bits(v6);
            if (isV6(row) == v6 && Prefix.agree(high[row] ^ addressHigh, low[row] ^ addressLow, length)
                && (kind == IpSetKind.NET || protocolAndPort(row) == protocolAndPort)) {
                return true;
            }
        }
        return false;
    }

    /**
     * How many different members there are.
     *
     * @return {@link #count()} without duplicates.
     */
    public int distinctCount() {
        final Set<List<Object>> distinct = HashSet.newHashSet(count());
        for (int row = 0; row < tail.length; row++) {
            distinct.add(List.of(high[row], low[row], tail[row]));
        }
        return distinct.size();
    }

    /**
     * A member as Felix writes it.
     *
     * @param row member.
     * @return its text.
     */
    public String text(final int row) {
        if (kind == IpSetKind.NET) {
            return prefix(row).toString();
        }
        final int protocol = protocolAndPort(row) >>> PROTOCOL_SHIFT;
        return Addresses.format(isV6(row), high[row], low[row]) + "," + IpProtocol.name(protocol) + ":"
            + (tail[row] & PORT_MASK);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof IpSetMembers that && kind == that.kind && Arrays.equals(tail, that.tail)
            && Arrays.equals(high, that.high) && Arrays.equals(low, that.low);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(high) * 31 + Arrays.hashCode(low) * 17 + Arrays.hashCode(tail);
    }

    @Override
    public String toString() {
        return kind + " set of " + count() + " members";
    }
}

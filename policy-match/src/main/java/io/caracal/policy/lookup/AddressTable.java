package io.caracal.policy.lookup;

/**
 * Which sets an address of one family belongs to, at one moment. Immutable; any thread that got it safely published.
 */
public final class AddressTable {
    private static final int MEMBER_WORDS_V6 = 2;
    private static final int PORT_WORDS_V6 = 3;

    private final boolean v6;
    private final HostTable<AddressClass> hosts;
    private final NetTrie nets;
    private final HostTable<AddressClass> ports;

    AddressTable(final boolean v6, final HostTable<AddressClass> hosts, final NetTrie nets,
        final HostTable<AddressClass> ports) {
        this.v6 = v6;
        this.hosts = hosts;
        this.nets = nets;
        this.ports = ports;
    }

    /**
     * A table without members.
     *
     * @param v6 the family.
     * @return the table.
     */
    public static AddressTable empty(final boolean v6) {
        return new AddressTable(v6, HostTable.empty(v6 ? MEMBER_WORDS_V6 : 1), NetTrie.EMPTY,
            HostTable.empty(v6 ? PORT_WORDS_V6 : 1));
    }

    /**
     * The sets that name exactly this address.
     *
     * @param high bits 0-63, left-aligned.
     * @param low bits 64-127.
     * @return the class, never null.
     */
    public AddressClass host(final long high, final long low) {
        final AddressClass found = hosts.get(high, low, 0);
        return found == null ? AddressClass.NONE : found;
    }

    /**
     * The sets that name a shorter prefix around this address.
     *
     * @param high bits 0-63, left-aligned.
     * @param low bits 64-127.
     * @return the class, never null.
     */
    public AddressClass net(final long high, final long low) {
        return nets.get(high, low);
    }

    /**
     * The sets of kind IP_AND_PORT that name this address, protocol and port.
     *
     * @param high bits 0-63, left-aligned.
     * @param low bits 64-127.
     * @param protocolAndPort {@code protocol << 16 | port}.
     * @return the class, never null.
     */
    public AddressClass port(final long high, final long low, final int protocolAndPort) {
        final AddressClass found = v6 ? ports.get(high, low, protocolAndPort) : ports.get(high | protocolAndPort, 0, 0);
        return found == null ? AddressClass.NONE : found;
    }

    /**
     * Entries of all three tables.
     *
     * @return addresses and address-port pairs that some set names; prefixes are not counted.
     */
    public int count() {
        return hosts.count() + ports.count();
    }

    HostTable<AddressClass> hosts() {
        return hosts;
    }

    HostTable<AddressClass> ports() {
        return ports;
    }

    boolean v6() {
        return v6;
    }
}

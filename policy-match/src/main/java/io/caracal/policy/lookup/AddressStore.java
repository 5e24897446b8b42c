package io.caracal.policy.lookup;

import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.Prefix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The members of all sets of one family, being changed: the control thread's side of {@link AddressTable}. A member
 * that comes or goes touches the class of its one address. Control thread only.
 */
public final class AddressStore {
    private final boolean v6;
    private final ClassInterner classes;
    private final HostTable.Editor<AddressClass> hosts;
    private final HostTable.Editor<AddressClass> ports;
    private final NetStore nets;

    /**
     * Makes an empty store.
     *
     * @param v6 the family.
     * @param classes makes classes.
     */
    public AddressStore(final boolean v6, final ClassInterner classes) {
        this.v6 = v6;
        this.classes = classes;
        final AddressTable empty = AddressTable.empty(v6);
        hosts = empty.hosts().edit();
        ports = empty.ports().edit();
        nets = new NetStore(v6, classes);
    }

    /**
     * Adds the members of the store's family to a set; those that are there already change nothing.
     *
     * @param set the set's number.
     * @param members members of either family.
     * @return how many were not there before.
     */
    public int add(final int set, final IpSetMembers members) {
        int added = 0;
        for (int row = 0; row < members.count(); row++) {
            if (members.isV6(row) != v6) {
                continue;
            }
            final boolean changed =
                members.isHost(row) ? change(members, row, set, true) : nets.add(members.prefix(row), set);
            added += changed ? 1 : 0;
        }
        return added;
    }

    /**
     * Removes the members of the store's family from a set; those that are not there change nothing.
     *
     * @param set the set's number.
     * @param members members of either family.
     * @return how many were there before.
     */
    public int remove(final int set, final IpSetMembers members) {
        int removed = 0;
        for (int row = 0; row < members.count(); row++) {
            if (members.isV6(row) != v6) {
                continue;
            }
            final boolean changed =
                members.isHost(row) ? change(members, row, set, false) : nets.remove(members.prefix(row), set);
            removed += changed ? 1 : 0;
        }
        return removed;
    }

    /**
     * Whether every given member of the store's family is in a set.
     *
     * @param set the set's number.
     * @param members members of either family.
     * @return whether none is missing.
     */
    public boolean containsAll(final int set, final IpSetMembers members) {
        for (int row = 0; row < members.count(); row++) {
            if (members.isV6(row) == v6 && !contains(set, members, row)) {
                return false;
            }
        }
        return true;
    }

    private boolean contains(final int set, final IpSetMembers members, final int row) {
        if (!members.isHost(row)) {
            return nets.contains(members.prefix(row), set);
        }
        final long high = members.high(row);
        final int port = members.protocolAndPort(row);
        final AddressClass found = members.kind() == IpSetKind.NET ? hosts.get(high, members.low(row), 0)
            : v6 ? ports.get(high, members.low(row), port) : ports.get(high | port, 0, 0);
        return found != null && found.contains(set);
    }

    private boolean change(final IpSetMembers members, final int row, final int set, final boolean add) {
        if (members.kind() == IpSetKind.NET) {
            return change(hosts, new long[] {members.high(row), members.low(row), 0}, set, add);
        }
        final int port = members.protocolAndPort(row);
        return change(ports, v6 ? new long[] {members.high(row), members.low(row), port}
            : new long[] {members.high(row) | port, 0, 0}, set, add);
    }

    private boolean change(final HostTable.Editor<AddressClass> table, final long[] key, final int set,
        final boolean add) {
        final AddressClass found = table.get(key[0], key[1], key[2]);
        final AddressClass before = found == null ? AddressClass.NONE : found;
        final AddressClass after = add ? classes.with(before, set) : classes.without(before, set);
        if (after == before) {
            return false;
        }
        if (after == AddressClass.NONE) {
            table.remove(key[0], key[1], key[2]);
        } else {
            table.put(key[0], key[1], key[2], after);
        }
        return true;
    }

    /**
     * Removes sets with all their members, by looking at every member of every set.
     *
     * @param gone whether a set of that number is to go.
     */
    public void sweep(final IntPredicate gone) {
        sweep(hosts, gone);
        sweep(ports, gone);
        final List<Prefix> prefixes = new ArrayList<>();
        final List<AddressClass> named = new ArrayList<>();
        nets.forEach((prefix, sets) -> {
            prefixes.add(prefix);
            named.add(sets);
        });
        for (int row = 0; row < prefixes.size(); row++) {
            for (int i = 0; i < named.get(row).count(); i++) {
                if (gone.test(named.get(row).set(i))) {
                    nets.remove(prefixes.get(row), named.get(row).set(i));
                }
            }
        }
    }

    private void sweep(final HostTable.Editor<AddressClass> table, final IntPredicate gone) {
        table.finish().forEach((a, b, c, sets) -> {
            AddressClass after = sets;
            for (int i = 0; i < sets.count(); i++) {
                after = gone.test(sets.set(i)) ? classes.without(after, sets.set(i)) : after;
            }
            if (after == AddressClass.NONE) {
                table.remove(a, b, c);
            } else if (after != sets) {
                table.put(a, b, c, after);
            }
        });
    }

    /**
     * The longest prefix around an address that is a member of a set.
     *
     * @param high bits 0-63 of the address.
     * @param low bits 64-127.
     * @param set the set's number.
     * @return the prefix, of full length where the address itself is the member; null if there is none.
     */
    public Prefix member(final long high, final long low, final int set) {
        final AddressClass host = hosts.get(high, low, 0);
        return host != null && host.contains(set)
            ? new Prefix(v6, high, low, Prefix.bits(v6)) : nets.member(high, low, set);
    }

    /**
     * The table as it is now.
     *
     * @return a version that never changes.
     */
    public AddressTable finish() {
        return new AddressTable(v6, hosts.finish(), nets.finish(), ports.finish());
    }
}

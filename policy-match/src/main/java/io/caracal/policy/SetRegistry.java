package io.caracal.policy;

import io.caracal.policy.lookup.AddressStore;
import io.caracal.policy.lookup.AddressTable;
import io.caracal.policy.lookup.ClassInterner;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.PolicyException;
import io.caracal.policy.model.Prefix;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The sets that rules refer to, IP sets as well as the lists of prefixes that stand in rules, with their members'
 * store. A number is never used twice: a set that goes, or is replaced as a whole, leaves its number in the store
 * until enough has gathered to sweep all in one pass. Control thread only.
 */
final class SetRegistry {
    /** Sweeping looks at every member, so it waits until a good part of them is garbage. */
    private static final int SWEEP_MIN_MEMBERS = 4096;

    private final AddressStore ipv4;
    private final AddressStore ipv6;
    private final Map<String, Entry> byId = new HashMap<>();
    private final Map<List<Prefix>, NetList> netLists = new HashMap<>();
    private final BitSet gone = new BitSet();
    private int nextNumber = 1;
    private long liveMembers;
    private long garbageMembers;

    private static final class Entry {
        private final IpSetKind kind;
        private int number;
        private int members;

        Entry(final IpSetKind kind) {
            this.kind = kind;
        }
    }

    /** A list of prefixes that rules carry, while some compiled list of rules uses it. */
    static final class NetList {
        private final List<Prefix> nets;
        private final int number;
        private int uses;

        NetList(final List<Prefix> nets, final int number) {
            this.nets = nets;
            this.number = number;
        }

        int number() {
            return number;
        }
    }

    SetRegistry() {
        final ClassInterner classes = new ClassInterner();
        ipv4 = new AddressStore(false, classes);
        ipv6 = new AddressStore(true, classes);
    }

    /** Adds or replaces a set. True if rules that name it must be compiled again. */
    boolean put(final IpSet set) {
        final Entry known = byId.get(set.id());
        if (known != null && isSame(known, set)) {
            return false;
        }
        if (known != null) {
            discard(known);
        }
        final Entry entry = new Entry(set.kind());
        entry.number = nextNumber++;
        byId.put(set.id(), entry);
        add(entry, set.members());
        return known != null;
    }

    /**
     * Its members are not listed anywhere: it is the same if it has as many as the new one and all of the new one's.
     */
    private boolean isSame(final Entry known, final IpSet set) {
        return known.kind == set.kind() && known.members <= set.members().count()
            && ipv4.containsAll(known.number, set.members()) && ipv6.containsAll(known.number, set.members())
            && known.members == set.members().distinctCount();
    }

    private void add(final Entry entry, final IpSetMembers members) {
        final int added = ipv4.add(entry.number, members) + ipv6.add(entry.number, members);
        entry.members += added;
        liveMembers += added;
    }

    private void discard(final Entry entry) {
        gone.set(entry.number);
        liveMembers -= entry.members;
        garbageMembers += entry.members;
    }

    void change(final String id, final IpSetMembers added, final IpSetMembers removed) {
        final Entry entry = entry(id);
        if (added.kind() != entry.kind || removed.kind() != entry.kind) {
            throw new PolicyException("IP set " + id, "is of kind " + entry.kind + ", its change is not");
        }
        final int less = ipv4.remove(entry.number, removed) + ipv6.remove(entry.number, removed);
        entry.members -= less;
        liveMembers -= less;
        add(entry, added);
    }

    void remove(final String id) {
        discard(entry(id));
        byId.remove(id);
    }

    private Entry entry(final String id) {
        final Entry entry = byId.get(id);
        if (entry == null) {
            throw new PolicyException("IP set " + id, "is not known");
        }
        return entry;
    }

    /** The kind of a set, null if there is none. */
    IpSetKind kind(final String id) {
        final Entry entry = byId.get(id);
        return entry == null ? null : entry.kind;
    }

    int number(final String id) {
        return entry(id).number;
    }

    int memberCount(final String id) {
        return entry(id).members;
    }

    /** Takes a list of prefixes into use; the caller gives it back by {@link #release}. */
    NetList use(final List<Prefix> nets) {
        final NetList list = netLists.computeIfAbsent(nets, key -> {
            final NetList fresh = new NetList(key, nextNumber++);
            store(key).add(fresh.number, IpSetMembers.of(key));
            return fresh;
        });
        list.uses++;
        return list;
    }

    void release(final NetList list) {
        if (--list.uses == 0) {
            netLists.remove(list.nets);
            store(list.nets).remove(list.number, IpSetMembers.of(list.nets));
        }
    }

    private AddressStore store(final List<Prefix> nets) {
        return nets.getFirst().v6() ? ipv6 : ipv4;
    }

    /** The members as they are now. */
    AddressTable finish(final boolean v6) {
        if (garbageMembers > SWEEP_MIN_MEMBERS && garbageMembers > liveMembers / 2) {
            ipv4.sweep(gone::get);
            ipv6.sweep(gone::get);
            gone.clear();
            garbageMembers = 0;
        }
        return (v6 ? ipv6 : ipv4).finish();
    }

    /** The longest member of a set around an address; null if the address is no member. */
    Prefix member(final String id, final boolean v6, final long high, final long low) {
        return (v6 ? ipv6 : ipv4).member(high, low, number(id));
    }

    /** Ids of all IP sets. */
    List<String> ids() {
        return List.copyOf(byId.keySet());
    }
}

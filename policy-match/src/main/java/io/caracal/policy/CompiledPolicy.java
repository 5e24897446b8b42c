package io.caracal.policy;

import io.caracal.policy.lookup.AddressTable;
import io.caracal.policy.lookup.HostTable;
import io.caracal.policy.model.PolicyConfig;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * A node's policy, ready to be asked: one consistent state of endpoints, lists and set members. Immutable; a worker
 * takes the current one once for each burst (see {@link PolicyCompiler#current()}), so no packet sees half of an
 * update. Versions share whatever did not change; an old one is reclaimed when the last worker has taken a newer one.
 */
public final class CompiledPolicy {
    private final PolicyConfig config;
    private final long listsVersion;
    private final int generation;
    private final AddressTable ipv4;
    private final AddressTable ipv6;
    private final Interfaces interfaces;

    /** The part that changes with endpoints and interfaces only. */
    record Interfaces(Int2ObjectHashMap<CompiledInterface> byIndex, HostTable<CompiledInterface> byIpv4,
        HostTable<CompiledInterface> byIpv6) {
    }

    CompiledPolicy(final PolicyConfig config, final long listsVersion, final int generation, final AddressTable ipv4,
        final AddressTable ipv6, final Interfaces interfaces) {
        this.config = config;
        this.listsVersion = listsVersion;
        this.generation = generation;
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
        this.interfaces = interfaces;
    }

    PolicyConfig config() {
        return config;
    }

    /** Changes when lists of rules were compiled or dropped: a worker's vectors of older lists are then useless. */
    long listsVersion() {
        return listsVersion;
    }

    /**
     * A number for flow records that grows whenever verdicts of an equal packet may change: by policies, profiles,
     * endpoints, members of IP sets.
     *
     * @return above 0 until it wraps around.
     */
    public int generation() {
        return generation;
    }

    AddressTable addresses(final boolean v6) {
        return v6 ? ipv6 : ipv4;
    }

    /** The interface of an index, null if it is not known. */
    CompiledInterface byIndex(final int index) {
        return interfaces.byIndex().get(index);
    }

    /**
     * Which workload interface has an address of its own.
     *
     * @param v6 family of the address.
     * @param high bits 0-63, left-aligned.
     * @param low bits 64-127.
     * @return its ifindex, or {@link PolicyPacket#HOST} if no local workload has the address.
     */
    public int workloadInterface(final boolean v6, final long high, final long low) {
        final HostTable<CompiledInterface> table = v6 ? interfaces.byIpv6() : interfaces.byIpv4();
        final CompiledInterface found = table.get(high, low, 0);
        return found == null ? PolicyPacket.HOST : found.index();
    }

    /**
     * Members of all sets.
     *
     * @return addresses and address-port pairs of both families that some set names.
     */
    public int memberCount() {
        return ipv4.count() + ipv6.count();
    }
}

package io.caracal.stage;

import io.caracal.wire.Ipv6Text;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which workload interface has an address, and which interfaces are workloads' at all: three open-addressing hash
 * tables in plain arrays. Immutable, so any thread may read it; built off the workers and handed over by a
 * {@link WorkloadTablePublisher}. Lookups allocate nothing.
 *
 * <p>Tables are at most half full and probed linearly. The keys come from the address plan, not from strangers, and a
 * stranger's absent key ends at the first empty slot, so there is no seed.</p>
 *
 * <pre>{@code
 * final WorkloadTable table = new WorkloadTable.Builder().put(Workload.of(12, "10.65.0.7")).build();
 * assert table.ipv4Ifindex(Ipv4Address.parse("10.65.0.7")) == 12;
 * }</pre>
 */
public final class WorkloadTable {
    /** What a lookup returns when nobody has the address: the kernel numbers interfaces from 1. */
    public static final int NONE = 0;
    /** The table of a node without workloads. */
    public static final WorkloadTable EMPTY = new Builder().build();

    /** Knuth's multiplicative hash, 2^64 divided by the golden ratio: neighbouring addresses land far apart. */
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final int MIN_CAPACITY = 4;
    private static final long LOW_32 = 0xFFFF_FFFFL;

    /** {@code address << 32 | ifindex}; 0 is an empty slot, since no ifindex is 0. */
    private final long[] ipv4Slots;
    /** Three per slot: upper half, lower half, ifindex; ifindex 0 is an empty slot. */
    private final long[] ipv6Slots;
    private final Workload[] workloadSlots;
    private final int workloadCount;

    private WorkloadTable(final Collection<Workload> workloads) {
        int ipv4Count = 0;
        int ipv6Count = 0;
        for (final Workload workload : workloads) {
            ipv4Count += workload.ipv4Count();
            ipv6Count += workload.ipv6Count();
        }
        ipv4Slots = new long[capacity(ipv4Count)];
        ipv6Slots = new long[3 * capacity(ipv6Count)];
        workloadSlots = new Workload[capacity(workloads.size())];
        workloadCount = workloads.size();
        for (final Workload workload : workloads) {
            insert(workload);
        }
    }

    /**
     * The workload interface that has an IPv4 address.
     *
     * @param address host order.
     * @return kernel ifindex, or {@link #NONE}.
     */
    public int ipv4Ifindex(final int address) {
        return (int)ipv4Slots[ipv4Slot(address)];
    }

    /**
     * The workload interface that has an IPv6 address.
     *
     * @param high upper half.
     * @param low lower half.
     * @return kernel ifindex, or {@link #NONE}.
     */
    public int ipv6Ifindex(final long high, final long low) {
        return (int)ipv6Slots[ipv6Slot(high, low) + 2];
    }

    /**
     * The workload behind an interface.
     *
     * @param ifindex kernel ifindex.
     * @return the workload, or null when the interface is no workload's.
     */
    public Workload workload(final int ifindex) {
        return workloadSlots[workloadSlot(ifindex)];
    }

    /**
     * How many workloads there are.
     *
     * @return 0 or more.
     */
    public int workloadCount() {
        return workloadCount;
    }

    private void insert(final Workload workload) {
        workloadSlots[workloadSlot(workload.ifindex())] = workload;
        for (int i = 0; i < workload.ipv4Count(); i++) {
            final int address = workload.ipv4(i);
            ipv4Slots[ipv4Slot(address)] = (long)address << 32 | workload.ifindex();
        }
        for (int i = 0; i < workload.ipv6Count(); i++) {
            final Ipv6Text address = workload.ipv6(i);
            final int slot = ipv6Slot(address.high(), address.low());
            ipv6Slots[slot] = address.high();
            ipv6Slots[slot + 1] = address.low();
            ipv6Slots[slot + 2] = workload.ifindex();
        }
    }

    /** The slot that has an address, or the empty one where it would be. */
    private int ipv4Slot(final int address) {
        final int mask = ipv4Slots.length - 1;
        int slot = (int)((address & LOW_32) * GOLDEN >>> 32) & mask;
        while (ipv4Slots[slot] != 0 && (int)(ipv4Slots[slot] >>> 32) != address) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    /** As {@link #ipv4Slot}; the index of the slot's first word. */
    private int ipv6Slot(final long high, final long low) {
        final int slots = ipv6Slots.length / 3;
        int slot = (int)((high * GOLDEN ^ low) * GOLDEN >>> 32) & slots - 1;
        int word = 3 * slot;
        while (ipv6Slots[word + 2] != 0 && (ipv6Slots[word] != high || ipv6Slots[word + 1] != low)) {
            slot = slot + 1 & slots - 1;
            word = 3 * slot;
        }
        return word;
    }

    private int workloadSlot(final int ifindex) {
        final int mask = workloadSlots.length - 1;
        int slot = (int)(ifindex * GOLDEN >>> 32) & mask;
        while (workloadSlots[slot] != null && workloadSlots[slot].ifindex() != ifindex) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private static int capacity(final int count) {
        return Math.max(MIN_CAPACITY, Integer.highestOneBit(Math.max(1, count)) << 2);
    }

    /** Collects workloads and makes tables of them. Belongs to one thread, off the workers; may be used on and on. */
    public static final class Builder {
        private final Map<Integer, Workload> byIfindex = new LinkedHashMap<>();

        /** Makes a builder without workloads. */
        public Builder() {
        }

        /**
         * Adds a workload, or replaces the one behind the same interface. Where two workloads claim one address the
         * later put has it: a new pod may get an address before the removal of the old one is told.
         *
         * @param workload the workload.
         * @return this.
         */
        public Builder put(final Workload workload) {
            byIfindex.remove(workload.ifindex());
            byIfindex.put(workload.ifindex(), workload);
            return this;
        }

        /**
         * Removes the workload behind an interface; an address that another one claims too is that one's then.
         *
         * @param ifindex kernel ifindex; unknown ones are left alone.
         * @return this.
         */
        public Builder remove(final int ifindex) {
            byIfindex.remove(ifindex);
            return this;
        }

        /**
         * Makes a table of what is there now.
         *
         * @return a table that later changes of the builder do not touch.
         */
        public WorkloadTable build() {
            return new WorkloadTable(byIfindex.values());
        }
    }
}

package io.caracal.conntrack;

/**
 * The kernel's table of flows whose packets need no more decision: one worker's part of it, a hash table that is probed
 * in {@link #PROBES} slots. What connection tracking wants of it, so that it knows no maps and no programs.
 *
 * <p>The worker's thread; no call waits, allocates or throws. The kernel counts in the entries meanwhile.</p>
 */
public interface FlowOffload {
    /** No slot. */
    int NONE = -1;
    /** Slots where an entry may be. */
    int PROBES = 4;
    /** {@link OffloadEntry#action}: into the pod behind the target. */
    int TO_WORKLOAD = 1;
    /** {@link OffloadEntry#action}: out of the device that is the target, where the host's routes lead there. */
    int TO_DEVICE = 2;
    /** {@link OffloadEntry#action}: into the host's stack, which translates it and sends it on. */
    int TO_HOST = 3;
    /** {@link OffloadEntry#action}: out of the interface it is on its way to, if it came by the target. */
    int PASS = 4;
    /** In {@link OffloadEntry#ingressIfindex}: what the host's stack sends out of the interface. */
    int EGRESS = 0x8000_0000;
    /** {@link OffloadEntry#targetIfindex} of {@link #PASS}: wherever it came from. */
    int ANY_INTERFACE = -1;
    /** {@link #takeSeen}: TCP, SYN with ACK. */
    int SEEN_SYN_ACK = 1;
    /** {@link #takeSeen}: TCP, a segment that acknowledges and opens nothing; UDP, any packet. */
    int SEEN_ACK = 2;
    /** {@link #takeSeen}: TCP, FIN. */
    int SEEN_FIN = 4;
    /** {@link #takeSeen}: TCP, RST. */
    int SEEN_RST = 8;
    /** {@link #seen}: TCP, an acknowledgement behind a FIN of the same side that nobody has taken yet. */
    int SEEN_LAST_ACK = 16;

    /**
     * Slots in it.
     *
     * @return two for each flow that there is room for.
     */
    int slotCount();

    /**
     * Entries in it.
     *
     * @return how many now.
     */
    int usedCount();

    /**
     * The first of the slots where an entry may be.
     *
     * @param entry its key.
     * @return a slot; the others follow it.
     */
    int home(OffloadEntry entry);

    /**
     * Where an entry is.
     *
     * @param entry its key.
     * @return its slot, or {@link #NONE}.
     */
    int find(OffloadEntry entry);

    /**
     * Writes an entry, from then on in force.
     *
     * @param entry the entry; no other has its key.
     * @return its slot, or {@link #NONE} when all are used.
     */
    int insert(OffloadEntry entry);

    /**
     * Takes an entry out.
     *
     * @param slot a used one.
     */
    void remove(int slot);

    /**
     * Whether a slot has an entry.
     *
     * @param slot any.
     * @return false where it is free.
     */
    boolean isUsed(int slot);

    /**
     * What was written as {@link OffloadEntry#flow}.
     *
     * @param slot a used one.
     * @return the number.
     */
    int flow(int slot);

    /**
     * Writes that number anew.
     *
     * @param slot a used one.
     * @param flow the number.
     */
    void flow(int slot, int flow);

    /**
     * Takes the packets that were counted since the last time.
     *
     * @param slot a used one.
     * @return how many.
     */
    long takePackets(int slot);

    /**
     * Takes the bytes that were counted since the last time.
     *
     * @param slot a used one.
     * @return from the IP header on.
     */
    long takeBytes(int slot);

    /**
     * Takes what the packets since the last time were.
     *
     * @param slot a used one.
     * @return the bits of this interface.
     */
    int takeSeen(int slot);

    /**
     * What {@link #takeSeen} would take.
     *
     * @param slot a used one.
     * @return the bits of this interface.
     */
    int seen(int slot);

    /**
     * When the last packet of an entry came.
     *
     * @param slot a used one.
     * @return by the clock of {@link System#nanoTime()}; 0 where none has.
     */
    long lastSeenNs(int slot);

    /**
     * Reads an entry that an earlier process has left, or that the kernel has made itself.
     *
     * @param slot any.
     * @param target what it is, where the result is true.
     * @return false for a slot without a whole entry.
     */
    boolean read(int slot, OffloadEntry target);

    /** Removes every entry. */
    void clear();

    /**
     * Which epoch policy, routes and endpoints are of now, or have gone beyond, that are read after this call.
     *
     * @return its number.
     */
    int epoch();

    /**
     * Has the kernel open connections like one that was let through: of the same interface, addresses and destination
     * port. It does so in one epoch.
     *
     * @param way the entry of their first packets.
     * @param reply the entry of the answers.
     * @param epoch that both are of.
     */
    void putKind(OffloadEntry way, OffloadEntry reply, int epoch);

    /**
     * Whether there are connections that the kernel has opened and {@link #takeOpened} has not given.
     *
     * @return a hint: false also while the kernel is noting the next one.
     */
    boolean hasOpened();

    /**
     * How many these are.
     *
     * @return about so many.
     */
    int openedCount();

    /**
     * Has memory bring what the next calls of {@link #takeOpened} will give, all of it at once: programs on other
     * processors wrote it.
     *
     * @param count connections, at most.
     */
    void touchOpened(int count);

    /**
     * The next connection that the kernel has opened.
     *
     * @return a slot where its first packet's entry is, or was: {@link #isOpened}. {@link #NONE} for none.
     */
    int takeOpened();

    /**
     * Whether an entry is that of the first packet of a connection which the kernel has opened, and is nobody's yet.
     *
     * @param slot any.
     * @return false also for the answers' entry.
     */
    boolean isOpened(int slot);

    /**
     * Makes both entries of such a connection this table's: to be removed, or given a number.
     *
     * @param slot {@link #isOpened}.
     */
    void claim(int slot);

    /**
     * Where the other entry of such a connection is.
     *
     * @param slot one of the two.
     * @return a slot.
     */
    int otherSlot(int slot);
}

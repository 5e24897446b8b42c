package io.caracal.worker;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.port.CounterBlock;
import org.agrona.concurrent.AtomicBuffer;

/**
 * One worker's counters: its thread writes, any thread reads (see {@link CounterBlock}). They lie in one buffer, so
 * that they can be placed in a mapped file and read after a crash.
 *
 * <p>For each direction: received = transmitted + held + the sum of all drops, but for packets that stages made.</p>
 */
public final class WorkerCounters {
    /**
     * Directions told apart: unknown (0, the packet was dropped before it was known) and those of {@link Direction}.
     */
    public static final int DIRECTIONS = 5;
    /** Egress actions told apart: 1 .. 7, {@link io.caracal.burst.EgressAction}. */
    public static final int EGRESS_ACTIONS = 8;

    private static final int RX_PACKETS = WorkerCounter.values().length;
    private static final int RX_BYTES = RX_PACKETS + DIRECTIONS;
    private static final int TX_PACKETS = RX_BYTES + DIRECTIONS;
    private static final int TX_BYTES = TX_PACKETS + EGRESS_ACTIONS;
    private static final int DROPS = TX_BYTES + EGRESS_ACTIONS;
    private static final int DROPS_PER_DIRECTION = DropReason.maxId() + 1;
    private static final int COUNT = DROPS + DIRECTIONS * DROPS_PER_DIRECTION;

    private final CounterBlock block;
    private final CycleTimes cycleTimes = new CycleTimes();

    /** Makes counters in memory of their own, all zero. */
    public WorkerCounters() {
        block = CounterBlock.allocate(COUNT);
    }

    /**
     * Counters in given memory, with the values that stand there.
     *
     * @param buffer at least {@link #size()} bytes, 8-byte aligned; outlives the worker.
     */
    public WorkerCounters(final AtomicBuffer buffer) {
        buffer.boundsCheck(0, size());
        block = new CounterBlock(buffer);
    }

    /**
     * Bytes that the counters need.
     *
     * @return the size.
     */
    public static int size() {
        return COUNT * Long.BYTES;
    }

    /**
     * How long burst cycles took that found work. Any thread.
     *
     * @return live, in memory of its own.
     */
    public CycleTimes cycleTimes() {
        return cycleTimes;
    }

    /**
     * Reads a counter. Any thread.
     *
     * @param counter which.
     * @return its value.
     */
    public long get(final WorkerCounter counter) {
        return block.get(counter.ordinal());
    }

    /**
     * Packets received. Any thread.
     *
     * @param direction one of {@link Direction}, or 0 for those dropped before it was known.
     * @return packets.
     */
    public long rxPackets(final int direction) {
        return block.get(RX_PACKETS + direction);
    }

    /**
     * Bytes received, from the Ethernet header on. Any thread.
     *
     * @param direction one of {@link Direction}, or 0 for those dropped before it was known.
     * @return bytes.
     */
    public long rxBytes(final int direction) {
        return block.get(RX_BYTES + direction);
    }

    /**
     * Packets handed to a transmit ring. Any thread.
     *
     * @param egressAction one of {@link io.caracal.burst.EgressAction}.
     * @return packets.
     */
    public long txPackets(final int egressAction) {
        return block.get(TX_PACKETS + egressAction);
    }

    /**
     * Bytes handed to a transmit ring, from the Ethernet header on. Any thread.
     *
     * @param egressAction one of {@link io.caracal.burst.EgressAction}.
     * @return bytes.
     */
    public long txBytes(final int egressAction) {
        return block.get(TX_BYTES + egressAction);
    }

    /**
     * Packets dropped for one reason. Any thread.
     *
     * @param direction one of {@link Direction}, or 0 for those dropped before it was known.
     * @param reason why.
     * @return packets.
     */
    public long drops(final int direction, final DropReason reason) {
        return block.get(dropIndex(direction, reason.id()));
    }

    /**
     * Packets dropped for one reason, whatever their direction. Any thread.
     *
     * @param reason why.
     * @return packets.
     */
    public long drops(final DropReason reason) {
        long packets = 0;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            packets += drops(direction, reason);
        }
        return packets;
    }

    /**
     * All packets dropped. Any thread.
     *
     * @return packets.
     */
    public long drops() {
        long packets = 0;
        for (final DropReason reason : DropReason.values()) {
            packets += drops(reason);
        }
        return packets;
    }

    /**
     * All packets received. Any thread.
     *
     * @return packets.
     */
    public long rxPackets() {
        long packets = 0;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            packets += rxPackets(direction);
        }
        return packets;
    }

    /**
     * All packets handed to transmit rings. Any thread.
     *
     * @return packets.
     */
    public long txPackets() {
        long packets = 0;
        for (int action = 0; action < EGRESS_ACTIONS; action++) {
            packets += txPackets(action);
        }
        return packets;
    }

    /**
     * Bytes of all packets taken from receive rings. Any thread.
     *
     * @return bytes.
     */
    public long rxBytes() {
        long bytes = 0;
        for (int direction = 0; direction < DIRECTIONS; direction++) {
            bytes += rxBytes(direction);
        }
        return bytes;
    }

    /**
     * Bytes of all packets handed to transmit rings. Any thread.
     *
     * @return bytes.
     */
    public long txBytes() {
        long bytes = 0;
        for (int action = 0; action < EGRESS_ACTIONS; action++) {
            bytes += txBytes(action);
        }
        return bytes;
    }

    void add(final WorkerCounter counter, final long amount) {
        block.add(counter.ordinal(), amount);
    }

    void set(final WorkerCounter counter, final long value) {
        block.set(counter.ordinal(), value);
    }

    void received(final int direction, final int length) {
        final int index = known(direction);
        block.add(RX_PACKETS + index, 1);
        block.add(RX_BYTES + index, length);
    }

    void transmitted(final int egressAction, final int length) {
        final int index = egressAction & EGRESS_ACTIONS - 1;
        block.add(TX_PACKETS + index, 1);
        block.add(TX_BYTES + index, length);
    }

    void dropped(final int direction, final int reasonId) {
        block.add(dropIndex(known(direction), reasonId), 1);
    }

    /** A direction that no hook writes is a stage's defect; it must not become a write outside the counters. */
    private static int known(final int direction) {
        return direction > 0 && direction < DIRECTIONS ? direction : 0;
    }

    private static int dropIndex(final int direction, final int reasonId) {
        return DROPS + direction * DROPS_PER_DIRECTION + reasonId;
    }
}

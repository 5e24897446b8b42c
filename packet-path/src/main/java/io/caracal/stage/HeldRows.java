package io.caracal.stage;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.Umem;

/**
 * Rows that a stage keeps for a later burst, oldest first: a bounded array of their columns. Belongs to one worker,
 * like the stage that has it; allocates nothing after its constructor.
 *
 * <p>The frames are {@link FrameLedger#HELD} meanwhile: the worker enters that when it disposes of the burst, and
 * {@link #restore} takes it back.</p>
 */
final class HeldRows {
    private final FrameLedger ledger;
    private final long[] frameAddress;
    private final long[] deadlineNs;
    private final long[] route;
    private final int[] length;
    private final int[] ingressIfindex;
    private final int[] etherType;
    private final int[] offsets;
    private final int[] protocolAndFlags;
    private final int[] flowHash;
    private final int[] ports;
    private final int[] key;
    private final byte[] direction;
    private int count;

    HeldRows(final FrameLedger ledger, final int capacity) {
        this.ledger = ledger;
        frameAddress = new long[capacity];
        deadlineNs = new long[capacity];
        route = new long[capacity];
        length = new int[capacity];
        ingressIfindex = new int[capacity];
        etherType = new int[capacity];
        offsets = new int[capacity];
        protocolAndFlags = new int[capacity];
        flowHash = new int[capacity];
        ports = new int[capacity];
        key = new int[capacity];
        direction = new byte[capacity];
    }

    int count() {
        return count;
    }

    boolean isFull() {
        return count == key.length;
    }

    /** What the row was held under. */
    int key(final int index) {
        return key[index];
    }

    boolean isExpired(final int index, final long nowNs) {
        return nowNs - deadlineNs[index] >= 0;
    }

    int countOf(final int wantedKey) {
        int found = 0;
        for (int index = 0; index < count; index++) {
            found += key[index] == wantedKey ? 1 : 0;
        }
        return found;
    }

    /** Keeps a row; there is room. Its verdict becomes HELD. */
    void hold(final PacketBurst burst, final int row, final int rowKey, final long deadline) {
        final int index = count++;
        frameAddress[index] = burst.frameAddress[row];
        deadlineNs[index] = deadline;
        route[index] = burst.route[row];
        length[index] = burst.length[row];
        ingressIfindex[index] = burst.ingressIfindex[row];
        etherType[index] = burst.etherType[row];
        offsets[index] = burst.l3Offset[row] << 16 | burst.l4Offset[row];
        protocolAndFlags[index] = burst.ipProtocol[row] << 16 | burst.flags[row];
        flowHash[index] = burst.flowHash[row];
        ports[index] = burst.sourcePort[row] << 16 | burst.destinationPort[row];
        key[index] = rowKey;
        direction[index] = burst.direction[row];
        burst.verdict[row] = Verdict.HELD;
    }

    /** Appends a row to a burst that has room, as it was, and forgets it; the others keep their order. */
    int restore(final PacketBurst burst, final int index) {
        final int row = burst.count;
        ledger.movePacket(Umem.frameOf(frameAddress[index]), FrameLedger.HELD, FrameLedger.BURST);
        burst.add(frameAddress[index], length[index]);
        burst.route[row] = route[index];
        burst.ingressIfindex[row] = ingressIfindex[index];
        burst.etherType[row] = etherType[index];
        burst.ipVersion[row] = (byte)(etherType[index] == io.caracal.wire.EtherType.IPV4 ? 4 : 6);
        burst.l3Offset[row] = offsets[index] >>> 16;
        burst.l4Offset[row] = offsets[index] & 0xFFFF;
        burst.ipProtocol[row] = protocolAndFlags[index] >>> 16;
        burst.flags[row] = protocolAndFlags[index] & 0xFFFF;
        burst.flowHash[row] = flowHash[index];
        burst.sourcePort[row] = ports[index] >>> 16;
        burst.destinationPort[row] = ports[index] & 0xFFFF;
        burst.direction[row] = direction[index];
        remove(index);
        return row;
    }

    private void remove(final int index) {
        final int moved = --count - index;
        System.arraycopy(frameAddress, index + 1, frameAddress, index, moved);
        System.arraycopy(deadlineNs, index + 1, deadlineNs, index, moved);
        System.arraycopy(route, index + 1, route, index, moved);
        System.arraycopy(length, index + 1, length, index, moved);
        System.arraycopy(ingressIfindex, index + 1, ingressIfindex, index, moved);
        System.arraycopy(etherType, index + 1, etherType, index, moved);
        System.arraycopy(offsets, index + 1, offsets, index, moved);
        System.arraycopy(protocolAndFlags, index + 1, protocolAndFlags, index, moved);
        System.arraycopy(flowHash, index + 1, flowHash, index, moved);
        System.arraycopy(ports, index + 1, ports, index, moved);
        System.arraycopy(key, index + 1, key, index, moved);
        System.arraycopy(direction, index + 1, direction, index, moved);
    }
}

package io.caracal.stage;

import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketRows;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.Umem;

/**
 * Rows that a stage keeps for a later burst, oldest first, and bounded. Belongs to one worker, like the stage that has
 * it; allocates nothing after its constructor.
 *
 * <p>The frames are {@link FrameLedger#HELD} meanwhile: the worker enters that when it disposes of the burst, and
 * {@link #restore} takes it back.</p>
 */
final class HeldRows {
    private final FrameLedger ledger;
    private final PacketRows rows;
    private final long[] deadlineNs;
    private final int[] key;
    private int count;

    HeldRows(final FrameLedger ledger, final int capacity) {
        this.ledger = ledger;
        rows = new PacketRows(capacity);
        deadlineNs = new long[capacity];
        key = new int[capacity];
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
        rows.copy(index, burst, row);
        rows.undecide(index);
        deadlineNs[index] = deadline;
        key[index] = rowKey;
        burst.verdict(row, Verdict.HELD);
    }

    /** Appends a row to a burst that has room, as it was, and forgets it; the others keep their order. */
    int restore(final PacketBurst burst, final int index) {
        ledger.movePacket(Umem.frameOf(rows.frameAddress(index)), FrameLedger.HELD, FrameLedger.BURST);
        final int row = burst.add(rows, index);
        remove(index);
        return row;
    }

    private void remove(final int index) {
        count--;
        for (int next = index; next < count; next++) {
            rows.copy(next, rows, next + 1);
        }
        System.arraycopy(deadlineNs, index + 1, deadlineNs, index, count - index);
        System.arraycopy(key, index + 1, key, index, count - index);
    }
}

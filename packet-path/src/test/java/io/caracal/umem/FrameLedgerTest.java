package io.caracal.umem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameLedgerTest {
    @Test
    void shouldTakeTheFrameGivenLast() {
        final FramePool pool = new FramePool(new FrameLedger(8), 0, 8);
        final long first = pool.take(FrameLedger.BURST);
        final long second = pool.take(FrameLedger.BURST);
        assertEquals(0, first);
        assertEquals(4096, second);
        assertTrue(pool.give(first + 300, FrameLedger.BURST), "any address within the frame will do");
        assertEquals(first, pool.take(FrameLedger.HELD));
    }

    @Test
    void shouldRefuseAFrameThatComesBackTwice() {
        final FrameLedger ledger = new FrameLedger(4);
        final FramePool pool = new FramePool(ledger, 0, 4);
        final long address = pool.take(FrameLedger.BURST);
        assertTrue(pool.give(address, FrameLedger.BURST));
        assertFalse(pool.give(address, FrameLedger.BURST));
        assertFalse(pool.give(address, FrameLedger.HELD));
        assertEquals(4, pool.freeCount());
        assertEquals(2, ledger.violationCount());
        assertTrue(ledger.isBalanced());
    }

    @Test
    void shouldSayWhenNoFrameIsFree() {
        final FramePool pool = new FramePool(new FrameLedger(1), 0, 1);
        assertEquals(0, pool.take(FrameLedger.BURST));
        assertEquals(FramePool.EMPTY, pool.take(FrameLedger.BURST));
    }

    @Test
    void shouldGiveEachWorkerItsOwnFrames() {
        final FrameLedger one = new FrameLedger(10);
        final FrameLedger other = new FrameLedger(10);
        final FramePool lower = new FramePool(one, 0, 4);
        final FramePool upper = new FramePool(other, 4, 6);
        assertEquals(6, one.count(FrameLedger.FOREIGN));
        assertEquals(4, other.count(FrameLedger.FOREIGN));
        final Set<Long> addresses = new HashSet<>();
        for (final FramePool pool : new FramePool[]{lower, upper}) {
            for (long a = pool.take(FrameLedger.BURST); a != FramePool.EMPTY; a = pool.take(FrameLedger.BURST)) {
                assertTrue(addresses.add(a), "taken twice: " + a);
            }
        }
        assertEquals(10, addresses.size());
        assertThrows(IllegalArgumentException.class, () -> new FramePool(one, 3, 4),
            "frame 3 belongs to the first pool");
        assertThrows(IllegalArgumentException.class, () -> new FramePool(one, 8, 3), "beyond the region");
    }

    @Test
    void shouldRecoverWhatALostHolderHad() {
        final FrameLedger ledger = new FrameLedger(64);
        final FramePool pool = new FramePool(ledger, 0, 64);
        final int port = ledger.addPort();
        for (int n = 0; n < 20; n++) {
            pool.take(FrameLedger.fillOf(port));
            pool.take(FrameLedger.BURST);
        }
        assertThrows(IllegalStateException.class, () -> ledger.removePort(port));
        assertEquals(20, pool.recover(FrameLedger.BURST));
        assertEquals(0, pool.recover(FrameLedger.BURST));
        assertEquals(20, pool.recover(FrameLedger.fillOf(port)));
        ledger.removePort(port);
        assertEquals(port, ledger.addPort(), "a number is used again");
        assertEquals(64, pool.freeCount());
        assertTrue(ledger.isBalanced());
    }

    @Test
    void shouldRefuseMorePortsThanItCanTellApart() {
        final FrameLedger ledger = new FrameLedger(1);
        for (int n = 0; n < FrameLedger.MAX_PORTS; n++) {
            assertEquals(n, ledger.addPort());
        }
        assertThrows(IllegalStateException.class, ledger::addPort);
        assertTrue(FrameLedger.txOf(FrameLedger.MAX_PORTS - 1) <= Byte.MAX_VALUE, "a holder must fit a byte");
    }

    @Test
    void shouldAgreeWithADequeUnderRandomMoves() {
        final long seed = System.nanoTime();
        System.out.println("FrameLedgerTest seed " + seed);
        final Random random = new Random(seed);
        final FrameLedger ledger = new FrameLedger(200);
        final FramePool pool = new FramePool(ledger, 0, 200);
        final Deque<Long> free = new ArrayDeque<>();
        final Deque<Long> taken = new ArrayDeque<>();
        for (long frame = 199; frame >= 0; frame--) {
            free.push(frame * Umem.FRAME_SIZE);
        }
        for (int n = 0; n < 100_000; n++) {
            if (random.nextBoolean()) {
                final long address = pool.take(FrameLedger.HELD);
                assertEquals(free.isEmpty() ? FramePool.EMPTY : free.pop(), address, "seed " + seed);
                if (address != FramePool.EMPTY) {
                    taken.add(address);
                }
            } else if (!taken.isEmpty()) {
                final long address = random.nextBoolean() ? taken.pollFirst() : taken.pollLast();
                assertTrue(pool.give(address + random.nextInt(Umem.FRAME_SIZE), FrameLedger.HELD));
                free.push(address);
            }
            assertEquals(taken.size(), ledger.count(FrameLedger.HELD), "seed " + seed);
        }
        assertTrue(ledger.isBalanced());
        assertEquals(0, ledger.violationCount());
    }
}

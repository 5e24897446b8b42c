package io.caracal.worker;

import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingMemory;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;

/**
 * The way of packets from one worker to one other: two single-producer single-consumer rings, of the kind and code of
 * the kernel's own (AF_XDP). On the first go descriptors of packets that lie in the giver's memory; on the second come
 * back the addresses of those that the taker has copied. The taker looks at no more than can come back.
 *
 * <pre>
 *  giver  ── TxRing ═══ descriptors ═══► RxRing ──  taker
 *         ◄─ CompletionRing ◄═ addresses ══ FillRing ─
 * </pre>
 *
 * <p>Each end belongs to one thread. Made by any thread before both run.</p>
 */
public final class HandOverLane {
    private final TxRing give;
    private final CompletionRing givenBack;
    private final RxRing take;
    private final FillRing takeBack;

    /**
     * Makes both rings, empty.
     *
     * @param depth packets that can be under way, a power of two.
     */
    public HandOverLane(final int depth) {
        final RingMemory there = RingMemory.allocate(depth, RingMemory.DESCRIPTOR_SIZE);
        final RingMemory back = RingMemory.allocate(depth, RingMemory.ADDRESS_SIZE);
        give = new TxRing(there);
        take = new RxRing(there);
        takeBack = new FillRing(back);
        givenBack = new CompletionRing(back);
    }

    /**
     * Offers a packet. The giver's thread.
     *
     * @param address in the giver's memory, which is the taker's to read from here on.
     * @param length bytes.
     * @param note what the taker must know of it.
     * @return false when the lane is full: the packet is the giver's still.
     */
    public boolean offer(final long address, final int length, final int note) {
        if (give.reserve(1) == 0) {
            return false;
        }
        give.putDescriptor(0, address, length, note);
        give.submit(1);
        return true;
    }

    /**
     * Looks for packets that have come back. The giver's thread; {@link #forgetReturned} follows.
     *
     * @param atMost how many.
     * @return how many.
     */
    public int returnedCount(final int atMost) {
        return givenBack.peek(atMost);
    }

    /**
     * One that has come back.
     *
     * @param index 0 .. {@link #returnedCount} - 1.
     * @return the address that was offered.
     */
    public long returned(final int index) {
        return givenBack.address(index);
    }

    /**
     * Makes room for others.
     *
     * @param count as {@link #returnedCount} said.
     */
    public void forgetReturned(final int count) {
        givenBack.release(count);
    }

    /**
     * Looks for offered packets. The taker's thread; {@link #giveBack} follows for each that is taken.
     *
     * @param atMost how many.
     * @return how many; what is not given back is offered again at the next look, after {@link #leave}.
     */
    public int offeredCount(final int atMost) {
        return take.peek(takeBack.room(atMost));
    }

    /**
     * Whether anything is offered. The taker's thread.
     *
     * @return true if so.
     */
    public boolean hasOffered() {
        return take.availableCount() > 0;
    }

    /**
     * An offered packet's address.
     *
     * @param index 0 .. {@link #offeredCount} - 1.
     * @return in the giver's memory.
     */
    public long address(final int index) {
        return take.address(index);
    }

    /**
     * Its length.
     *
     * @param index 0 .. {@link #offeredCount} - 1.
     * @return bytes.
     */
    public int length(final int index) {
        return take.length(index);
    }

    /**
     * What the giver noted.
     *
     * @param index 0 .. {@link #offeredCount} - 1.
     * @return as offered.
     */
    public int note(final int index) {
        return take.options(index);
    }

    /**
     * Says that the first of the offered packets have been copied, in order.
     *
     * @param count at most as {@link #offeredCount} said.
     */
    public void giveBack(final int count) {
        final int room = takeBack.reserve(count);
        assert room == count : "more packets come back than were given";
        for (int index = 0; index < count; index++) {
            takeBack.putAddress(index, take.address(index));
        }
        take.release(count);
        takeBack.submit(count);
    }

    /**
     * Leaves the last of the offered packets for later.
     *
     * @param count how many of those that {@link #offeredCount} said and that are not given back.
     */
    public void leave(final int count) {
        take.cancel(count);
    }
}

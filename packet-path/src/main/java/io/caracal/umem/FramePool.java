package io.caracal.umem;

/**
 * A worker's free frames, as a stack: the frame given last is taken first, while its lines are still in the cache.
 *
 * <p>Belongs to one worker; only that worker's thread may call. The stack has room for every frame of the region, so
 * giving back cannot fail for want of room; a frame that the giver did not hold is refused by the {@link
 * FrameLedger}.</p>
 *
 * <pre>{@code
 * final long address = pool.take(FrameLedger.BURST);
 * if (address != FramePool.EMPTY) {
 *     pool.give(address, FrameLedger.BURST);
 * }
 * }</pre>
 */
public final class FramePool {
    /** What {@link #take} returns when no frame is free. */
    public static final long EMPTY = -1;

    private final FrameLedger ledger;
    private final int[] freeFrames;
    private int freeCount;
    private final int firstBlockFrame;
    /** First frames of free blocks, as a stack. */
    private final int[] freeBlocks;
    /** Of each block: frames that are not back yet. */
    private final int[] awaited;
    private int freeBlockCount;

    /**
     * Claims a range of the region's foreign frames as free.
     *
     * @param ledger the worker's ledger.
     * @param firstFrame number of the first frame.
     * @param frameCount frames of this pool.
     */
    public FramePool(final FrameLedger ledger, final int firstFrame, final int frameCount) {
        this(ledger, firstFrame, frameCount, 0);
    }

    /**
     * The same with blocks of frames behind the single ones, for packets that are longer than a frame.
     *
     * @param ledger the worker's ledger.
     * @param firstFrame number of the first frame.
     * @param frameCount single frames of this pool.
     * @param blockCount blocks of {@link FrameLedger#BLOCK_FRAMES} frames behind them; the last of the region.
     */
    public FramePool(final FrameLedger ledger, final int firstFrame, final int frameCount, final int blockCount) {
        if (firstFrame < 0 || frameCount < 1 || frameCount > ledger.frameCount() - firstFrame) {
            throw new IllegalArgumentException("frames " + firstFrame + " to " + ((long)firstFrame + frameCount - 1)
                + " are not within the region's " + ledger.frameCount());
        }
        this.ledger = ledger;
        freeFrames = new int[ledger.frameCount()];
        for (int frame = firstFrame + frameCount - 1; frame >= firstFrame; frame--) {
            if (!ledger.move(frame, FrameLedger.FOREIGN, FrameLedger.POOL)) {
                throw new IllegalArgumentException("frame " + frame + " belongs to another pool of this ledger");
            }
            freeFrames[freeCount++] = frame;
        }
        firstBlockFrame = blockCount == 0 ? Integer.MAX_VALUE : firstFrame + frameCount;
        freeBlocks = new int[blockCount];
        awaited = new int[blockCount];
        ledger.blocksFrom(firstBlockFrame);
        for (int block = blockCount - 1; block >= 0; block--) {
            final int first = firstBlockFrame + block * FrameLedger.BLOCK_FRAMES;
            ledger.movePacket(first, FrameLedger.FOREIGN, FrameLedger.BLOCKS);
            freeBlocks[freeBlockCount++] = first;
        }
    }

    /**
     * Takes a free block.
     *
     * @param holder who holds its frames from now on.
     * @return the address of its first byte, or {@link #EMPTY}.
     */
    public long takeBlock(final int holder) {
        if (freeBlockCount == 0) {
            return EMPTY;
        }
        final int first = freeBlocks[--freeBlockCount];
        ledger.movePacket(first, FrameLedger.BLOCKS, holder);
        awaited[(first - firstBlockFrame) / FrameLedger.BLOCK_FRAMES] = FrameLedger.BLOCK_FRAMES;
        return Umem.addressOf(first);
    }

    /**
     * Gives back one frame of a block, or a single one: the block is free when all of its frames are back.
     *
     * @param address any address within the frame.
     * @param from who held it.
     * @return false if {@code from} did not hold it: then nothing changed but the ledger's violation count.
     */
    public boolean giveFrame(final long address, final int from) {
        final int frame = Umem.frameOf(address);
        if (frame < firstBlockFrame) {
            return give(address, from);
        }
        if (!ledger.move(frame, from, FrameLedger.BLOCKS)) {
            return false;
        }
        final int block = (frame - firstBlockFrame) / FrameLedger.BLOCK_FRAMES;
        if (--awaited[block] == 0) {
            freeBlocks[freeBlockCount++] = firstBlockFrame + block * FrameLedger.BLOCK_FRAMES;
        }
        return true;
    }

    private boolean giveBlock(final int frame, final int from) {
        final int first = ledger.firstOfBlock(frame);
        boolean given = true;
        for (int each = first; each < first + FrameLedger.BLOCK_FRAMES; each++) {
            given &= ledger.holderOf(each) != from || giveFrame(Umem.addressOf(each), from);
        }
        return given;
    }

    /**
     * Free blocks.
     *
     * @return how many can be taken.
     */
    public int freeBlockCount() {
        return freeBlockCount;
    }

    /**
     * Takes a free frame.
     *
     * @param holder who holds it from now on, as {@link FrameLedger} names them.
     * @return the address of its first byte, or {@link #EMPTY}.
     */
    public long take(final int holder) {
        if (freeCount == 0) {
            return EMPTY;
        }
        final int frame = freeFrames[--freeCount];
        ledger.move(frame, FrameLedger.POOL, holder);
        return Umem.addressOf(frame);
    }

    /**
     * Gives a packet's frame back, or what the giver holds of its block.
     *
     * @param address any address within the frame; within the region, which the caller has checked.
     * @param from who held it.
     * @return false if {@code from} did not hold it: then nothing changed but the ledger's violation count.
     */
    public boolean give(final long address, final int from) {
        final int frame = Umem.frameOf(address);
        if (frame >= firstBlockFrame) {
            return giveBlock(frame, from);
        }
        if (!ledger.move(frame, from, FrameLedger.POOL)) {
            return false;
        }
        freeFrames[freeCount++] = frame;
        return true;
    }

    /**
     * Takes every frame of a holder that is no more: a burst whose worker threw, a port whose interface has gone.
     * Walks the whole region; not for a burst cycle.
     *
     * @param from the holder.
     * @return frames recovered.
     */
    public int recover(final int from) {
        int recoveredCount = 0;
        for (int frame = 0; frame < ledger.frameCount() && ledger.count(from) > 0; frame++) {
            if (ledger.holderOf(frame) == from) {
                give(Umem.addressOf(frame), from);
                recoveredCount++;
            }
        }
        return recoveredCount;
    }

    /**
     * Free frames.
     *
     * @return how many can be taken.
     */
    public int freeCount() {
        return freeCount;
    }

    /**
     * The ledger that this pool moves frames in.
     *
     * @return the worker's ledger.
     */
    public FrameLedger ledger() {
        return ledger;
    }
}

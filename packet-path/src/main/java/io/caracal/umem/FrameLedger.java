package io.caracal.umem;

import java.util.Arrays;

/**
 * Who holds each frame of a UMEM: the pool, the burst, a stage, one of the ports' kernel sides, or nobody here.
 *
 * <p>The law of frames: free + in burst + held + fill outstanding + tx outstanding + foreign = all frames. The sum
 * holds by construction, because a frame only ever moves from one holder to another; what the ledger buys is that
 * every move names the holder it takes the frame from. A frame that comes back twice, or from a side that never had it
 * (kernels of 6.6 to 6.16 publish completions too early, see {@code 30f241fcf52a}), is refused and counted instead of
 * being handed to two packets. After a worker's failure the ledger tells which frames nobody holds any more.</p>
 *
 * <p>Belongs to one worker; only that worker's thread may call, except {@link #violationCount()}. Frames of the region
 * that belong to other workers are {@link #FOREIGN}. One byte a frame; a move is two byte accesses and two
 * counters.</p>
 */
public final class FrameLedger {
    /** Holder: free, on the {@link FramePool}'s stack. */
    public static final int POOL = 0;
    /** Holder: a row of the worker's burst. */
    public static final int BURST = 1;
    /** Holder: a stage that keeps the packet for later. */
    public static final int HELD = 2;
    /** Holder: another worker of the same region. */
    public static final int FOREIGN = 3;
    /** Holder: a free block of {@link FramePool}, or one that has not come back whole. */
    public static final int BLOCKS = 4;
    /** Frames of a block, next to each other: room for a packet of 9000 bytes with headroom. */
    public static final int BLOCK_FRAMES = 3;
    /** Ports a ledger can tell apart: two holders each must fit a byte beside the five fixed ones. */
    public static final int MAX_PORTS = 60;

    private static final int FIRST_PORT_HOLDER = 5;

    private final byte[] holders;
    private final int[] tallies = new int[FIRST_PORT_HOLDER + 2 * MAX_PORTS];
    private final boolean[] portInUse = new boolean[MAX_PORTS];
    /** From here on frames belong to blocks. */
    private int firstBlockFrame = Integer.MAX_VALUE;
    private volatile long violationCount;

    /**
     * Makes a ledger in which every frame is foreign; a {@link FramePool} claims its share.
     *
     * @param frameCount frames of the whole region.
     */
    public FrameLedger(final int frameCount) {
        if (frameCount < 1) {
            throw new IllegalArgumentException("frameCount must be at least 1: " + frameCount);
        }
        holders = new byte[frameCount];
        Arrays.fill(holders, (byte)FOREIGN);
        tallies[FOREIGN] = frameCount;
    }

    /**
     * The holder "in the fill ring of a port, or being received into".
     *
     * @param port number from {@link #addPort()}.
     * @return the holder.
     */
    public static int fillOf(final int port) {
        return FIRST_PORT_HOLDER + 2 * port;
    }

    /**
     * The holder "in the transmit ring of a port, or not completed yet".
     *
     * @param port number from {@link #addPort()}.
     * @return the holder.
     */
    public static int txOf(final int port) {
        return FIRST_PORT_HOLDER + 2 * port + 1;
    }

    /**
     * Numbers a new port.
     *
     * @return its number, to be given back by {@link #removePort}.
     * @throws IllegalStateException if {@link #MAX_PORTS} are in use.
     */
    public int addPort() {
        for (int port = 0; port < MAX_PORTS; port++) {
            if (!portInUse[port]) {
                portInUse[port] = true;
                return port;
            }
        }
        throw new IllegalStateException("a ledger tells at most " + MAX_PORTS + " ports apart: close one first");
    }

    /**
     * Forgets a port, which must hold no frame any more.
     *
     * @param port its number.
     * @throws IllegalStateException if frames would be lost by that.
     */
    public void removePort(final int port) {
        if (tallies[fillOf(port)] != 0 || tallies[txOf(port)] != 0) {
            throw new IllegalStateException("port " + port + " still holds frames: " + this);
        }
        portInUse[port] = false;
    }

    /**
     * Moves a frame from one holder to another.
     *
     * @param frame its number, {@code 0 .. frameCount() - 1}.
     * @param from who must hold it now.
     * @param to who holds it then.
     * @return false, with nothing changed and a violation counted, if somebody else holds it.
     */
    public boolean move(final int frame, final int from, final int to) {
        final byte[] byFrame = holders;
        if (byFrame[frame] != from) {
            countViolation();
            return false;
        }
        byFrame[frame] = (byte)to;
        tallies[from]--;
        tallies[to]++;
        return true;
    }

    /** Says that the frames from here on are those of blocks. By the pool, before anything moves. */
    void blocksFrom(final int frame) {
        firstBlockFrame = frame;
    }

    /**
     * Whether a packet's frame is one of a block, so that the packet may go on in the next frame.
     *
     * @param frame its number.
     * @return true for a block.
     */
    public boolean isOfBlock(final int frame) {
        return frame >= firstBlockFrame;
    }

    /**
     * How many frames a packet has that begins in a frame.
     *
     * @param frame its number.
     * @return 1, or {@link #BLOCK_FRAMES}.
     */
    public int framesOf(final int frame) {
        return frame >= firstBlockFrame ? BLOCK_FRAMES : 1;
    }

    /**
     * Moves a packet's frame, or all frames of its block, from one holder to another.
     *
     * @param frame in which the packet begins.
     * @param from who must hold all of it now.
     * @param to who holds it then.
     * @return false if somebody else held some of it; that is a violation, and counted.
     */
    public boolean movePacket(final int frame, final int from, final int to) {
        if (frame < firstBlockFrame) {
            return move(frame, from, to);
        }
        final int first = firstOfBlock(frame);
        boolean moved = true;
        for (int each = first; each < first + BLOCK_FRAMES; each++) {
            moved &= move(each, from, to);
        }
        return moved;
    }

    /**
     * Whether the region has blocks.
     *
     * @return false where every packet fits a frame.
     */
    public boolean hasBlocks() {
        return firstBlockFrame != Integer.MAX_VALUE;
    }

    /**
     * The first frame of the block that a frame is of.
     *
     * @param frame one of a block.
     * @return its number.
     */
    public int firstOfBlock(final int frame) {
        return frame - (frame - firstBlockFrame) % BLOCK_FRAMES;
    }

    /** Counts a breach of the law that somebody else found, such as an address outside the region. */
    @SuppressWarnings("NonAtomicOperationOnVolatileField")
    public void countViolation() {
        /* The worker's thread is the only writer; volatile so that status can read it. */
        violationCount = violationCount + 1;
    }

    /**
     * Breaches of the law since the start: refused moves and addresses that are none. Any thread.
     *
     * @return 0 as long as the engine and the kernel are right.
     */
    public long violationCount() {
        return violationCount;
    }

    /**
     * How many frames a holder has.
     *
     * @param holder one of the constants, {@link #fillOf} or {@link #txOf}.
     * @return frames.
     */
    public int count(final int holder) {
        return tallies[holder];
    }

    /**
     * How many frames all ports together have.
     *
     * @return frames in fill and transmit rings, or with the kernel.
     */
    public int outstandingCount() {
        int frameCount = 0;
        for (int holder = FIRST_PORT_HOLDER; holder < tallies.length; holder++) {
            frameCount += tallies[holder];
        }
        return frameCount;
    }

    /**
     * Who holds a frame.
     *
     * @param frame its number.
     * @return the holder.
     */
    public int holderOf(final int frame) {
        return holders[frame];
    }

    /**
     * Frames of the whole region.
     *
     * @return the count that all holders' counts add up to.
     */
    public int frameCount() {
        return holders.length;
    }

    /**
     * Recounts every frame by walking the region: the slow truth beside the running tallies.
     *
     * @return whether each tally is what the walk counts.
     */
    public boolean isBalanced() {
        final int[] recount = new int[tallies.length];
        for (final byte holder : holders) {
            recount[holder]++;
        }
        return Arrays.equals(recount, tallies);
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder()
            .append("frames ").append(holders.length)
            .append(" = pool ").append(tallies[POOL])
            .append(" + burst ").append(tallies[BURST])
            .append(" + held ").append(tallies[HELD])
            .append(" + foreign ").append(tallies[FOREIGN])
            .append(" + blocks ").append(tallies[BLOCKS]);
        for (int port = 0; port < MAX_PORTS; port++) {
            if (portInUse[port]) {
                text.append(" + port").append(port)
                    .append(" (fill ").append(tallies[fillOf(port)])
                    .append(", tx ").append(tallies[txOf(port)]).append(')');
            }
        }
        return text.append("; violations ").append(violationCount).toString();
    }
}

package io.caracal.port;

import io.caracal.bindings.AfXdp;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.xsk.CompletionRing;
import io.caracal.xsk.FillRing;
import io.caracal.xsk.RingDriver;
import io.caracal.xsk.RxRing;
import io.caracal.xsk.TxRing;
import io.caracal.xsk.XskRings;

/**
 * A port over four rings: of an AF_XDP socket, or of a {@link LoopbackPort}.
 *
 * <p>Belongs to one worker; the worker's thread calls everything (see {@link PacketPort}), any thread may read
 * {@link #counters()}. Owns its driver and closes it. Every frame that crosses it moves in the ledger, so a descriptor
 * or completion that the kernel should not have given is counted and otherwise ignored.</p>
 *
 * <p>An interface that is down (ENETDOWN) is asked again at {@link #housekeep()}; one that has gone (ENXIO) is final:
 * what was received is still delivered, then all frames come back.</p>
 */
public final class XskPort implements PacketPort {
    /** Frames moved at once between pool and rings; a burst, so that a port keeps pace with itself. */
    private static final int BATCH_FRAMES = PacketBurst.MAX_PACKETS;
    /**
     * Missing frames before the fill ring is topped up: each top-up writes a line that the kernel reads, so not for
     * every packet; a quarter of a tiny ring, or it would never be filled.
     */
    private static final int REFILL_MIN_FRAMES = 16;
    /** Packets that one transmit call takes in copy mode unless asked otherwise (TX_BATCH_SIZE, net/xdp/xsk.c). */
    private static final int KERNEL_TX_BATCH = 32;

    private final PortSpec spec;
    private final FillRing fill;
    private final CompletionRing completion;
    private final RxRing rx;
    private final TxRing tx;
    private final RingDriver driver;
    private final FramePool pool;
    private final FrameLedger ledger;
    private final PortLink link;
    private final CounterBlock counters;
    private final int portNumber;
    private final int fillHolder;
    private final int txHolder;
    private final JumboPieces pieces;
    private boolean isPolling;
    private boolean inContinuation;
    private final int refillMinFrames;
    private final int wakeupsPerKick;
    private long fillSubmittedCount;
    private long rxReceivedCount;
    private long txSubmittedCount;
    private long txCompletedCount;
    private boolean fillUntold;
    private boolean recovered;

    /**
     * Makes a port; gives no frame away yet.
     *
     * @param spec what it is for.
     * @param rings the socket's rings.
     * @param driver the other side of the rings; closed by this port.
     * @param pool the worker's free frames.
     */
    public XskPort(final PortSpec spec, final XskRings rings, final RingDriver driver, final FramePool pool) {
        this.spec = spec;
        this.driver = driver;
        this.pool = pool;
        fill = rings.fill();
        completion = rings.completion();
        rx = rings.rx();
        tx = rings.tx();
        ledger = pool.ledger();
        counters = CounterBlock.allocate(PortCounter.values().length);
        link = new PortLink(counters);
        portNumber = ledger.addPort();
        fillHolder = FrameLedger.fillOf(portNumber);
        txHolder = FrameLedger.txOf(portNumber);
        refillMinFrames = Math.max(1, Math.min(REFILL_MIN_FRAMES, fill.depth() / 4));
        /* A device without a queue drops one packet a call (EBUSY), a full ring goes in kernel batches. */
        pieces = new JumboPieces(pool, tx, txHolder, spec.maxPacketLength());
        wakeupsPerKick = PacketBurst.MAX_PACKETS + tx.depth() / KERNEL_TX_BATCH;
    }

    @Override
    public int reclaim() {
        if (link.isGone()) {
            return recoverFromGoneLink();
        }
        if (ledger.count(txHolder) == 0) {
            return 0;
        }
        final int count = completion.peek(BATCH_FRAMES);
        int reclaimedCount = 0;
        for (int entry = 0; entry < count; entry++) {
            if (takeCompleted(completion.address(entry))) {
                reclaimedCount++;
            }
        }
        if (count > 0) {
            completion.release(count);
            txCompletedCount += reclaimedCount;
        }
        return reclaimedCount;
    }

    private boolean takeCompleted(final long address) {
        if (isOutside(address)) {
            ledger.countViolation();
        } else if (pool.giveFrame(address, txHolder)) {
            return true;
        }
        counters.add(PortCounter.COMPLETION_INVALID.ordinal(), 1);
        return false;
    }

    @Override
    public int refill() {
        final int missingCount = fill.depth() - ledger.count(fillHolder);
        if (missingCount < refillMinFrames || link.isGone()) {
            return 0;
        }
        final int count = fill.reserve(fill.room(Math.min(Math.min(missingCount, BATCH_FRAMES), pool.freeCount())));
        if (count == 0) {
            if (pool.freeCount() == 0) {
                counters.add(PortCounter.POOL_EMPTY.ordinal(), 1);
            }
            return 0;
        }
        for (int entry = 0; entry < count; entry++) {
            fill.putAddress(entry, pool.take(fillHolder));
        }
        fill.submit(count);
        fillSubmittedCount += count;
        fillUntold = true;
        return count;
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        final int roomCount = PacketBurst.MAX_PACKETS - burst.count;
        int count = rx.peek(roomCount);
        if (count == 0 && isPolling && roomCount > 0 && link.isUp()) {
            count = pollDevice(roomCount);
        }
        if (count == 0) {
            return 0;
        }
        int receivedCount = 0;
        for (int entry = 0; entry < count; entry++) {
            final long address = rx.address(entry);
            if (takeReceived(address)) {
                addRow(burst, address, rx.length(entry), rx.options(entry));
                receivedCount++;
            }
        }
        rx.release(count);
        rxReceivedCount += receivedCount;
        return receivedCount;
    }

    /** The same cycle takes what comes; what came before was taken first, so that a full ring is not asked for more. */
    private int pollDevice(final int roomCount) {
        counters.add(PortCounter.BUSY_POLLS.ordinal(), 1);
        if (!driver.pollDevice()) {
            link.probed(driver.wakeTransmit());
        }
        return rx.peek(roomCount);
    }

    private boolean takeReceived(final long address) {
        if (isOutside(address)) {
            ledger.countViolation();
        } else if (ledger.move(Umem.frameOf(address), fillHolder, FrameLedger.BURST)) {
            return true;
        }
        counters.add(PortCounter.RX_DESCRIPTOR_INVALID.ordinal(), 1);
        return false;
    }

    private void addRow(final PacketBurst burst, final long address, final int length, final int options) {
        if (ledger.hasBlocks() && (options == AfXdp.XDP_PKT_CONTD || options == 0 && pieces.isOpen())) {
            pieces.add(burst, address, length, options);
            return;
        }
        final int row = burst.count;
        burst.add(address, length);
        /* Without blocks sockets are bound without XDP_USE_SG, so a packet is one descriptor. */
        if (options != 0 || inContinuation || isNotInFrame(address, length)) {
            burst.drop(row, DropReason.RX_DESCRIPTOR_INVALID);
            inContinuation = (options & AfXdp.XDP_PKT_CONTD) != 0;
        }
    }

    @Override
    public int txBurst(final PacketBurst burst) {
        final int wantedCount = burst.count + JumboPieces.moreDescriptors(burst, ledger);
        final int reservedCount = link.isUp() ? tx.reserve(tx.room(wantedCount)) : 0;
        int takenCount = 0;
        for (int row = 0; row < burst.count; row++) {
            if (burst.verdict(row) != Verdict.TRANSMIT
                || !spec.serves(burst.egressAction(row), burst.egressIfindex(row))) {
                continue;
            }
            final boolean isBlock = ledger.isOfBlock(Umem.frameOf(burst.frameAddress(row)));
            if (takenCount + (isBlock ? JumboPieces.count(burst, row) : 1) > reservedCount) {
                burst.drop(row, link.refusal());
            } else if (isBlock) {
                takenCount = pieces.send(burst, row, takenCount);
            } else if (isSendable(burst, row)) {
                tx.putDescriptor(takenCount, burst.frameAddress(row), burst.length(row), 0);
                burst.verdict(row, Verdict.SENT);
                takenCount++;
            }
        }
        tx.cancel(reservedCount - takenCount);
        if (takenCount > 0) {
            tx.submit(takenCount);
            txSubmittedCount += takenCount;
        }
        return takenCount;
    }

    /** Drops the row with its reason unless it is sendable; if it is, its frame is the transmit side's then. */
    private boolean isSendable(final PacketBurst burst, final int row) {
        final long address = burst.frameAddress(row);
        final int length = burst.length(row);
        if (length > spec.maxPacketLength()) {
            burst.drop(row, DropReason.PACKET_TOO_BIG);
        } else if (isOutside(address) || isNotInFrame(address, length)
            || !ledger.move(Umem.frameOf(address), FrameLedger.BURST, txHolder)) {
            burst.drop(row, DropReason.TX_DESCRIPTOR_INVALID);
        } else {
            return true;
        }
        return false;
    }

    @Override
    public int kick() {
        if (!link.isUp()) {
            return 0;
        }
        if (fillUntold) {
            fillUntold = false;
            if (fill.needsWakeup()) {
                driver.wakeFill();
            }
        }
        return ledger.count(txHolder) > 0 ? drainTransmitRing() : 0;
    }

    /** NB: while a device is polled nobody but a call has it send, whatever the flag says. */
    private int drainTransmitRing() {
        int pendingCount = tx.pendingCount();
        for (int call = 0; pendingCount > 0 && call < wakeupsPerKick && (isPolling || tx.needsWakeup()); call++) {
            counters.add(PortCounter.TX_WAKEUPS.ordinal(), 1);
            final int errno = driver.wakeTransmit();
            final int leftCount = tx.pendingCount();
            /* Without progress another call would only spin: the next cycle tries again. */
            if (!link.mayGoOn(errno) || leftCount == pendingCount) {
                return leftCount;
            }
            pendingCount = leftCount;
        }
        return pendingCount;
    }

    @Override
    public void housekeep() {
        if (!link.isGone()) {
            link.probed(driver.wakeTransmit());
        }
    }

    @Override
    public boolean isGone() {
        return link.isGone();
    }

    @Override
    public int pollFd() {
        return driver.pollFd();
    }

    @Override
    public int miscountedFrames() {
        return Math.abs((int)(fillSubmittedCount - rxReceivedCount) - ledger.count(fillHolder))
            + Math.abs((int)(txSubmittedCount - txCompletedCount) - ledger.count(txHolder));
    }

    private int recoverFromGoneLink() {
        if (recovered || rx.availableCount() > 0) {
            return 0;
        }
        recovered = true;
        final int count = recoverFrames();
        counters.add(PortCounter.FRAMES_RECOVERED.ordinal(), count);
        return count;
    }

    private int recoverFrames() {
        pieces.abandon();
        final int count = pool.recover(fillHolder) + pool.recover(txHolder);
        fillSubmittedCount = rxReceivedCount;
        txSubmittedCount = txCompletedCount;
        return count;
    }

    /**
     * Has this port ask its device for packets from now on, whenever the receive ring is empty. The worker's thread.
     */
    public void beginPolling() {
        isPolling = true;
    }

    /**
     * What this port counts. Any thread.
     *
     * @return one counter per {@link PortCounter}, by its ordinal.
     */
    public CounterBlock counters() {
        return counters;
    }

    /**
     * What this port is for.
     *
     * @return as given.
     */
    public PortSpec spec() {
        return spec;
    }

    /**
     * This port's number in the ledger.
     *
     * @return for {@link FrameLedger#fillOf} and {@link FrameLedger#txOf}.
     */
    public int portNumber() {
        return portNumber;
    }

    @Override
    public void close() {
        driver.close();
        recoverFrames();
        ledger.removePort(portNumber);
    }

    private boolean isOutside(final long address) {
        return address < 0 || address >= Umem.addressOf(ledger.frameCount());
    }

    private static boolean isNotInFrame(final long address, final int length) {
        return length <= 0 || length > Umem.bytesToFrameEnd(address);
    }

    @Override
    public String toString() {
        return spec.name();
    }
}

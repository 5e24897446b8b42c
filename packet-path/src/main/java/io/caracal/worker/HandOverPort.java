package io.caracal.worker;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.PacketFlags;
import io.caracal.burst.Verdict;
import io.caracal.port.PacketPort;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A worker's port to all other workers: rows that {@link HandOverStage} sends {@link EgressAction#TO_WORKER} go into
 * the lane of that worker, and what others offer becomes rows. The taker copies a packet into a frame of its own, since
 * each worker's sockets know only that worker's memory, and gives the other frame back at once; it comes home with the
 * giver's next cycle. The worker's thread, as {@link PacketPort} says.
 *
 * <p>What leaves by an uplink that has fewer queues than there are workers goes the same way to a worker that has one
 * ({@link #relay}), and from there at once to the uplink.</p>
 *
 * <p>A full lane drops ({@link DropReason#HAND_OVER_FULL}): the owner has more to do than it can. A worker that sleeps
 * is woken by the {@link SleepGate}'s rule, once a burst.</p>
 */
public final class HandOverPort implements PacketPort {
    /** Where a row is copied to in its frame: as the kernel leaves room for headers in front of a received packet. */
    private static final int HEADROOM = Umem.RX_HEADROOM;
    private static final int FROM_UPLINK = 1 << 31;
    private static final int DECAPSULATED = 1 << 30;
    /** The chain of the giver has done its work: the packet leaves by an uplink that only the taker has. */
    private static final int LEAVES = 1 << 29;
    private static final int IFINDEX_MASK = LEAVES - 1;
    private static final int NOBODY = -1;

    private final int worker;
    private final HandOverWorkers workers;
    private final FramePool pool;
    private final FrameLedger ledger;
    private final int portNumber;
    private final int txHolder;
    /** Rows of the latest burst that came out of a tunnel before they came here: a bit each. */
    private long decapsulatedRows;
    private final boolean[] mustWake;
    /** Frames that other workers have. */
    private int underWayCount;
    /** Uplinks without a queue for this worker, and who sends on them. */
    private int[] relayIfindex = {};
    private int[] relayWorker = {};

    /**
     * Makes the port of one worker.
     *
     * @param worker its number.
     * @param workers all of them, with the lanes between.
     * @param pool its free frames.
     */
    public HandOverPort(final int worker, final HandOverWorkers workers, final FramePool pool) {
        this.worker = worker;
        this.workers = workers;
        this.pool = pool;
        ledger = pool.ledger();
        portNumber = ledger.addPort();
        txHolder = FrameLedger.txOf(portNumber);
        mustWake = new boolean[workers.count()];
    }

    /**
     * Has packets for an uplink sent by another worker, which has a queue of it. The worker's thread, by a command.
     *
     * @param ifindex the uplink.
     * @param by number of that worker; its own, to forget the uplink.
     */
    public void relay(final int ifindex, final int by) {
        int kept = 0;
        final int[] indexes = Arrays.copyOf(relayIfindex, relayIfindex.length + 1);
        final int[] owners = Arrays.copyOf(relayWorker, relayWorker.length + 1);
        for (int entry = 0; entry < relayIfindex.length; entry++) {
            if (relayIfindex[entry] != ifindex) {
                indexes[kept] = relayIfindex[entry];
                owners[kept++] = relayWorker[entry];
            }
        }
        if (by != worker) {
            indexes[kept] = ifindex;
            owners[kept++] = by;
        }
        relayIfindex = Arrays.copyOf(indexes, kept);
        relayWorker = Arrays.copyOf(owners, kept);
    }

    /** This port's number in the ledger. */
    int portNumber() {
        return portNumber;
    }

    /** Rows of the latest burst that are inner packets of a tunnel. */
    long decapsulatedRows() {
        return decapsulatedRows;
    }

    @Override
    public int reclaim() {
        if (underWayCount == 0) {
            return 0;
        }
        int reclaimedCount = 0;
        for (int other = 0; other < mustWake.length; other++) {
            if (other != worker) {
                reclaimedCount += reclaim(workers.lane(worker, other));
            }
        }
        return reclaimedCount;
    }

    private int reclaim(final HandOverLane lane) {
        final int count = lane.returnedCount(PacketBurst.MAX_PACKETS);
        for (int index = 0; index < count; index++) {
            underWayCount -= ledger.framesOf(Umem.frameOf(lane.returned(index)));
            pool.give(lane.returned(index), txHolder);
        }
        lane.forgetReturned(count);
        return count;
    }

    /** Nothing is received into frames that lie ready: the taker takes one when it copies. */
    @Override
    public int refill() {
        return 0;
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        decapsulatedRows = 0;
        int receivedCount = 0;
        for (int other = 0; other < mustWake.length; other++) {
            if (other != worker) {
                receivedCount += take(burst, workers.lane(other, worker), workers.memory(other));
            }
        }
        return receivedCount;
    }

    private int take(final PacketBurst burst, final HandOverLane lane, final UnsafeBuffer memory) {
        final int offeredCount = lane.offeredCount(PacketBurst.MAX_PACKETS - burst.count);
        int takenCount = 0;
        while (takenCount < offeredCount && copy(burst, lane, memory, takenCount)) {
            takenCount++;
        }
        lane.leave(offeredCount - takenCount);
        if (takenCount > 0) {
            lane.giveBack(takenCount);
        }
        return takenCount;
    }

    private boolean copy(final PacketBurst burst, final HandOverLane lane, final UnsafeBuffer memory,
        final int index) {
        final int length = lane.length(index);
        final long frame = length > Umem.MAX_PACKET_LENGTH
            ? pool.takeBlock(FrameLedger.BURST) : pool.take(FrameLedger.BURST);
        if (frame == FramePool.EMPTY) {
            return false;
        }
        final int note = lane.note(index);
        final int row = burst.count;
        final long address = frame + HEADROOM;
        burst.umem().putBytes((int)address, memory, (int)lane.address(index), length);
        burst.add(address, length);
        if ((note & LEAVES) != 0) {
            burst.transmit(row, EgressAction.TO_UPLINK, note & IFINDEX_MASK);
        } else if ((note & FROM_UPLINK) != 0) {
            burst.direction(row, Direction.FROM_UPLINK);
            burst.ingressIfindex(row, note & IFINDEX_MASK);
            decapsulatedRows |= (note & DECAPSULATED) == 0 ? 0 : 1L << row;
        }
        return true;
    }

    @Override
    public int txBurst(final PacketBurst burst) {
        int takenCount = 0;
        for (int row = 0; row < burst.count; row++) {
            final int owner = burst.verdict(row) == Verdict.TRANSMIT ? owner(burst, row) : NOBODY;
            if (owner != NOBODY && give(burst, row, owner)) {
                takenCount++;
            }
        }
        return takenCount;
    }

    /** To which worker a row goes. */
    private int owner(final PacketBurst burst, final int row) {
        if (burst.egressAction(row) == EgressAction.TO_WORKER) {
            return burst.egressIfindex(row);
        }
        if (burst.egressAction(row) == EgressAction.TO_UPLINK) {
            for (int entry = 0; entry < relayIfindex.length; entry++) {
                if (relayIfindex[entry] == burst.egressIfindex(row)) {
                    return relayWorker[entry];
                }
            }
        }
        return NOBODY;
    }

    private static int note(final PacketBurst burst, final int row) {
        if (burst.egressAction(row) == EgressAction.TO_UPLINK) {
            return LEAVES | burst.egressIfindex(row);
        }
        final int ifindex = burst.ingressIfindex(row) & IFINDEX_MASK;
        if (burst.direction(row) != Direction.FROM_UPLINK) {
            return ifindex;
        }
        return FROM_UPLINK | ifindex | ((burst.flags(row) & PacketFlags.DECAPSULATED) == 0 ? 0 : DECAPSULATED);
    }

    private boolean give(final PacketBurst burst, final int row, final int owner) {
        final int frame = Umem.frameOf(burst.frameAddress(row));
        if (!ledger.movePacket(frame, FrameLedger.BURST, txHolder)) {
            burst.drop(row, DropReason.TX_DESCRIPTOR_INVALID);
            return false;
        }
        final HandOverLane lane = workers.lane(worker, owner);
        if (!lane.offer(burst.frameAddress(row), burst.length(row), note(burst, row))) {
            ledger.movePacket(frame, txHolder, FrameLedger.BURST);
            burst.drop(row, DropReason.HAND_OVER_FULL);
            return false;
        }
        underWayCount += ledger.framesOf(frame);
        burst.verdict(row, Verdict.SENT);
        /* The taker counts it as what it is. */
        burst.egressAction(row, EgressAction.TO_WORKER);
        mustWake[owner] = true;
        return true;
    }

    @Override
    public int kick() {
        for (int other = 0; other < mustWake.length; other++) {
            if (mustWake[other]) {
                mustWake[other] = false;
                workers.wake(other);
            }
        }
        return 0;
    }

    @Override
    public boolean hasWaiting() {
        for (int other = 0; other < mustWake.length; other++) {
            if (other != worker && workers.lane(other, worker).hasOffered()) {
                return true;
            }
        }
        return false;
    }

    /** Other workers are no interface that could vanish. */
    @Override
    public void housekeep() {
        assert underWayCount == ledger.count(txHolder);
    }

    @Override
    public boolean isGone() {
        return false;
    }

    /** Who gives wakes the worker itself. */
    @Override
    public int pollFd() {
        return WOKEN_BY_OTHERS;
    }

    @Override
    public int miscountedFrames() {
        return Math.abs(underWayCount - ledger.count(txHolder));
    }

    /** Ends it; what others have not taken yet is lost with them, its frames come back. */
    @Override
    public void close() {
        pool.recover(txHolder);
        underWayCount = 0;
        ledger.removePort(portNumber);
    }

    @Override
    public String toString() {
        return "hand-over of worker " + worker;
    }
}

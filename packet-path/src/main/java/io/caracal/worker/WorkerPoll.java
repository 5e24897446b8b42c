package io.caracal.worker;

import io.caracal.bindings.CallState;
import io.caracal.bindings.CycleCalls;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;
import io.caracal.port.PacketPort;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a worker sleeps in: {@code poll(2)} on the sockets of its ports and on an eventfd by which others wake it.
 * The worker's thread, but for {@link #wake()}. Owns the eventfd.
 */
final class WorkerPoll implements AutoCloseable {
    /** {@code struct pollfd}: int fd, short events, short revents. */
    private static final int POLLFD_SIZE = 8;
    private static final int EVENTS_OFFSET = 4;
    private static final int REVENTS_OFFSET = 6;
    private static final int EVENT_SIZE = 8;
    /**
     * A port that cannot be polled, or packets that wait for a device that pushes back, are looked after this often.
     */
    private static final int UNPOLLABLE_TIMEOUT_MS = 1;

    /** What a writer adds to an eventfd. */
    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1);

    private final PacketWorker worker;
    private final int timeoutMs;
    private final Fd eventFd = Fd.eventfd();
    private final MemorySegment event = Arena.ofAuto().allocate(EVENT_SIZE, EVENT_SIZE);
    private MemorySegment pollFds = MemorySegment.NULL;
    private int pollFdCount;
    private boolean everyPortPollable;
    private int portsVersion = -1;

    WorkerPoll(final PacketWorker worker, final int timeoutMs) {
        this.worker = worker;
        this.timeoutMs = timeoutMs;
    }

    /**
     * Sleeps until a packet or a command comes, or the time is over. NB: the kernel also transmits what is in rings.
     */
    void sleep() {
        if (portsVersion != worker.portsVersion()) {
            collectPorts();
        }
        final boolean longSleep = everyPortPollable && worker.transmitWaitingCount() == 0;
        final int ready = CycleCalls.poll(pollFds.address(), pollFdCount,
            longSleep ? Math.min(timeoutMs, worker.sleepMaxMs()) : UNPOLLABLE_TIMEOUT_MS);
        /* Errors (EINTR) end the sleep early, which is harmless. */
        if (ready > 0 && pollFds.get(ValueLayout.JAVA_SHORT, REVENTS_OFFSET) != 0) {
            CycleCalls.read(eventFd.number(), event.address(), EVENT_SIZE);
        }
    }

    /** Allocates, but only when ports were added or removed. */
    private void collectPorts() {
        final PacketPort[] ports = worker.ports();
        pollFds = pollFds(Arena.ofAuto(), ports.length + 1);
        pollFdCount = 0;
        everyPortPollable = true;
        addPollFd(eventFd.number());
        for (final PacketPort port : ports) {
            if (port.pollFd() == PacketPort.WOKEN_BY_OTHERS) {
                continue;
            }
            if (port.pollFd() < 0) {
                everyPortPollable = false;
            } else {
                addPollFd(port.pollFd());
            }
        }
        portsVersion = worker.portsVersion();
    }

    private void addPollFd(final int fd) {
        putPollFd(pollFds, pollFdCount++, fd);
    }

    /** Room for so many {@code struct pollfd}. */
    static MemorySegment pollFds(final Arena arena, final int count) {
        return arena.allocate((long)POLLFD_SIZE * count, EVENT_SIZE);
    }

    /** Enters a descriptor to be waited for until it is readable. */
    static void putPollFd(final MemorySegment pollFds, final int index, final int fd) {
        final long offset = (long)POLLFD_SIZE * index;
        pollFds.set(ValueLayout.JAVA_INT, offset, fd);
        pollFds.set(ValueLayout.JAVA_SHORT, offset + EVENTS_OFFSET, (short)Posix.POLLIN);
    }

    /** Ends a sleep. Any thread; locks and makes garbage, so not for another worker's cycle. */
    synchronized void wake() {
        if (eventFd.isClosed()) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            LibC.write(new CallState(), eventFd.number(), one, EVENT_SIZE);
        }
    }

    /**
     * The same from another worker's cycle, which neither locks nor makes garbage. All workers that may call it have
     * ended before this is closed ({@link WorkerThread#end}).
     */
    void ring() {
        CycleCalls.write(eventFd.number(), ONE.address(), EVENT_SIZE);
    }

    @Override
    public synchronized void close() {
        eventFd.close();
    }
}

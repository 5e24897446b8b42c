package io.caracal.worker;

import io.caracal.bindings.CallState;
import io.caracal.bindings.CycleCalls;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Makes the system calls of a burst cycle and of a worker's sleep on a descriptor on which they do nothing, until the
 * just-in-time compiler has seen enough of them: before that each takes microseconds. Any thread; the memory and the
 * descriptor are given back.
 */
public final class SystemCallWarmup {
    /** The engine's optimising compiler takes a method after 15,000 calls (Tier4InvocationThreshold). */
    public static final int CALL_COUNT = 20_000;
    private static final int EVENT_SIZE = 8;

    private SystemCallWarmup() {
    }

    /**
     * Makes the calls; a few hundredths of a second.
     *
     * @param callCount how often each; {@link #CALL_COUNT} suffices.
     * @throws IllegalStateException if a call does something after all.
     */
    public static void run(final int callCount) {
        runPlain(callCount);
        final CallState state = new CallState();
        try (Fd eventFd = Fd.eventfd()) {
            for (int n = 0; n < callCount; n++) {
                require(!CycleCalls.kickTransmit(state, eventFd.number()) && state.errno() == Errno.ENOTSOCK,
                    "sendto with errno", state);
            }
        }
    }

    /**
     * Makes those calls alone that every cycle makes: the one that asks why a kick has failed is of a signature of its
     * own, which takes a hundredth of a second to link.
     *
     * @param callCount how often each.
     * @throws IllegalStateException if a call does something after all.
     */
    public static void runPlain(final int callCount) {
        try (Arena arena = Arena.ofConfined(); Fd eventFd = Fd.eventfd()) {
            final CallState state = new CallState();
            final MemorySegment pollFd = WorkerPoll.pollFds(arena, 1);
            WorkerPoll.putPollFd(pollFd, 0, eventFd.number());
            final MemorySegment event = arena.allocate(EVENT_SIZE, EVENT_SIZE);
            for (int n = 0; n < callCount; n++) {
                callOnce(state, eventFd.number(), pollFd, event);
            }
        }
    }

    private static void callOnce(final CallState state, final int fd, final MemorySegment pollFd,
                                 final MemorySegment event) {
        require(CycleCalls.poll(pollFd.address(), 1, 0) == 0, "poll", state);
        require(CycleCalls.read(fd, event.address(), EVENT_SIZE) < 0, "read", state);
        require(!CycleCalls.kickTransmit(fd), "sendto", state);
        require(!CycleCalls.kickFill(fd), "recvfrom", state);
    }

    private static void require(final boolean expected, final String call, final CallState state) {
        if (!expected) {
            throw new IllegalStateException(call + " of an eventfd that nobody writes: " + Errno.name(state.errno()));
        }
    }
}

package io.caracal.port;

import io.caracal.bindings.Errno;
import io.caracal.burst.DropReason;

/** What a port knows of its interface from the errors of its system calls: up, down for now, or gone for good. */
final class PortLink {
    private static final int UP = 0;
    private static final int DOWN = 1;
    private static final int GONE = 2;

    private final CounterBlock counters;
    private int state = UP;

    PortLink(final CounterBlock counters) {
        this.counters = counters;
    }

    boolean isUp() {
        return state == UP;
    }

    boolean isGone() {
        return state == GONE;
    }

    /** Why a row cannot be taken when there is no room for it. */
    DropReason refusal() {
        return switch (state) {
            case DOWN -> DropReason.TX_INTERFACE_DOWN;
            case GONE -> DropReason.TX_INTERFACE_GONE;
            default -> DropReason.TX_RING_FULL;
        };
    }

    /** Counts the outcome of a transmit call; tells whether another call makes sense if this one made progress. */
    boolean mayGoOn(final int errno) {
        switch (errno) {
            case 0, Errno.EINTR -> {
                return true;
            }
            case Errno.EAGAIN -> counters.add(PortCounter.TX_PUSHED_BACK.ordinal(), 1);
            case Errno.EBUSY -> counters.add(PortCounter.TX_DEVICE_DROPPED.ordinal(), 1);
            case Errno.ENOBUFS -> counters.add(PortCounter.TX_MEMORY_SHORT.ordinal(), 1);
            case Errno.ENETDOWN, Errno.ENXIO -> lost(errno);
            default -> counters.add(PortCounter.TX_FAILED.ordinal(), 1);
        }
        return state == UP;
    }

    /** Takes the outcome of a call that was made only to see whether the interface is there. */
    void probed(final int errno) {
        if (errno == Errno.ENETDOWN || errno == Errno.ENXIO) {
            lost(errno);
        } else {
            state = UP;
        }
    }

    private void lost(final int errno) {
        final int lostState = errno == Errno.ENXIO ? GONE : DOWN;
        if (state != lostState) {
            state = lostState;
            counters.add((lostState == GONE ? PortCounter.LINK_GONE : PortCounter.LINK_DOWN).ordinal(), 1);
        }
    }
}

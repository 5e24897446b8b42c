package io.caracal.perf.forward;

import io.caracal.burst.PacketBurst;
import io.caracal.port.DecoratedPort;
import io.caracal.port.PacketPort;

/**
 * A port whose receptions are counted and whose kicks are timed, so that what the kernel takes can be told from what
 * Java takes. Belongs to the worker's thread.
 */
final class ObservedPort extends DecoratedPort {
    private boolean timed;
    private long receivedCount;
    private long kickNs;

    ObservedPort(final PacketPort delegate) {
        super(delegate);
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        final int count = super.rxBurst(burst);
        receivedCount += count;
        return count;
    }

    @Override
    public int kick() {
        if (!timed) {
            return super.kick();
        }
        final long startNs = System.nanoTime();
        final int workCount = super.kick();
        kickNs += System.nanoTime() - startNs;
        return workCount;
    }

    /** Forgets what was observed, and looks at the clock from now on or not. */
    void reset(final boolean isTimed) {
        timed = isTimed;
        receivedCount = 0;
        kickNs = 0;
    }

    /** Packets received since the reset. */
    long receivedCount() {
        return receivedCount;
    }

    /** Time in kicks since the reset, if they are timed. */
    long kickNs() {
        return kickNs;
    }
}

package io.caracal.route;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Hands {@link ForwardingTables} from the control thread to the workers. One thread publishes; any number read, once
 * per burst. A reader sees a whole snapshot, the latest or the one before it.
 */
public final class ForwardingPublisher {
    private final AtomicReference<ForwardingTables> current = new AtomicReference<>(ForwardingTables.EMPTY);

    /** Makes a publisher whose current snapshot is {@link ForwardingTables#EMPTY}. */
    public ForwardingPublisher() {
    }

    /**
     * Makes a snapshot the current one. A burst that has read the one before finishes with that.
     *
     * @param tables the next snapshot.
     */
    public void publish(final ForwardingTables tables) {
        current.setRelease(tables);
    }

    /**
     * The current snapshot.
     *
     * @return never null.
     */
    public ForwardingTables current() {
        return current.getAcquire();
    }
}

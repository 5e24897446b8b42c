package io.caracal.stage;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Hands tables from the control thread to the workers. One thread publishes; any number read. A reader sees a whole
 * table, the latest or the one before it, never a mixture: the table is immutable and its reference is stored with
 * release and loaded with acquire order.
 */
public final class WorkloadTablePublisher {
    private final AtomicReference<WorkloadTable> current = new AtomicReference<>(WorkloadTable.EMPTY);

    /** Makes a publisher whose current table is {@link WorkloadTable#EMPTY}: every packet's interface is unknown. */
    public WorkloadTablePublisher() {
    }

    /**
     * Makes a table the current one. A burst that has read the one before finishes with that.
     *
     * @param table the next table.
     */
    public void publish(final WorkloadTable table) {
        current.setRelease(table);
    }

    /**
     * The current table, to be read once per burst.
     *
     * @return never null.
     */
    public WorkloadTable current() {
        return current.getAcquire();
    }
}

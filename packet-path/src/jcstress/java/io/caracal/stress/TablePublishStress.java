package io.caracal.stress;

import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A table built by one thread and looked into by a worker: the one before or the new one, whole. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "the worker still has the table before")
@Outcome(id = "7, 1", expect = Expect.ACCEPTABLE, desc = "the worker has the new table, with all that is in it")
@Outcome(expect = Expect.FORBIDDEN, desc = "the worker sees a table that is not finished")
@State
public class TablePublishStress {
    private static final int ADDRESS = 0x0a41_0002;

    private final WorkloadTablePublisher publisher = new WorkloadTablePublisher();

    @Actor
    public void control() {
        publisher.publish(new WorkloadTable.Builder().put(Workload.of(7, "10.65.0.2")).build());
    }

    @Actor
    public void worker(final II_Result result) {
        final WorkloadTable table = publisher.current();
        result.r1 = table.ipv4Ifindex(ADDRESS);
        result.r2 = table.workload(7) == null ? 0 : 1;
    }
}

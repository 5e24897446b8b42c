package io.caracal.perf;

import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.FlowTableConfig;
import io.caracal.conntrack.Ipv4Burst;
import io.caracal.conntrack.Ipv4FlowSpec;
import io.caracal.conntrack.Ipv4FlowTable;
import io.caracal.wire.IpProtocol;
import java.io.IOException;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A full flow table and a burst for it, as JMH benchmarks share them. */
@State(Scope.Thread)
public class ConntrackFlows {
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    /** Flows in the table. */
    @Param({"1000", "1000000"})
    public int flows;

    private final Ipv4Burst burst = new Ipv4Burst();
    private FlowImage image;
    private Ipv4FlowTable table;
    private long random = 88172645463325252L;

    /** JMH makes it. */
    public ConntrackFlows() {
    }

    /**
     * Fills the table.
     *
     * @throws IOException if its file cannot be made.
     */
    @Setup(Level.Trial)
    public void setUp() throws IOException {
        image = MemoryFlowImage.open(4, flows);
        table = Ipv4FlowTable.open(image, new FlowTableConfig(ConntrackTimeouts.DEFAULTS, 16, 42),
            FlowRemovalListener.NONE, 1);
        table.populate();
        final Ipv4FlowSpec spec = new Ipv4FlowSpec();
        for (int flow = 0; flow < flows; flow++) {
            spec.reset(addresses(flow), ports(flow), IpProtocol.UDP);
            spec.state = FlowState.UNREPLIED;
            spec.nowMs = 1;
            table.create(spec);
        }
    }

    /** Frees the table. */
    @TearDown(Level.Trial)
    public void tearDown() {
        table.close();
        image.close();
    }

    private static long addresses(final long flow) {
        return (flow + 1) * SPREAD >>> 32 << 32 | 0x0a010000 | flow & 0xffff;
    }

    private static int ports(final long flow) {
        return (int)((flow + 1) * SPREAD);
    }

    long lookup(final long first) {
        burst.count = 0;
        for (int i = 0; i < ConntrackLookupBenchmark.BURST; i++) {
            random ^= random << 13;
            random ^= random >>> 7;
            random ^= random << 17;
            final long flow = first + ((random >>> 32) * flows >>> 32);
            burst.add(addresses(flow), ports(flow), IpProtocol.UDP);
        }
        long sum = table.lookup(burst);
        for (int i = 0; i < ConntrackLookupBenchmark.BURST; i++) {
            sum += burst.found[i];
        }
        return sum;
    }
}

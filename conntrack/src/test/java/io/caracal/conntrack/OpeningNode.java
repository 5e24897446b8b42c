package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import org.junit.jupiter.api.BeforeEach;

/** A node with a kernel that opens connections by kinds which it was told, and what a test wants to know of both. */
abstract class OpeningNode extends OffloadingNode {
    static final int LENGTH = 60;
    /** Records of more connections than this are not made in one go. */
    static final int BUDGET = 32;
    static final int RULES = 7 + 8;
    static final int CYCLES = 100;
    static final TrackedNode.Policy ANY_PORT = (burst, row, conntrack) -> {
        TrackedNode.ALLOW.judge(burst, row, conntrack);
        conntrack.approvals().isOfAnyPort[row] = true;
    };

    @BeforeEach
    void openNode() {
        open(TrackedNode.config(1000), new MemoryOffload(1024));
    }

    @Override
    void open(final ConntrackConfig config, final MemoryOffload next) {
        super.open(config, next);
        node.policy = ANY_PORT;
    }

    /** A process that comes after this one: it finds what is new in the table, the list is begun anew. */
    void restart() {
        kernel.opened.clear();
        kernel.kinds.clear();
        kernel.epoch++;
        reopen(TrackedNode.config(1000), kernel);
    }

    static byte[] syn(final int port) {
        return tcp(true, port, SYN, 100, 0);
    }

    static byte[] synTo(final int destination, final int port) {
        return IpPackets.ipv4(IpProtocol.TCP, POD_IPV4, destination, IpPackets.tcp(port, 80, SYN, 100, 0));
    }

    static Ipv6Tuple tuple(final int source, final int destination, final int port) {
        final Ipv6Tuple tuple = new Ipv6Tuple();
        tuple.sourceLow = source & 0xffff_ffffL;
        tuple.destinationLow = destination & 0xffff_ffffL;
        tuple.ports = port << 16 | 80;
        return tuple;
    }

    static Ipv6Tuple toPeer(final int port) {
        return tuple(POD_IPV4, PEER_IPV4, port);
    }

    /** What the program does with the first packet of a connection to the peer. */
    boolean opens(final int port) {
        return kernel.open(POD, toPeer(port), LENGTH, node.nowNs);
    }

    /** Has the kernel know the kind, by a connection that Java lets through. */
    void learn() {
        assertEquals("new", node.send(POD, syn(1)));
        assertEquals(1, kernel.kinds.size());
    }

    /** The kind of a connection that the host's stack sends on to the peer. */
    void learnBackend() {
        assertEquals("new", node.begin().forwarded(POD, PEER, syn(1)).run().outcome(0));
        assertEquals("pass 12 mtu " + Integer.MAX_VALUE + " by 13 outwards", way(onlyKind().way()));
        assertEquals("host 0 mtu " + Integer.MAX_VALUE + " by 13", way(onlyKind().reply()));
    }

    void learnAndOpen(final int count) {
        learn();
        for (int port = 1000; port < 1000 + count; port++) {
            assertTrue(opens(port), "port " + port);
        }
    }

    /** The same of one IPv6 connection. */
    Ipv6Tuple learnAndOpenIpv6() {
        node.policy = (burst, row, conntrack) -> {
            ANY_PORT.judge(burst, row, conntrack);
            burst.route(row, RouteTarget.localWorkload(PEER, 0).word());
        };
        assertEquals("new", node.send(POD, IpPackets.ipv6(IpProtocol.TCP, 1, 9, IpPackets.tcp(1, 80, SYN, 100, 0))));
        final Ipv6Tuple tuple = tuple(1, 9, 1000);
        tuple.sourceHigh = 0xfd00L << 48;
        tuple.destinationHigh = 0xfd00L << 48;
        assertTrue(kernel.open(POD, tuple, LENGTH, node.nowNs));
        return tuple;
    }

    MemoryOffload.Held entry(final boolean toPeer, final int port) {
        return entry(toPeer, IpProtocol.TCP, port, 80);
    }

    /** What the program does with a packet that finds its entry. */
    void pass(final boolean toPeer, final int port, final int seen) {
        pass(entry(toPeer, port), seen, 1);
    }

    /** Lets the worker look at what the kernel has opened until now. */
    void look() {
        node.advanceMs(OpenedFlows.WAIT_MS);
        node.idle();
        node.advanceMs(OpenedFlows.WAIT_MS);
        for (int cycle = 0; cycle < CYCLES && kernel.hasOpened(); cycle++) {
            node.idle();
        }
    }

    FlowSnapshot recordOf(final Ipv6Tuple tuple) {
        return recordOf(node.conntrack.ipv4Table(), tuple);
    }

    static FlowSnapshot recordOf(final FlowTable table, final Ipv6Tuple tuple) {
        final int found = table.findTuple(tuple, IpProtocol.TCP);
        if (found == FlowTable.MISS) {
            return null;
        }
        final FlowSnapshot snapshot = new FlowSnapshot();
        snapshot.take(table.record(found >> 1), table.account(found >> 1), table.ipVersion());
        return snapshot;
    }

    String stateOf(final int port) {
        final FlowSnapshot record = recordOf(toPeer(port));
        return record == null ? "none" : FlowState.name(record.state);
    }

    static String ends(final FlowSnapshot record) {
        return record.sourceIfindex + " generation " + record.sourceGeneration + " rule " + record.sourceRule + ", "
            + record.destinationIfindex + " generation " + record.destinationGeneration + " rule "
            + record.destinationRule + ((record.flags & FlowFlags.THROUGH_HOST) != 0 ? ", through the host" : "")
            + ((record.flags & FlowFlags.APPROVED) == FlowFlags.APPROVED ? "" : ", unapproved");
    }

    static String way(final MemoryOffload.Held held) {
        return switch (held.action) {
            case FlowOffload.TO_WORKLOAD -> "pod ";
            case FlowOffload.TO_DEVICE -> "device ";
            case FlowOffload.TO_HOST -> "host ";
            default -> "pass ";
        } + held.targetIfindex + " mtu " + held.mtu + " by " + (held.ingressIfindex & ~OUT)
            + (held.ingressIfindex < 0 ? " outwards" : "");
    }

    MemoryOffload.Kind onlyKind() {
        assertEquals(1, kernel.kinds.size());
        return kernel.kinds.getFirst();
    }

    /** Each entry is of a record, or will be looked at. */
    void assertNoLeak() {
        assertEquals(2 * (node.count(ConntrackCounter.OFFLOADED_FLOWS) + kernel.opened.size()), kernel.usedCount());
    }

    void assertOpened(final int byKernel, final int refused) {
        look();
        assertEquals(byKernel, node.count(ConntrackCounter.OPENED_BY_KERNEL));
        assertEquals(refused, node.count(ConntrackCounter.OPENED_REFUSED));
        assertFalse(kernel.hasOpened());
        assertNoLeak();
    }

    static ForwardingTables tables(final int kind, final int device, final int mtu, final int podMtu,
        final int podFlags) {
        final ForwardingOptions old = ForwardingOptions.DEFAULT;
        return new ForwardingTables(new RouteTable.Builder()
            .put("192.0.2.0/24", kind == RouteKind.SERVICE ? RouteTarget.of(kind) : RouteTarget.via(kind, 1, 0))
            .put("10.0.0.0/24", RouteTarget.localWorkload(POD, podFlags)).build(),
            new NextHopTable.Builder().put(1, new NextHop.Device(device, mtu)).build(), VtepTable.EMPTY,
            new ForwardingOptions(podMtu, old.errorIpv4Source(), old.errorIpv6Source(), old.forbiddenVxlanPort(),
                false, false, old.nodePorts()));
    }

    /** Where 192.0.2.0/24 is. */
    void leadTo(final int kind, final int device) {
        node.forwarding.publish(tables(kind, device, 1450, 1500, 0));
    }

    void limitPods(final int mtu) {
        node.forwarding.publish(tables(RouteKind.REMOTE_WORKLOAD, OVERLAY, 1450, mtu, 0));
    }

    void publish(final boolean isPodThere, final boolean isPeerThere) {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        if (isPodThere) {
            builder.put(Workload.of(POD, "10.0.0.1", "fd00::1"));
        }
        if (isPeerThere) {
            builder.put(Workload.of(PEER, "10.0.0.9", "fd00::9"));
        }
        node.workloads.publish(builder.build());
        kernel.epoch++;
    }
}

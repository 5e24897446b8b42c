package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTuple;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;

/**
 * A node of which everything is known: who is where, what policy allows and what is translated; and what must hold of
 * each entry in the cache then.
 */
abstract class OffloadModel extends OffloadingNode {
    /** Addresses of pods: here, on another node behind one of two devices, or nowhere. */
    static final int PODS = 7;
    static final int REMOTE = 2;
    /** The address behind them is a service's. */
    static final int SERVICE = PODS;
    /** And one is nobody's in the cluster. */
    static final int OUTSIDE = PODS + 1;
    /** Addresses that nobody asks for. */
    static final int FORMER = 100;
    static final int NODE = 0xc0000201;
    static final int FIRST_DEVICE = 40;
    static final int UPLINK = FIRST_DEVICE + 2;
    static final int ADDRESS = 0x0a000100;

    boolean rechecks;
    /** The interface of each address, 0 for none. */
    final int[] ifindexOf = new int[PODS + 1];
    /** The interface that had each address before, and has another one now; 0 for none. */
    final int[] formerOf = new int[PODS];
    /** The device that leads to each address which is on another node, 0 for none. */
    final int[] deviceOf = new int[PODS + 1];
    final boolean[][] allowed = new boolean[PODS][PODS];
    boolean masquerades;
    int generationMin;
    int inForceSum;
    int translatedSum;
    /** What happens now. */
    String event;
    private NatBindings bindings;

    void open(final MemoryOffload next) {
        final ConntrackConfig config = TrackedNode.config(200);
        open(new ConntrackConfig(200, 200, 64, 200, config.evictionIdle(), config.timeouts(), config.tcp(), true,
            rechecks ? EstablishedFlows.RECHECK : EstablishedFlows.KEEP), next);
        bindings = node.conntrack.openNat(new NatConfig(NODE, Ipv6Text.parse("2001:db8::1"), 60_000, 60_999, 0, 1,
            false), NatBindingListener.NONE);
    }

    void publish() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        for (int pod = 0; pod < PODS; pod++) {
            if (ifindexOf[pod] != 0) {
                builder.put(Workload.of(ifindexOf[pod], Ipv4Address.format(ADDRESS + pod)));
            }
            if (formerOf[pod] != 0) {
                builder.put(Workload.of(formerOf[pod], Ipv4Address.format(ADDRESS + FORMER + pod)));
            }
        }
        node.workloads.publish(builder.build());
        final RouteTable.Builder routes = new RouteTable.Builder();
        routes.putIpv4(ADDRESS + SERVICE, 32, RouteTarget.of(RouteKind.SERVICE));
        routes.putIpv4(ADDRESS + OUTSIDE, 32, RouteTarget.via(RouteKind.OUTSIDE, UPLINK - FIRST_DEVICE + 1, 0));
        final int podFlags = masquerades ? RouteFlags.NAT_OUTGOING : 0;
        for (int pod = 0; pod < PODS; pod++) {
            if (ifindexOf[pod] != 0) {
                routes.putIpv4(ADDRESS + pod, 32, RouteTarget.localWorkload(ifindexOf[pod], podFlags));
            } else if (deviceOf[pod] != 0) {
                routes.putIpv4(ADDRESS + pod, 32,
                    RouteTarget.via(RouteKind.REMOTE_WORKLOAD, deviceOf[pod] - FIRST_DEVICE + 1, 0));
            }
        }
        final ForwardingTables tables = new ForwardingTables(routes.build(), new NextHopTable.Builder()
            .put(1, new NextHop.Device(FIRST_DEVICE, 1450)).put(2, new NextHop.Device(FIRST_DEVICE + 1, 1500))
            .put(3, new NextHop.Direct(new NextHop.Link(UPLINK, 1, 2, 1500))).build(),
            VtepTable.EMPTY, ForwardingOptions.DEFAULT);
        node.forwarding.publish(tables);
    }

    void review() {
        while (!node.conntrack.reviewOffload(node.forwarding.current(), 3)) {
            node.idle();
        }
    }

    /** The host's stack sends it on to a pod here. */
    void deliver(final int origin, final int to, final byte[] packet) {
        if (ifindexOf[to] != 0) {
            node.begin().forwarded(origin, ifindexOf[to], packet).run();
        }
    }

    /** The stage that translates stands behind those of connection tracking. */
    void bindOutside(final int pod, final int port) {
        final NatTuple tuple = new NatTuple();
        tuple.setIpv4(ADDRESS + pod, ADDRESS + OUTSIDE);
        tuple.protocol = IpProtocol.UDP;
        tuple.sourcePort = port;
        tuple.destinationPort = 53;
        bindings.bind(tuple, node.nowNs);
    }

    /** Some rules look at the source's port. */
    static boolean isOfAnyPort(final int source, final int destination) {
        return source != destination + 2;
    }

    /** Of the connection that the kernel has just opened. */
    void checkOpened(final int source, final int destination) {
        final String where = "opened: " + event;
        final MemoryOffload.Held held = kernel.slots[kernel.opened.getLast()];
        assertTrue(source < PODS && ifindexOf[source] != 0, where);
        assertTrue(destination == SERVICE || allowed[source][destination], where);
        assertTrue(isOfAnyPort(source, destination), where);
        assertTrue(isInForce(held), where);
        final int back = checkWay(held, source, destination, where);
        final MemoryOffload.Held answer = kernel.slots[held.other];
        assertEquals(back, answer.ingressIfindex, where);
        checkWay(answer, destination, source, where);
    }

    /** Whether an entry is as it would be today; returns the interface in the key of its other half. */
    int checkWay(final MemoryOffload.Held held, final int source, final int destination, final String where) {
        switch (held.action) {
            case FlowOffload.TO_HOST -> {
                assertEquals(placeOf(source), held.ingressIfindex, where);
                assertTrue(destination == SERVICE || ifindexOf[destination] != 0, where);
                return placeOf(source) | FlowOffload.EGRESS;
            }
            case FlowOffload.PASS -> {
                assertEquals(placeOf(destination) | FlowOffload.EGRESS, held.ingressIfindex, where);
                assertEquals(source == SERVICE ? FlowOffload.ANY_INTERFACE : ifindexOf[source], held.targetIfindex,
                    where);
                return placeOf(destination);
            }
            default -> {
                assertEquals(placeOf(source), held.ingressIfindex, where);
                assertEquals(placeOf(destination), held.targetIfindex, where);
                assertEquals(destination == OUTSIDE || ifindexOf[destination] == 0 ? FlowOffload.TO_DEVICE
                    : FlowOffload.TO_WORKLOAD, held.action, where);
                assertEquals(held.targetIfindex == FIRST_DEVICE ? 1450 : 1500, held.mtu, where);
                return held.targetIfindex;
            }
        }
    }

    /** The interface that the address is behind. */
    int placeOf(final int pod) {
        return pod == OUTSIDE ? UPLINK : ifindexOf[pod] == 0 ? deviceOf[pod] : ifindexOf[pod];
    }

    /** What the program would act on. */
    boolean isInForce(final MemoryOffload.Held held) {
        return held.generation - generationMin >= 0;
    }

    /** What the answers find, with the address that they are sent to. */
    private MemoryOffload.Held otherHalf(final MemoryOffload.Held held, final int ifindex, final boolean isAnswer) {
        translatedSum += held.isTranslated ? 1 : 0;
        final long from = held.tuple.destinationLow;
        final int ports = Integer.rotateLeft(held.tuple.ports, 16);
        if (!held.isTranslated) {
            return kernel.find(ifindex, held.protocol, from, held.tuple.sourceLow, ports);
        }
        if (isAnswer) {
            return kernel.find(ifindex, held.protocol, held.natAddress & 0xffff_ffffL, held.tuple.sourceLow,
                held.natPort << 16 | ports & 0xffff);
        }
        assertEquals(NODE, held.natAddress);
        return kernel.find(ifindex, held.protocol, from, NODE & 0xffff_ffffL, ports & ~0xffff | held.natPort);
    }

    void check(final int step) {
        final String where = "step " + step + ": " + event;
        int firsts = 0;
        int answers = 0;
        for (final MemoryOffload.Held held : kernel.slots) {
            if (held == null) {
                continue;
            }
            firsts += held.flow == MemoryOffload.OPENED ? 1 : 0;
            answers += held.flow == MemoryOffload.OPENED_REPLY ? 1 : 0;
            final int direction = directionOf(held, where);
            if (isInForce(held)) {
                checkInForce(held, direction, where);
            }
        }
        assertEquals(kernel.opened.stream().filter(kernel::isOpened).distinct().count(), firsts, where);
        assertEquals(firsts, answers, where);
        assertEquals(2 * (node.count(ConntrackCounter.OFFLOADED_FLOWS) + firsts), kernel.usedCount(), where);
    }

    /** The direction of an entry in its flow, which has a record that agrees, unless the kernel has just opened it. */
    private int directionOf(final MemoryOffload.Held held, final String where) {
        if (held.flow < 0) {
            return held.flow == MemoryOffload.OPENED ? FlowTable.ORIGINAL : FlowTable.REPLY;
        }
        final int found = node.conntrack.ipv4Table().find(held.tuple.sourceLow << 32 | held.tuple.destinationLow,
            held.tuple.ports, held.protocol);
        assertTrue(found != FlowTable.MISS, where);
        assertEquals(found, held.flow >>> 2 << 1 | held.flow & 1, where);
        return found & 1;
    }

    private void checkInForce(final MemoryOffload.Held held, final int direction, final String where) {
        inForceSum++;
        final boolean isAnswer = held.isTranslated && held.tuple.destinationLow == (NODE & 0xffff_ffffL);
        final int source = (int)held.tuple.sourceLow - ADDRESS;
        final int destination = (isAnswer ? held.natAddress : (int)held.tuple.destinationLow) - ADDRESS;
        final int back = checkWay(held, source, destination, where);
        assertNotNull(otherHalf(held, back, isAnswer), where);
        if (source < SERVICE && destination == OUTSIDE && direction == FlowTable.ORIGINAL) {
            assertEquals(masquerades, held.isTranslated, where);
        }
        if (rechecks && source < SERVICE && destination < SERVICE) {
            assertTrue(direction == FlowTable.ORIGINAL ? allowed[source][destination] : allowed[destination][source],
                where + ": " + source + " to " + destination);
        }
    }
}

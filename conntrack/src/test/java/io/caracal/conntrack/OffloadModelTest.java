package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.TcpHeader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random interleavings of packets, of packets that only the kernel sees, of policy, route and endpoint changes and of
 * time, against an oracle of what may be in the cache: after each event every entry that is in force must be what today's
 * endpoints, addresses and (with recheck) policy would let through, in pairs, and of a flow that is there.
 */
class OffloadModelTest {
    private static final int PODS = 5;
    private static final int PORTS = 12;
    private static final int STEPS = 30_000;
    private static final int FIRST_IFINDEX = 100;
    private static final int ADDRESS = 0x0a000100;

    @TempDir
    Path directory;

    private SplittableRandom random;
    private MemoryOffload kernel;
    private TrackedNode node;
    private boolean rechecks;
    /** The interface of each address, 0 for none. */
    private final int[] ifindexOf = new int[PODS];
    private final boolean[][] allowed = new boolean[PODS][PODS];
    private int nextIfindex;
    private int generation;
    private int generationMin;
    private String event;
    private int inForceSum;

    @Test
    void shouldHoldNothingThatWouldNotPassToday() {
        run(true, "OffloadModelTest, recheck");
    }

    @Test
    void shouldHoldNothingOfOtherEndpointsWhereFlowsAreKept() {
        run(false, "OffloadModelTest, keep");
    }

    private void run(final boolean recheck, final String name) {
        random = TestSeed.random(name);
        rechecks = recheck;
        kernel = new MemoryOffload(64);
        nextIfindex = FIRST_IFINDEX;
        generation = 1;
        Arrays.setAll(ifindexOf, pod -> nextIfindex++);
        for (final boolean[] row : allowed) {
            Arrays.fill(row, true);
        }
        final ConntrackConfig config = TrackedNode.config(200);
        node = new TrackedNode(directory, new ConntrackConfig(200, 200, 64, 200, config.evictionIdle(),
            config.timeouts(), config.tcp(), true, recheck ? EstablishedFlows.RECHECK : EstablishedFlows.KEEP), kernel);
        try {
            node.policy = this::judge;
            publish();
            for (int step = 0; step < STEPS; step++) {
                act();
                check(step);
            }
            assertTrue(inForceSum > STEPS, "entries were in force, " + (double)inForceSum / STEPS + " at a time");
        } finally {
            node.close();
        }
    }

    private void judge(final PacketBurst burst, final int row, final Conntrack conntrack) {
        final int l3 = burst.offset(row) + burst.l3Offset[row];
        final int source = Ipv4Header.source(burst.umem(), l3) - ADDRESS;
        final int destination = Ipv4Header.destination(burst.umem(), l3) - ADDRESS;
        if (allowed[source][destination]) {
            conntrack.approvals().approveSource(row, generation, 1);
            conntrack.approvals().approveDestination(row, generation, 1);
        } else {
            burst.drop(row, DropReason.POLICY_DENY);
        }
    }

    private void publish() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        for (int pod = 0; pod < PODS; pod++) {
            if (ifindexOf[pod] != 0) {
                builder.put(Workload.of(ifindexOf[pod], Ipv4Address.format(ADDRESS + pod)));
            }
        }
        node.workloads.publish(builder.build());
    }

    private void act() {
        final int dice = random.nextInt(1000);
        if (dice < 600) {
            sendSomething();
        } else if (dice < 900) {
            passInTheKernel();
        } else if (dice < 940) {
            event = "time";
            node.advanceMs(1 << random.nextInt(16));
            node.idle();
        } else if (dice < 970) {
            changePolicy();
        } else if (dice < 985) {
            removeOrReturn(random.nextInt(PODS));
        } else {
            moveAddress(random.nextInt(PODS));
        }
    }

    private void sendSomething() {
        final int from = random.nextInt(PODS);
        final int to = (from + 1 + random.nextInt(PODS - 1)) % PODS;
        if (ifindexOf[from] == 0) {
            return;
        }
        final int port = 1000 + random.nextInt(PORTS);
        final boolean answers = random.nextBoolean();
        final int[] flags = {TcpHeader.SYN, TcpHeader.SYN | TcpHeader.ACK, TcpHeader.ACK, TcpHeader.ACK,
            TcpHeader.FIN | TcpHeader.ACK, TcpHeader.RST};
        final byte[] payload = random.nextBoolean()
            ? IpPackets.udp(answers ? 53 : port, answers ? port : 53, 4)
            : IpPackets.tcp(answers ? 80 : port, answers ? port : 80, flags[random.nextInt(flags.length)],
                random.nextInt(), random.nextInt());
        final int protocol = payload.length == 12 ? IpProtocol.UDP : IpProtocol.TCP;
        event = "packet " + from + " to " + to + " port " + port;
        node.send(ifindexOf[from], IpPackets.ipv4(protocol, ADDRESS + from, ADDRESS + to, payload));
    }

    private void passInTheKernel() {
        event = "kernel";
        for (int count = 0; count < 4; count++) {
            final MemoryOffload.Held held = kernel.slots[random.nextInt(kernel.slots.length)];
            if (held != null && isInForce(held)) {
                held.packets++;
                held.bytes += 40;
                held.seen |= 1 << random.nextInt(4);
                held.lastSeenNs = node.nowNs;
            }
        }
    }

    private void changePolicy() {
        event = "policy";
        allowed[random.nextInt(PODS)][random.nextInt(PODS)] ^= true;
        generation++;
        if (rechecks) {
            generationMin = generation;
            node.conntrack.policyGeneration(generation);
        }
    }

    private void removeOrReturn(final int pod) {
        event = "endpoint " + pod;
        final int gone = ifindexOf[pod];
        ifindexOf[pod] = gone == 0 ? nextIfindex++ : 0;
        publish();
        while (gone != 0 && node.conntrack.removeEndpoint(gone, 3) > 0) {
            node.idle();
        }
    }

    /** The address comes to another interface at once; the old one stays without it, and its flows are taken back. */
    private void moveAddress(final int pod) {
        event = "address of " + pod;
        final int before = ifindexOf[pod];
        if (before != 0) {
            ifindexOf[pod] = nextIfindex++;
            publish();
            while (!node.conntrack.withdrawEndpoint(before, 3)) {
                node.idle();
            }
        }
    }

    /** What the program would act on. */
    private boolean isInForce(final MemoryOffload.Held held) {
        return held.generation - generationMin >= 0;
    }

    private void check(final int step) {
        final String where = "step " + step + ": " + event;
        for (final MemoryOffload.Held held : kernel.slots) {
            if (held == null || !isInForce(held)) {
                continue;
            }
            inForceSum++;
            final int source = (int)held.tuple.sourceLow - ADDRESS;
            final int destination = (int)held.tuple.destinationLow - ADDRESS;
            assertEquals(ifindexOf[source], held.ingressIfindex, where);
            assertEquals(ifindexOf[destination], held.targetIfindex, where);
            assertNotNull(kernel.find(held.targetIfindex, held.protocol, held.tuple.destinationLow,
                held.tuple.sourceLow, Integer.rotateLeft(held.tuple.ports, 16)), where);
            final int found = node.conntrack.ipv4Table().find(held.tuple.sourceLow << 32 | held.tuple.destinationLow,
                held.tuple.ports, held.protocol);
            assertTrue(found != FlowTable.MISS, where);
            if (rechecks) {
                assertTrue((found & 1) == 0 ? allowed[source][destination] : allowed[destination][source],
                    where + ": " + source + " to " + destination);
            }
        }
        assertEquals(2 * node.count(ConntrackCounter.OFFLOADED_FLOWS), kernel.usedCount(), where);
    }
}

package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.TcpHeader;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random interleavings of packets, of packets that only the kernel sees, of connections that it opens alone, of policy,
 * route and endpoint changes, also within a cycle, and of time, against an oracle of what may be in the cache: after
 * each event every entry that is in force must be what today's endpoints, addresses and (with recheck) policy would let
 * through, in pairs, and of a flow that is there or will be. Of what the kernel opens the same must hold at once, by
 * whatever was acknowledged by then, and policy must have said that it needs not be asked.
 */
class OffloadModelTest extends OffloadModel {
    private static final int NOWHERE = -1;
    private static final int PORTS = 12;
    private static final int STEPS = 30_000;
    private static final int FIRST_IFINDEX = 100;

    private SplittableRandom random;
    private int nextIfindex;
    private int generation;
    private int openedSum;
    /** What the control thread wants of the worker, between two cycles. */
    private final ArrayDeque<Runnable> commands = new ArrayDeque<>();
    private int sourceInSight = NOWHERE;
    private int destinationInSight = NOWHERE;
    /** Within a change: something is published that the kernel does not know of yet. */
    private boolean isChanging;
    /** Others connect meanwhile: what the kernel does not open is for a later cycle, and not sent here. */
    private boolean isWithinCycle;

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
        nextIfindex = FIRST_IFINDEX;
        generation = 1;
        Arrays.setAll(ifindexOf, pod -> pod < REMOTE || pod == SERVICE ? 0 : nextIfindex++);
        Arrays.setAll(deviceOf, pod -> pod < REMOTE ? FIRST_DEVICE : 0);
        for (final boolean[] row : allowed) {
            Arrays.fill(row, true);
        }
        open(new MemoryOffload(128));
        node.policy = this::judge;
        event = "begin";
        change(this::publish, this::review);
        for (int step = 0; step < STEPS; step++) {
            act();
            lookAt(NOWHERE, NOWHERE);
            while (!commands.isEmpty()) {
                commands.removeFirst().run();
            }
            check(step);
        }
        assertMuchHasHappened();
    }

    private void assertMuchHasHappened() {
        final long adopted = node.count(ConntrackCounter.OPENED_BY_KERNEL);
        assertTrue(openedSum > STEPS / 100, "the kernel has opened connections, " + openedSum);
        final long closed = node.count(ConntrackCounter.OPENED_AND_CLOSED);
        assertTrue(adopted > openedSum / 2 && adopted + closed < openedSum,
            "most have become records, " + adopted + " of " + openedSum);
        assertTrue(closed > openedSum / 50, "some were over before, " + closed + " of " + openedSum);
        assertTrue(translatedSum > STEPS / 100, "entries with another address were in force, " + translatedSum);
        assertTrue(inForceSum > STEPS, "entries were in force, " + (double)inForceSum / STEPS + " at a time");
    }

    private void judge(final PacketBurst burst, final int row, final Conntrack conntrack) {
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int source = Ipv4Header.source(burst.umem(), l3) - ADDRESS;
        final int destination = Ipv4Header.destination(burst.umem(), l3) - ADDRESS;
        if (source >= SERVICE || destination >= SERVICE || allowed[source][destination]) {
            conntrack.approvals().approveSource(row, generation, 1);
            conntrack.approvals().approveDestination(row, generation, 1);
            conntrack.approvals().isOfAnyPort[row] = isOfAnyPort(source, destination);
        } else {
            burst.drop(row, DropReason.POLICY_DENY);
        }
        if (!isChanging && random.nextInt(8) == 0) {
            lookAt(source, destination);
            interfere();
            lookAt(NOWHERE, NOWHERE);
        }
    }

    /** What comes next shall rather be about these two. */
    private void lookAt(final int source, final int destination) {
        sourceInSight = source >= 0 && source < PODS ? source : NOWHERE;
        destinationInSight = destination >= 0 && destination < PODS ? destination : NOWHERE;
    }

    private void lookAtEither(final int pod) {
        lookAt(random.nextBoolean() ? pod : sourceInSight, random.nextBoolean() ? pod : destinationInSight);
    }

    private int somePod(final int inSight) {
        return inSight != NOWHERE && random.nextInt(4) != 0 ? inSight : random.nextInt(PODS);
    }

    private int eitherPod() {
        return somePod(random.nextBoolean() ? sourceInSight : destinationInSight);
    }

    /** What others do while the worker is within a cycle. */
    private void interfere() {
        final String cycle = event;
        final boolean wasWithinCycle = isWithinCycle;
        isWithinCycle = true;
        if (random.nextInt(3) == 0) {
            changeSomething(random.nextInt(8));
        } else {
            connect();
        }
        isWithinCycle = wasWithinCycle;
        event = cycle + ", meanwhile " + event;
    }

    /** In the order that the control thread keeps: what is old may come in until the kernel knows. */
    private void change(final Runnable publication, final Runnable command) {
        final String what = event;
        isChanging = true;
        if (random.nextBoolean()) {
            connect();
        }
        publication.run();
        if (random.nextBoolean()) {
            connect();
        }
        kernel.epoch++;
        isChanging = false;
        if (isWithinCycle) {
            connect();
        }
        commands.add(command);
        event = what;
    }

    private void act() {
        final int dice = random.nextInt(1000);
        if (dice < 500) {
            sendSomething();
        } else if (dice < 600) {
            talkToTheOutside(random.nextInt(PODS));
        } else if (dice < 800) {
            passInTheKernel();
        } else if (dice < 900) {
            connect();
        } else if (dice < 940) {
            event = "time";
            node.advanceMs(1 << random.nextInt(16));
            node.idle();
        } else if (dice < 970) {
            changePolicy();
        } else {
            changeSomething(3 + random.nextInt(5));
        }
    }

    private void changeSomething(final int what) {
        switch (what) {
            case 0, 1, 2 -> changePolicy();
            case 3, 4 -> removeOrReturn(eitherPod());
            case 5 -> changeRoute(eitherPod());
            case 6 -> moveAddress(eitherPod());
            default -> {
                event = "pool";
                masquerades ^= random.nextInt(3) == 0;
                change(this::publish, this::review);
            }
        }
    }

    /** First packets of connections of a kind; Java sees those that the kernel does not open. */
    private void connect() {
        final int from = somePod(sourceInSight);
        final int other = somePod(destinationInSight);
        final int to = random.nextInt(5) == 0 ? SERVICE : other == from ? (from + 1) % PODS : other;
        final boolean isForwarded = random.nextInt(4) == 0;
        if (ifindexOf[from] == 0 || isForwarded && (to == SERVICE || placeOf(to) == 0)) {
            event = "nobody to connect";
            return;
        }
        final int first = random.nextInt(PORTS);
        for (int count = 0; count < 4; count++) {
            final int ports = 1000 + (first + count) % PORTS << 16 | 80;
            event = (isForwarded ? "forwarded connection " : "connection ") + from + " to " + to + " port "
                + (ports >>> 16);
            final int key = isForwarded ? placeOf(to) | FlowOffload.EGRESS : ifindexOf[from];
            if (ifindexOf[from] != 0 && (key & ~FlowOffload.EGRESS) != 0 && !opens(key, from, to, ports)
                && !isWithinCycle) {
                open(from, to, ports, isForwarded);
            }
        }
    }

    private void open(final int from, final int to, final int ports, final boolean isForwarded) {
        final byte[] packet = IpPackets.ipv4(IpProtocol.TCP, ADDRESS + from, ADDRESS + to,
            IpPackets.tcp(ports >>> 16, 80, TcpHeader.SYN, random.nextInt(), 0));
        isWithinCycle = true;
        if (!isForwarded) {
            node.send(ifindexOf[from], packet);
        } else if (ifindexOf[to] != 0) {
            node.begin().forwarded(ifindexOf[from], ifindexOf[to], packet).run();
        } else {
            node.begin().toUplink(packet).run();
        }
        isWithinCycle = false;
    }

    /** Whether the kernel opens a connection alone, which nobody may have forbidden then. */
    private boolean opens(final int key, final int source, final int destination, final int ports) {
        final Ipv6Tuple tuple = new Ipv6Tuple();
        tuple.sourceLow = ADDRESS + source;
        tuple.destinationLow = ADDRESS + destination;
        tuple.ports = ports;
        if (!kernel.open(key, tuple, 40, node.nowNs)) {
            return false;
        }
        openedSum++;
        if (!isChanging) {
            checkOpened(source, destination);
        }
        return true;
    }

    private void sendSomething() {
        final int from = random.nextInt(PODS);
        final int to = random.nextInt(5) == 0 ? SERVICE : (from + 1 + random.nextInt(PODS - 1)) % PODS;
        if (to != SERVICE && ifindexOf[from] == 0 && deviceOf[from] == 0
            || ifindexOf[from] == 0 && ifindexOf[to] == 0) {
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
        final boolean isSyn = protocol == IpProtocol.TCP && payload[13] == TcpHeader.SYN;
        final int ports = answers ? 80 << 16 | port : port << 16 | 80;
        final boolean isForwarded = random.nextInt(4) == 0;
        event = (isForwarded ? "forwarded packet " : "packet ") + from + " to " + to + " port " + port;
        if (to == SERVICE && isForwarded) {
            assertFalse(isSyn && ifindexOf[from] != 0 && opens(ifindexOf[from] | FlowOffload.EGRESS, to, from, ports));
            deliver(0, from, IpPackets.ipv4(protocol, ADDRESS + to, ADDRESS + from, payload));
            return;
        }
        if (isSyn && opens(isForwarded && ifindexOf[from] != 0 ? placeOf(to) | FlowOffload.EGRESS : placeOf(from),
            from, to, ports)) {
            return;
        }
        final byte[] packet = IpPackets.ipv4(protocol, ADDRESS + from, ADDRESS + to, payload);
        if (ifindexOf[from] == 0) {
            if (to != SERVICE) {
                node.begin().fromUplink(packet).run();
            }
        } else if (!isForwarded) {
            node.send(ifindexOf[from], packet);
        } else if (ifindexOf[to] != 0) {
            deliver(ifindexOf[from], to, packet);
        } else {
            node.begin().toUplink(packet).run();
        }
    }

    /** A datagram; what comes from outside has been translated back by the stage before. */
    private void talkToTheOutside(final int pod) {
        final int port = 1000 + random.nextInt(PORTS);
        if (ifindexOf[pod] == 0) {
            return;
        }
        if (random.nextBoolean()) {
            event = "from outside to " + pod + " port " + port;
            node.begin().fromUplink(IpPackets.ipv4(IpProtocol.UDP, ADDRESS + OUTSIDE, ADDRESS + pod,
                IpPackets.udp(53, port, 4))).run();
            return;
        }
        event = "packet " + pod + " to the outside, port " + port;
        node.send(ifindexOf[pod], IpPackets.ipv4(IpProtocol.UDP, ADDRESS + pod, ADDRESS + OUTSIDE,
            IpPackets.udp(port, 53, 4)));
        if (masquerades && node.burst.verdict(0) != Verdict.DROP) {
            bindOutside(pod, port);
        }
    }

    private void passInTheKernel() {
        event = "kernel";
        closeSometimes();
        for (int count = 0; count < 4; count++) {
            final MemoryOffload.Held held = kernel.slots[random.nextInt(kernel.slots.length)];
            if (held != null && isInForce(held)) {
                held.packets++;
                held.bytes += 40;
                held.seen |= 1 << random.nextInt(5);
                held.lastSeenNs = node.nowNs;
            }
        }
    }

    /** All segments of a connection pass before anybody has looked at it. */
    private void closeSometimes() {
        final Integer slot = kernel.opened.peekLast();
        if (slot != null && kernel.isOpened(slot) && random.nextInt(3) == 0) {
            final MemoryOffload.Held held = kernel.slots[slot];
            held.seen |= FlowOffload.SEEN_FIN | FlowOffload.SEEN_LAST_ACK;
            kernel.slots[held.other].seen |= FlowOffload.SEEN_FIN;
        }
    }

    private void changePolicy() {
        event = "policy";
        final int source = somePod(sourceInSight);
        final int destination = somePod(destinationInSight);
        lookAt(source, destination);
        change(() -> {
            allowed[source][destination] ^= true;
            generation++;
            if (rechecks) {
                generationMin = generation;
                kernel.generationMin = generation;
            }
        }, () -> {
            if (rechecks) {
                node.conntrack.policyGeneration(generation);
            }
        });
    }

    /** The address is on another node, by another device, or no longer there. */
    private void changeRoute(final int pod) {
        event = "route to " + pod;
        lookAtEither(pod);
        change(() -> {
            deviceOf[pod] = deviceOf[pod] == 0 ? FIRST_DEVICE + random.nextInt(2) : 0;
            publish();
        }, this::review);
    }

    private void removeOrReturn(final int pod) {
        event = "endpoint " + pod;
        lookAtEither(pod);
        final int gone = ifindexOf[pod];
        change(() -> {
            ifindexOf[pod] = gone == 0 ? nextIfindex++ : 0;
            publish();
        }, () -> {
            review();
            while (gone != 0 && node.conntrack.removeEndpoint(gone, 3) > 0) {
                node.idle();
            }
        });
    }

    /** The address comes to another interface at once; the old one stays without it, and its flows are taken back. */
    private void moveAddress(final int pod) {
        event = "address of " + pod;
        lookAtEither(pod);
        final int before = ifindexOf[pod];
        if (before != 0) {
            change(() -> {
                formerOf[pod] = before;
                ifindexOf[pod] = nextIfindex++;
                publish();
            }, () -> {
                while (!node.conntrack.withdrawEndpoint(before, 3)) {
                    node.idle();
                }
                review();
            });
        }
    }
}

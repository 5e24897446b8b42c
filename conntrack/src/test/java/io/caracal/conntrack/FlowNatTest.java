package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatBindings;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTuple;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv6Text;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bindings of flows against maps of text: what the answers look like, whose ports are whose, and what outlives what. */
class FlowNatTest {
    private static final int POD = TrackedNode.POD;
    private static final int NODE = 0xc0a8010a;
    private static final Ipv6Text NODE_IPV6 = Ipv6Text.parse("2001:db8::10");
    private static final int FIRST = 61_000;
    private static final int LAST = 61_011;

    @TempDir
    Path directory;

    private final Set<String> told = new HashSet<>();
    private final NatBindingListener listener = new NatBindingListener() {
        @Override
        public void bound(final NatTuple incoming) {
            assertTrue(told.add(text(incoming)), () -> "told twice: " + text(incoming));
        }

        @Override
        public void released(final NatTuple incoming) {
            assertTrue(told.remove(text(incoming)), () -> "never told: " + text(incoming));
        }
    };

    private static NatConfig config(final boolean endpointIndependent) {
        return new NatConfig(NODE, NODE_IPV6, FIRST, LAST, 0, 2, endpointIndependent);
    }

    @Test
    void shouldGiveEachFlowAPortThatTellsItsAnswersApart() {
        race(false);
    }

    @Test
    void shouldGiveOneEndOneOwnPortWhateverItTalksTo() {
        race(true);
    }

    private void race(final boolean endpointIndependent) {
        final SplittableRandom random = TestSeed.random("FlowNatTest independent=" + endpointIndependent);
        final int[] counts = new int[3];
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(1000))) {
            final NatBindings bindings = node.conntrack.openNat(config(endpointIndependent), listener);
            final Map<String, NatTuple> natOf = new HashMap<>();
            for (int step = 0; step < 20_000; step++) {
                final NatTuple flow = nextFlow(random);
                node.send(POD, packet(flow));
                /* A full share of the table lets older flows go. */
                natOf.values().removeIf(nat -> !told.contains(text(answer(nat))));
                final NatTuple changed = copy(flow);
                if (bindings.bind(changed, node.nowNs)) {
                    counts[0]++;
                    check(bindings, natOf, flow, changed, endpointIndependent);
                } else {
                    counts[1]++;
                    assertEquals(text(flow), text(changed), "a refused tuple is as it was");
                    assertTrue(alike(natOf, flow, endpointIndependent) >= 6, "refused: " + text(flow));
                }
                if (random.nextInt(40) == 0) {
                    counts[2]++;
                    node.conntrack.removeEndpoint(POD, random.nextInt(40));
                    natOf.values().removeIf(nat -> !told.contains(text(answer(nat))));
                }
                assertEquals(natOf.size(), told.size());
            }
            assertEquals(counts[1], node.conntrack.natExhaustion().refused(0) + node.conntrack.natExhaustion().refused(1));
        }
        System.out.printf("FlowNatTest: %d bound, %d refused, %d removals%n", counts[0], counts[1], counts[2]);
        assertTrue(counts[0] > 1000 && counts[1] > 100, "each outcome was met");
    }

    private static void check(final NatBindings bindings, final Map<String, NatTuple> natOf, final NatTuple flow,
        final NatTuple changed, final boolean endpointIndependent) {
        final String key = text(flow);
        if (natOf.containsKey(key)) {
            assertEquals(text(natOf.get(key)), text(changed), "the flow keeps its port");
        } else if (flow.protocol != IpProtocol.SCTP) {
            assertEquals(0, (changed.sourcePort - FIRST) % 2, key + " has another worker's port");
            assertTrue(changed.sourcePort >= FIRST && changed.sourcePort <= LAST, text(changed));
        }
        natOf.forEach((other, nat) -> {
            assertTrue(other.equals(key) || !text(nat).equals(text(changed)), key + " collides with " + other);
            if (endpointIndependent && nat.protocol == flow.protocol && flow.protocol != IpProtocol.SCTP
                && (nat.sourceHigh == 0) == (changed.sourceHigh == 0)) {
                assertEquals(endOf(other).equals(endOf(key)), nat.sourcePort == changed.sourcePort,
                    key + " beside " + other + " at " + nat.sourcePort);
            }
        });
        natOf.put(key, changed);
        final NatTuple answer = answer(changed);
        assertTrue(bindings.findIncoming(answer, 0), text(answer));
        final NatTuple undone = copy(answer);
        undone.reverse();
        assertEquals(key, text(undone), "answered");
        final NatTuple out = copy(flow);
        assertTrue(bindings.findOutgoing(out));
        assertEquals(text(changed), text(out));
    }

    /** How many flows stand in the way of a new one: each takes one of the worker's six ports, or SCTP's own. */
    private static long alike(final Map<String, NatTuple> natOf, final NatTuple flow, final boolean endpointIndependent) {
        return flow.protocol == IpProtocol.SCTP ? LAST : natOf.values().stream().filter(nat ->
            nat.protocol == flow.protocol && (nat.sourceHigh == 0) == (flow.sourceHigh == 0)
            && (endpointIndependent || nat.destinationLow == flow.destinationLow
            && (flow.protocol == 1 || nat.destinationPort == flow.destinationPort)))
            .map(nat -> nat.sourcePort).distinct().count();
    }

    private static String endOf(final String key) {
        return key.substring(0, key.indexOf('>'));
    }

    @Test
    void shouldNotTranslateAnswersToWhatBeganOutside() {
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            final NatBindings bindings = node.conntrack.openNat(config(false), listener);
            final NatTuple request = udp(0x0b000001, 7, TrackedNode.POD_IPV4, 53);
            node.begin().fromUplink(packet(request)).run();
            request.reverse();
            final String asItWas = text(request);
            assertEquals("established", node.send(POD, packet(request)));
            assertTrue(bindings.bind(request, 0));
            assertEquals(asItWas, text(request));
            assertFalse(bindings.bind(udp(TrackedNode.POD_IPV4, 1, 0x0b000001, 99), 0), "no flow, no binding");
            assertFalse(bindings.findIncoming(udp(0x0b000001, 99, NODE, FIRST), 0));
            assertEquals(Set.of(), told);
        }
    }

    @Test
    void shouldTrackAnswersWhoseNatHasBeenUndone() {
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            final NatBindings bindings = node.conntrack.openNat(config(false), listener);
            final NatTuple request = udp(TrackedNode.POD_IPV4, 7, 0x0b000001, 53);
            node.send(POD, packet(request));
            assertTrue(bindings.bind(copy(request), 0));
            final NatTuple answer = copy(request);
            answer.reverse();
            node.begin().fromUplink(packet(answer)).run();
            assertEquals("established", node.outcome(0));
            assertEquals(1, node.burst.flow(0) & 1);
            node.begin().fromUplink(IpPackets.ipv4(IpProtocol.ICMP, 0x0b000063, TrackedNode.POD_IPV4,
                IpPackets.icmpError(11, 0, packet(request)))).run();
            assertEquals("related", node.outcome(0));
        }
    }

    @Test
    void shouldNameTheAddressThatHasNoPortLeft() {
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(100))) {
            final NatBindings bindings = node.conntrack.openNat(config(false), listener);
            for (int port = 1; port <= 7; port++) {
                final NatTuple flow = udp(TrackedNode.POD_IPV4, port, 0x0b000001, 53);
                node.send(POD, packet(flow));
                assertEquals(port < 7, bindings.bind(flow, 0), "port " + port);
            }
            assertEquals(1, node.conntrack.natExhaustion().refused(0));
            assertEquals(NODE, (int)node.conntrack.natExhaustion().addressLow(0));
            assertEquals(1, node.count(ConntrackCounter.NAT_EXHAUSTED));
            assertEquals(6, node.count(ConntrackCounter.NAT_BOUND));
            final NatTuple elsewhere = udp(TrackedNode.POD_IPV4, 7, 0x0b000002, 53);
            node.send(POD, packet(elsewhere));
            assertTrue(bindings.bind(elsewhere, 0), "another remote end has ports");
            assertEquals(0, node.conntrack.natExhaustion().refused(1));
        }
    }

    @Test
    void shouldGoOnWithBindingsAfterARestartAndEndThoseOfOthers() {
        final NatTuple[] translated = new NatTuple[2];
        for (int i = 0; i < 2; i++) {
            translated[i] = i == 0 ? udp(TrackedNode.POD_IPV4, 5, 0x0b000001, 53) : ipv6(5);
        }
        final Set<String> before;
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            final NatBindings bindings = node.conntrack.openNat(config(false), listener);
            for (final NatTuple flow : translated) {
                node.send(POD, packet(flow));
                assertTrue(bindings.bind(flow, 0));
            }
            before = Set.copyOf(told);
            assertThrows(IllegalStateException.class, () -> node.conntrack.openNat(config(false), listener));
        }
        told.clear();
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            final NatBindings bindings = node.conntrack.openNat(config(true), listener);
            assertEquals(before, told, "the uplinks hear of them anew");
            for (final NatTuple nat : translated) {
                assertTrue(bindings.findIncoming(answer(nat), 0));
            }
        }
        told.clear();
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            node.conntrack.openNat(new NatConfig(NODE, NODE_IPV6, FIRST, LAST, 1, 2), listener);
            assertEquals(Set.of(), told);
            assertEquals(0, node.conntrack.ipv4Table().flowCount() + node.conntrack.ipv6Table().flowCount(),
                "their ports are another worker's");
        }
    }

    @Test
    void shouldLearnItsAddressLateAndTakeAnotherOne() {
        final List<String> heard = new ArrayList<>();
        final NatBindingListener uplinks = new NatBindingListener() {
            @Override
            public void bound(final NatTuple incoming) {
                heard.add('+' + text(incoming));
            }

            @Override
            public void released(final NatTuple incoming) {
                heard.add('-' + text(incoming));
            }
        };
        try (TrackedNode node = new TrackedNode(directory, TrackedNode.config(10))) {
            final NatBindings bindings = node.conntrack.openNat(uplinks);
            final NatTuple flow = udp(TrackedNode.POD_IPV4, 5, 0x0b000001, 53);
            node.send(POD, packet(flow));
            assertFalse(bindings.bind(copy(flow), 0), "nothing is known yet");
            assertFalse(bindings.isNatAddress(0, NatTuple.mapped(NODE)));
            node.conntrack.configureNat(config(false));
            final NatTuple nat = copy(flow);
            assertTrue(bindings.bind(nat, 0) && bindings.isNatAddress(0, NatTuple.mapped(NODE)));
            final String answer = text(answer(nat));
            node.conntrack.configureNat(new NatConfig(NODE, NODE_IPV6, FIRST, LAST, 0, 2, false));
            assertTrue(bindings.findIncoming(answer(nat), 0), "it goes on");
            node.conntrack.configureNat(new NatConfig(NODE + 1, NODE_IPV6, FIRST, LAST, 0, 2, false));
            assertFalse(bindings.findIncoming(answer(nat), 0), "that address is nobody's now");
            assertEquals(0, node.conntrack.ipv4Table().flowCount());
            assertEquals(List.of('+' + answer, '+' + answer, '-' + answer), heard);
        }
    }

    private static NatTuple nextFlow(final SplittableRandom random) {
        final int protocol = new int[] {IpProtocol.UDP, IpProtocol.TCP, IpProtocol.ICMP, IpProtocol.SCTP}[
            random.nextInt(4)];
        final NatTuple flow = random.nextInt(3) == 0 && protocol != IpProtocol.ICMP ? ipv6(random.nextInt(8))
            : udp(0x0a000001 + random.nextInt(2), 0, 0x0b000001 + random.nextInt(2), 0);
        flow.protocol = protocol;
        flow.sourcePort = 1000 + random.nextInt(6);
        flow.destinationPort = protocol == IpProtocol.ICMP ? flow.sourcePort : 53 + random.nextInt(2);
        return flow;
    }

    private static NatTuple udp(final int source, final int sourcePort, final int destination, final int port) {
        final NatTuple flow = new NatTuple();
        flow.protocol = IpProtocol.UDP;
        flow.setIpv4(source, destination);
        flow.sourcePort = sourcePort;
        flow.destinationPort = port;
        return flow;
    }

    private static NatTuple ipv6(final int host) {
        final NatTuple flow = new NatTuple();
        flow.protocol = IpProtocol.UDP;
        flow.sourceHigh = 0xfd00L << 48;
        flow.sourceLow = 1 + (host & 1);
        flow.destinationHigh = 0xfd00L << 48;
        flow.destinationLow = 9 + (host >> 1);
        flow.sourcePort = 77;
        flow.destinationPort = 53;
        return flow;
    }

    private static byte[] packet(final NatTuple flow) {
        final byte[] transport = switch (flow.protocol) {
            case IpProtocol.TCP -> IpPackets.tcp(flow.sourcePort, flow.destinationPort, 2, 1, 0);
            case IpProtocol.ICMP -> IpPackets.icmp(8, 0, flow.sourcePort);
            case IpProtocol.SCTP -> IpPackets.sctp(new int[] {flow.sourcePort, flow.destinationPort}, 0, 1, 0, 9);
            default -> IpPackets.udp(flow.sourcePort, flow.destinationPort, 4);
        };
        return NatTuples.isIpv4(flow)
            ? IpPackets.ipv4(flow.protocol, (int)flow.sourceLow, (int)flow.destinationLow, transport)
            : IpPackets.ipv6(flow.protocol, (int)flow.sourceLow, (int)flow.destinationLow, transport);
    }

    /** What the remote end sends back: an ICMP query's answer has the translated identifier at both ends. */
    private static NatTuple answer(final NatTuple translated) {
        final NatTuple answer = copy(translated);
        answer.destinationPort = answer.protocol == IpProtocol.ICMP ? answer.sourcePort : answer.destinationPort;
        answer.reverse();
        return answer;
    }

    private static NatTuple copy(final NatTuple tuple) {
        final NatTuple copy = new NatTuple();
        copy.protocol = tuple.protocol;
        copy.sourceHigh = tuple.sourceHigh;
        copy.sourceLow = tuple.sourceLow;
        copy.sourcePort = tuple.sourcePort;
        copy.destinationHigh = tuple.destinationHigh;
        copy.destinationLow = tuple.destinationLow;
        copy.destinationPort = tuple.destinationPort;
        return copy;
    }

    private static String text(final NatTuple t) {
        final boolean icmp = t.protocol == IpProtocol.ICMP;
        return t.protocol + " " + Ipv6Text.format(t.sourceHigh, t.sourceLow) + ' ' + t.sourcePort + ">"
            + Ipv6Text.format(t.destinationHigh, t.destinationLow) + (icmp ? "" : " " + t.destinationPort);
    }
}

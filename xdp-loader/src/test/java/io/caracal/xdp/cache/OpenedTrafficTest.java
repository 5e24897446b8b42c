package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.SYN;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import org.junit.jupiter.api.Test;

/**
 * Connections that open without Java, of kinds that it has put: packet in; verdict, bytes, counters, entries and the
 * list of what was opened out.
 */
final class OpenedTrafficTest extends OpeningPrograms {
    private static final int TO_WORKLOAD = 2;
    private static final int HOP_LIMIT_AT = 14 + 7;

    private static byte[] answer(final int ipVersion, final int flags) {
        final byte[] segment = Packet.tcp(PORT, SOURCE_PORT, flags);
        return ipVersion == 4
            ? Packet.ethernet(HOST_B_MAC, POD_B_MAC, ETH_IPV4, Packet.ipv4(IPV4[1], IPV4[0], TCP, segment))
            : Packet.ethernet(HOST_B_MAC, POD_B_MAC, ETH_IPV6, Packet.ipv6(IPV6[1], IPV6[0], TCP, segment));
    }

    @Test
    void shouldOpenAConnectionOfAKindThatJavaHasPut() {
        final byte[] packet = tcp(SYN);
        final byte[] expected = packet.clone();
        expected[TTL_AT] = 63;
        Packet.fixIpv4Checksum(expected);
        assertOpens(4, packet, expected);
    }

    @Test
    void shouldOpenAConnectionOfIpv6() {
        final byte[] packet = fromA(ETH_IPV6, Packet.ipv6(IPV6[0], IPV6[1], TCP, Packet.tcp(SOURCE_PORT, PORT, SYN)));
        final byte[] expected = packet.clone();
        expected[HOP_LIMIT_AT] = 63;
        assertOpens(6, packet, expected);
    }

    private void assertOpens(final int ipVersion, final byte[] packet, final byte[] expected) {
        putEverywhere(way(ipVersion), reply(ipVersion));
        System.arraycopy(POD_B_MAC, 0, expected, 0, 6);
        System.arraycopy(HOST_B_MAC, 0, expected, 6, 6);
        final TestSkb.Result result = run(packet);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(expected, result.packet());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OPENED, PuntCounter.CACHE_HITS);
        assertEquals(1, programs.traffic(POD_A).orElseThrow().fromWorkloadPackets());
        assertEquals(packet.length, programs.traffic(POD_A).orElseThrow().fromWorkloadBytes());
        assertEquals(1, programs.traffic(podB).orElseThrow().deliveredPackets());
        assertEquals(packet.length, programs.traffic(podB).orElseThrow().deliveredBytes());
        assertEquals(2, usedSlots());
        final FlowCachePart part = part(way(ipVersion));
        assertEquals(true, part.openings().hasOpened());
        final int slot = part.openings().take();
        assertTaken();
        assertBothEntries(part, slot, way(ipVersion), reply(ipVersion));
        final int replySlot = part.otherSlot(slot);
        assertEquals(1, part.takePackets(slot));
        assertEquals(packet.length - 14, part.takeBytes(slot));
        assertEquals(0, part.takePackets(replySlot));
        assertEquals(0, part.takeBytes(replySlot));
        assertEquals(0, part.takeSeen(slot));
        assertAnswered(ipVersion, part, replySlot);
    }

    /** Java has not run since: the answer finds its entry, and so does what follows. */
    private void assertAnswered(final int ipVersion, final FlowCachePart part, final int replySlot) {
        final TestSkb.Result answer = runFromB(answer(ipVersion, SYN | ACK));
        assertEquals(TC_ACT_REDIRECT, answer.action());
        assertArrayEquals(Packet.POD_MAC, answer.destinationMac());
        assertArrayEquals(Packet.HOST_MAC, answer.sourceMac());
        assertCounted(PuntCounter.CACHE_HITS);
        assertEquals(CachedFlowSeen.SYN_ACK, part.takeSeen(replySlot));
        assertEquals(1, part.takePackets(replySlot));
    }

    @Test
    void shouldPassWhatFollowsTheFirstPacketByItsEntry() {
        putEverywhere();
        assertOpened(run(tcp(SYN)));
        final FlowCachePart part = part(way(4));
        final int slot = part.openings().take();
        assertEquals(TC_ACT_REDIRECT, run(tcp(ACK)).action());
        assertCounted(PuntCounter.CACHE_HITS);
        assertEquals(CachedFlowSeen.ACK, part.takeSeen(slot));
        assertEquals(2, part.takePackets(slot));
        assertEquals(2 * 40, part.takeBytes(slot));
    }

    @Test
    void shouldOpenTheSameConnectionAgainOnceJavaHasRemovedIt() {
        putEverywhere();
        final FlowCachePart part = part(way(4));
        for (int round = 0; round < 3; round++) {
            assertOpened(run(tcp(SYN)));
            final int slot = part.openings().take();
            assertEquals(0, part.usedCount(), "nobody's yet");
            part.claim(slot);
            assertEquals(2, part.usedCount());
            part.remove(part.otherSlot(slot));
            part.remove(slot);
            assertEquals(0, part.usedCount());
            assertNothingOpened();
        }
    }

    /** What was opened past the earlier process is found in the table; its kinds hold no more. */
    @Test
    void shouldFindWhatWasOpenedPastAnEarlierProcess() {
        final CachedFlowSpec way = way(4);
        final CachedFlowSpec reply = reply(4);
        way.generation = 0;
        reply.generation = 0;
        putEverywhere(way, reply);
        assertOpened(run(tcp(SYN)));
        cache.close();
        cache = FlowCache.map(programs, new FlowQueue(SEED, QUEUES));
        final FlowCachePart part = part(way);
        assertTaken();
        assertEquals(2, part.usedCount());
        assertBothEntries(part, part.find(way), way, reply);
        assertPuntedOnly(run(tcp(SOURCE_PORT + 1, PORT, SYN)), PuntCounter.CACHE_OPENINGS);
        putEverywhere(way, reply);
        assertOpened(run(tcp(SOURCE_PORT + 1, PORT, SYN)));
        final CachedFlowSpec next = way(4);
        next.ports = SOURCE_PORT + 1 << 16 | PORT;
        assertEquals(part(next).find(next), part(next).openings().take());
    }

    /** The first leg of a service: translation, TTL and the way on are the stack's matter. */
    @Test
    void shouldLetTheHostsStackHaveAFirstPacketThatItTranslates() {
        final CachedFlowSpec way = way(4);
        way.action = CachedFlowSpec.TO_HOST;
        way.targetIfindex = 0;
        way.mtu = Integer.MAX_VALUE;
        final CachedFlowSpec reply = passed(reply(4), CachedFlowSpec.ANY_INTERFACE);
        reply.ingressIfindex = POD_A | CachedFlowSpec.EGRESS;
        putEverywhere(way, reply);
        final byte[] packet = tcp(SYN);
        packet[TTL_AT] = 1;
        final TestSkb.Result result = run(packet);
        assertEquals(TC_ACT_OK, result.action());
        assertArrayEquals(packet, result.packet());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OPENED, PuntCounter.CACHE_HITS);
        assertBothEntries(part(way), part(way).openings().take(), way, reply);
        final byte[] answer =
            fromA(ETH_IPV4, Packet.ipv4(IPV4[1], IPV4[0], TCP, Packet.tcp(PORT, SOURCE_PORT, SYN | ACK)));
        assertEquals(TC_ACT_OK, sentOn(answer, podB).action());
        assertCounted(PuntCounter.CACHE_HITS);
    }

    /** The second leg, translated: to the pod, and it has come by where it should. */
    @Test
    void shouldOpenWhatTheHostsStackSendsOnOnlyFromWhereItShouldCome() {
        final CachedFlowSpec way = passed(way(4), podB);
        final CachedFlowSpec reply = reply(4);
        reply.ingressIfindex = POD_A;
        reply.action = CachedFlowSpec.TO_HOST;
        reply.targetIfindex = 0;
        putEverywhere(way, reply);
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS);
        assertPuntedOnItsWayOut(sentOn(tcp(SYN), POD_A));
        assertPuntedOnItsWayOut(sentOn(tcp(SYN), 0));
        final TestSkb.Result result = sentOn(tcp(SYN), podB);
        assertEquals(TC_ACT_OK, result.action());
        assertArrayEquals(tcp(SYN), result.packet());
        assertCounted(PuntCounter.CACHE_OPENED, PuntCounter.CACHE_HITS);
        assertEquals(1, programs.traffic(POD_A).orElseThrow().deliveredPackets());
        final FlowCachePart part = part(way);
        final int slot = part.openings().take();
        assertBothEntries(part, slot, way, reply);
        assertEquals(1, part.takePackets(slot));
        assertEquals(40, part.takeBytes(slot));
        final byte[] answer =
            fromA(ETH_IPV4, Packet.ipv4(IPV4[1], IPV4[0], TCP, Packet.tcp(PORT, SOURCE_PORT, SYN | ACK)));
        assertEquals(TC_ACT_OK, run(answer).action());
        assertCounted(PuntCounter.CACHE_HITS);
        assertEquals(CachedFlowSeen.SYN_ACK, part.takeSeen(part.otherSlot(slot)));
    }

    private static CachedFlowSpec passed(final CachedFlowSpec spec, final int origin) {
        spec.ingressIfindex = POD_A | CachedFlowSpec.EGRESS;
        spec.action = CachedFlowSpec.PASS;
        spec.targetIfindex = origin;
        spec.mtu = Integer.MAX_VALUE;
        return spec;
    }

    private TestSkb.Result sentOn(final byte[] packet, final int origin) {
        return namespace.call(
            () -> TestSkb.of(packet, POD_A).withIngressIfindex(origin).run(programs.toWorkload()));
    }

    private void assertPuntedOnItsWayOut(final TestSkb.Result result) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(TO_WORKLOAD, POD_A), result.destinationMac());
        assertCounted(PuntCounter.PUNTED_TO_WORKLOAD);
        assertNothingOpened();
    }
}

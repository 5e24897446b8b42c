package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.RST;
import static io.caracal.xdp.testing.Packet.SYN;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import org.junit.jupiter.api.Test;

/** First packets that Java gets, although it has put a kind like theirs: packet in; verdict and counters out. */
final class UnopenedTrafficTest extends OpeningPrograms {
    private static final int FIN = 0x01;

    @Test
    void shouldNotOpenConnectionsOfOtherKinds() {
        putEverywhere();
        assertPunted(tcp(SOURCE_PORT, PORT + 1, SYN), PuntCounter.CACHE_OPENINGS);
        assertPunted(fromA(ETH_IPV4, Packet.ipv4(IPV4[0], "10.65.0.4", TCP, Packet.tcp(SOURCE_PORT, PORT, SYN))),
            PuntCounter.CACHE_OPENINGS);
        assertPunted(fromA(ETH_IPV4, Packet.ipv4("10.65.0.4", IPV4[1], TCP, Packet.tcp(SOURCE_PORT, PORT, SYN))),
            PuntCounter.CACHE_OPENINGS);
        assertPunted(fromA(ETH_IPV6, Packet.ipv6(IPV6[0], IPV6[1], TCP, Packet.tcp(SOURCE_PORT, PORT, SYN))),
            PuntCounter.CACHE_OPENINGS);
        assertPunted(fromA(ETH_IPV4, Packet.ipv4(IPV4[1], IPV4[0], TCP, Packet.tcp(PORT, SOURCE_PORT, SYN))),
            PuntCounter.CACHE_OPENINGS);
    }

    @Test
    void shouldLookAtEveryWordOfAnIpv6Kind() {
        putEverywhere(way(6), reply(6));
        for (int at = 14 + 8; at < 14 + 40; at++) {
            final byte[] packet =
                fromA(ETH_IPV6, Packet.ipv6(IPV6[0], IPV6[1], TCP, Packet.tcp(SOURCE_PORT, PORT, SYN)));
            packet[at] ^= 1;
            assertPunted(packet, PuntCounter.CACHE_OPENINGS);
        }
    }

    /** No pod can use another's kind, whatever source it writes. */
    @Test
    void shouldNotOpenWhatComesByAnotherInterface() {
        putEverywhere();
        final byte[] packet = Packet.ethernet(HOST_B_MAC, POD_B_MAC, ETH_IPV4,
            Packet.ipv4(IPV4[0], IPV4[1], TCP, Packet.tcp(SOURCE_PORT, PORT, SYN)));
        final TestSkb.Result result = runFromB(packet);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(FROM_WORKLOAD, podB), result.destinationMac());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.PUNTED_FROM_WORKLOAD);
        assertNothingOpened();
    }

    @Test
    void shouldOpenInOneEpochAlone() {
        putEverywhere();
        cache.beginEpoch();
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS);
        final FlowOpenings openings = part(way(4)).openings();
        openings.put(way(4), reply(4), openings.epoch() - 1);
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS);
        openings.put(way(4), reply(4), openings.epoch());
        assertOpened(run(tcp(SYN)));
    }

    @Test
    void shouldSayWhetherTheEpochThatEndsHadKinds() {
        assertEquals(false, cache.beginEpoch());
        cache.part(QUEUES - 1).openings().put(way(4), reply(4), cache.part(0).openings().epoch());
        assertEquals(true, cache.beginEpoch());
        assertEquals(false, cache.beginEpoch(), "that one is of an earlier epoch");
        cache.part(0).openings().put(way(4), reply(4), cache.part(0).openings().epoch() - 1);
        assertEquals(false, cache.beginEpoch(), "it was read too early to hold");
        putEverywhere();
        assertEquals(true, cache.beginEpoch());
    }

    @Test
    void shouldNotOpenByAnOlderPolicy() {
        putEverywhere();
        cache.outdateBefore(GENERATION + 1);
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS);
        cache.outdateBefore(GENERATION);
        assertOpened(run(tcp(SYN)));
    }

    @Test
    void shouldOpenWithAPlainSynAlone() {
        putEverywhere();
        assertPunted(tcp(SYN | ACK), PuntCounter.CACHE_MISSES);
        for (final int flags : new int[] {SYN | FIN, SYN | RST, SYN | ACK | FIN, SYN | ACK | RST, 0, FIN}) {
            assertPunted(tcp(flags), PuntCounter.CACHE_OPENINGS);
        }
        final byte[] cut = tcp(SYN);
        cut[14 + 20 + 12] = 0x40;
        assertPunted(cut, PuntCounter.CACHE_OPENINGS);
    }

    @Test
    void shouldNotOpenWithoutAnEngine() {
        putEverywhere();
        programs.sockets().clear(queue(way(4)));
        assertEquals(TC_ACT_SHOT, run(tcp(SYN)).action());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.DROPPED_ENGINE_ABSENT);
        assertNothingOpened();
        programs.sockets().set(queue(way(4)), socket.number());
        assertOpened(run(tcp(SYN)));
    }

    /** Nor past the limit of what a pod may ask of Java. */
    @Test
    void shouldNotOpenMoreThanTheMissRate() {
        programs.putWorkload(POD_A, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.perSecond(1, 1)));
        putEverywhere();
        assertOpened(run(tcp(SYN)));
        assertEquals(TC_ACT_SHOT, run(tcp(SOURCE_PORT + 1, PORT, SYN)).action());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.DROPPED_MISS_RATE);
        assertEquals(2, usedSlots());
    }

    @Test
    void shouldLeaveToJavaWhatMayNotGoThatWay() {
        putEverywhere();
        final byte[] dying = tcp(SYN);
        dying[TTL_AT] = 1;
        assertPunted(dying, PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_TTL);
        programs.removeWorkload(podB);
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OUTDATED);
        final CachedFlowSpec toDevice = way(4);
        toDevice.action = CachedFlowSpec.TO_DEVICE;
        putEverywhere(toDevice, reply(4));
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OUTDATED);
        programs.removeWorkload(POD_A);
        assertEquals(TC_ACT_SHOT, run(tcp(SYN)).action());
        assertCounted(PuntCounter.DROPPED_UNKNOWN_WORKLOAD);
        assertNothingOpened();
    }

    @Test
    void shouldLeaveToJavaWhatIsLongerThanTheNextLink() {
        final CachedFlowSpec way = way(4);
        way.mtu = 39;
        putEverywhere(way, reply(4));
        assertPunted(tcp(SYN), PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_TOO_BIG);
        way.mtu = 40;
        putEverywhere(way, reply(4));
        assertOpened(run(tcp(SYN)));
    }

    /** It may be the same connection once more, or another one after it. */
    @Test
    void shouldLeaveToJavaAFirstPacketThatHasAnEntry() {
        putEverywhere();
        assertOpened(run(tcp(SYN)));
        assertEquals(2, usedSlots());
        assertPuntedOnly(run(tcp(SYN)), PuntCounter.CACHE_OPENINGS);
        assertEquals(2, usedSlots());
        assertNotEquals(FlowCachePart.NONE, part(way(4)).openings().take());
        assertTaken();
        final CachedFlowSpec javas = way(4);
        javas.ports = SOURCE_PORT + 1 << 16 | PORT;
        part(javas).insert(javas);
        assertPuntedOnly(run(tcp(SOURCE_PORT + 1, PORT, SYN)), PuntCounter.CACHE_OPENINGS);
        assertEquals(3, usedSlots());
        assertTaken();
    }

    @Test
    void shouldOpenNothingButTcp() {
        final CachedFlowSpec udp = way(4);
        udp.protocol = UDP;
        putEverywhere(udp, reply(4));
        putEverywhere();
        assertPunted(fromA(ETH_IPV4, Packet.ipv4(IPV4[0], IPV4[1], UDP, Packet.udp(SOURCE_PORT, PORT, new byte[20]))),
            PuntCounter.CACHE_MISSES);
        // The number that TCP has in the table of kinds; RFC 3175 has given it to RSVP.
        assertPunted(fromA(ETH_IPV4, Packet.ipv4(IPV4[0], IPV4[1], TCP | CachedFlowLayout.OPENING_OF,
            Packet.tcp(SOURCE_PORT, PORT, SYN))), PuntCounter.CACHE_UNFIT);
    }

    @Test
    void shouldNotTakeAKindForAnEntryOfSourcePortZero() {
        putEverywhere();
        assertPunted(tcp(0, PORT, ACK), PuntCounter.CACHE_MISSES);
        assertPunted(tcp(0, PORT, SYN | ACK), PuntCounter.CACHE_MISSES);
    }

    @Test
    void shouldOpenNothingWithACacheThatIsOff() {
        putEverywhere();
        cache.switchOff();
        assertPunted(tcp(SYN));
    }
}

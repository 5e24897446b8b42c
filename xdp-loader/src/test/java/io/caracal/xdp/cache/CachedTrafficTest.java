package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.netlink.MacAddress;
import io.caracal.xdp.MapCodec;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntCounter;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.punt.Workload;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.CounterWatch;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestSkb;
import io.caracal.xdp.uplink.UplinkDevice;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * tc ingress of a workload interface with entries that Java has written: packet in; verdict, bytes, counters and what
 * the entry notes out. No engine is there: what the cache does not take is dropped as a miss.
 */
final class CachedTrafficTest {
    private static final int SEED = 0x5eed1234;
    private static final int QUEUES = 4;
    private static final int POD_A = 1;
    private static final int POD_B = 4712;
    private static final byte[] POD_B_MAC = Packet.mac("0a:58:0a:41:00:03");
    private static final byte[] HOST_B_MAC = Packet.mac("ee:ee:ee:ee:ee:02");
    private static final int SYN = 0x02;
    private static final int ACK = 0x10;
    private static final int FIN = 0x01;
    private static final int RST = 0x04;
    private static final int TTL_AT = 14 + 8;

    private PuntPrograms programs;
    private FlowCache cache;
    private CounterWatch counters;

    @BeforeEach
    void load() {
        programs = PuntPrograms.load(16, 64);
        programs.configure(new PuntConfig(4711, QUEUES, PuntConfig.HANDED_MARK_DEFAULT,
            PuntConfig.APPROVED_MARK_DEFAULT, OnEngineLoss.DROP, SEED));
        programs.putWorkload(POD_A, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE));
        programs.putWorkload(POD_B, new Workload(POD_B_MAC, HOST_B_MAC, MissLimit.NONE));
        cache = FlowCache.map(programs, new FlowQueue(SEED, QUEUES));
        cache.switchOn();
        counters = new CounterWatch(programs);
    }

    @AfterEach
    void unload() {
        cache.close();
        programs.close();
    }

    private static CachedFlowSpec spec(final int protocol) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = 4;
        spec.protocol = protocol;
        spec.sourceLow = 0x0a410002L;
        spec.destinationLow = 0x0a410003L;
        spec.ports = 5000 << 16 | 53;
        spec.ingressIfindex = POD_A;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = POD_B;
        spec.mtu = 1500;
        return spec;
    }

    private static CachedFlowSpec ipv6(final int protocol) {
        final CachedFlowSpec spec = spec(protocol);
        spec.ipVersion = 6;
        spec.sourceHigh = 0xfd00_0000_0000_0001L;
        spec.sourceLow = 0x1111_2222_3333_0002L;
        spec.destinationHigh = 0xfd00_0000_0000_0002L;
        spec.destinationLow = 0x1111_2222_3333_0003L;
        return spec;
    }

    private FlowCachePart part(final CachedFlowSpec spec) {
        final FlowQueue queue = new FlowQueue(SEED, QUEUES);
        return cache.part(spec.ipVersion == 4
            ? queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, spec.protocol,
                spec.ports));
    }

    /** To the interface's own MAC, which is all zeros for the loopback interface. */
    private static byte[] frame(final int etherType, final byte[] packet) {
        return Packet.ethernet(new byte[6], Packet.POD_MAC, etherType, packet);
    }

    private static byte[] tcp(final int flags) {
        return frame(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", TCP, Packet.tcp(5000, 53, flags)));
    }

    private static byte[] udp(final int payload) {
        return frame(ETH_IPV4,
            Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(5000, 53, new byte[payload])));
    }

    private TestSkb.Result run(final byte[] packet) {
        return TestSkb.of(packet, POD_A).run(programs.fromWorkload());
    }

    @Test
    void shouldSendAPacketOnWithMacsTtlAndChecksumChangedAndNothingElse() {
        part(spec(UDP)).insert(spec(UDP));
        final byte[] packet = udp(20);
        packet[15] = (byte)0xb9;
        Packet.fixIpv4Checksum(packet);
        final byte[] expected = packet.clone();
        System.arraycopy(POD_B_MAC, 0, expected, 0, 6);
        System.arraycopy(HOST_B_MAC, 0, expected, 6, 6);
        expected[TTL_AT] = 63;
        Packet.fixIpv4Checksum(expected);
        final TestSkb.Result result = run(packet);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(expected, result.packet());
        assertCounted(PuntCounter.CACHE_HITS);
        assertEquals(1, programs.traffic(POD_A).orElseThrow().fromWorkloadPackets());
        assertEquals(packet.length, programs.traffic(POD_A).orElseThrow().fromWorkloadBytes());
        assertEquals(1, programs.traffic(POD_B).orElseThrow().deliveredPackets());
    }

    /** RFC 1624's edge: the sum of a header whose checksum is all ones but the TTL's step. */
    @Test
    void shouldKeepTheChecksumRightForEveryTtlAndManyIds() {
        part(spec(UDP)).insert(spec(UDP));
        for (int ttl = 2; ttl < 256; ttl++) {
            for (int id = 0; id < 0x10000; id += 0x0d31) {
                final byte[] packet = udp(0);
                packet[18] = (byte)(id >> 8);
                packet[19] = (byte)id;
                packet[TTL_AT] = (byte)ttl;
                Packet.fixIpv4Checksum(packet);
                final byte[] header = Arrays.copyOfRange(run(packet).packet(), 14, 34);
                assertEquals(ttl - 1, header[8] & 0xff);
                assertEquals(0xffff, Packet.onesComplementSum(header, 0), "ttl " + ttl + " id " + id);
            }
        }
    }

    @Test
    void shouldSendIpv6OnWithItsHopLimitReduced() {
        part(ipv6(UDP)).insert(ipv6(UDP));
        final byte[] packet = frame(ETH_IPV6, Packet.ipv6("fd00:0:0:1:1111:2222:3333:2",
            "fd00:0:0:2:1111:2222:3333:3", UDP, Packet.udp(5000, 53, new byte[9])));
        final TestSkb.Result result = run(packet);
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(POD_B_MAC, result.destinationMac());
        assertEquals(63, result.packet()[14 + 7]);
        assertCounted(PuntCounter.CACHE_HITS);
        packet[14 + 7] = 1;
        assertMissed(packet, PuntCounter.CACHE_TTL);
        packet[14 + 7] = 64;
        packet[14 + 39] ^= 1;
        assertMissed(packet, PuntCounter.CACHE_MISSES);
        packet[14 + 39] ^= 1;
        packet[14 + 12] ^= 1;
        assertMissed(packet, PuntCounter.CACHE_MISSES);
    }

    @Test
    void shouldNoteWhatTheSegmentsWere() {
        final FlowCachePart part = part(spec(TCP));
        final int slot = part.insert(spec(TCP));
        final Map<Integer, Integer> seenByFlags = Map.of(SYN | ACK, CachedFlowSeen.SYN_ACK, ACK, CachedFlowSeen.ACK,
            ACK | 0x08, CachedFlowSeen.ACK, FIN | ACK, CachedFlowSeen.FIN | CachedFlowSeen.ACK, RST,
            CachedFlowSeen.RST, RST | ACK, CachedFlowSeen.RST);
        seenByFlags.forEach((flags, seen) -> {
            assertEquals(TC_ACT_REDIRECT, run(tcp(flags)).action());
            assertEquals(seen, part.takeSeen(slot), "flags " + flags);
        });
        assertEquals(6, part.takePackets(slot));
        assertEquals(6 * 40, part.takeBytes(slot));
        assertEquals(0, part.takePackets(slot), "taken is taken");
        final long agoNs = System.nanoTime() - part.lastSeenNs(slot);
        assertTrue(agoNs > -20_000_000 && agoNs < 60_000_000_000L, agoNs + " ns ago, by the same clock");
    }

    @Test
    void shouldNoteWhatAcknowledgesBehindAFin() {
        final FlowCachePart part = part(spec(TCP));
        final int slot = part.insert(spec(TCP));
        final int open = CachedFlowSeen.ACK;
        final int closing = open | CachedFlowSeen.FIN;
        for (final int[] flagsAndSeen : new int[][] {{ACK, open}, {ACK, open}, {FIN | ACK, closing},
            {FIN | ACK, closing}, {RST, closing | CachedFlowSeen.RST},
            {ACK, closing | CachedFlowSeen.RST | CachedFlowSeen.LAST_ACK}}) {
            assertEquals(TC_ACT_REDIRECT, run(tcp(flagsAndSeen[0])).action());
            assertEquals(flagsAndSeen[1], part.seen(slot), "flags " + flagsAndSeen[0]);
        }
    }

    @Test
    void shouldLeaveToJavaWhatOpensAConnectionOrHasNoBusinessInOne() {
        part(spec(TCP)).insert(spec(TCP));
        for (final int flags : new int[] {SYN, SYN | FIN, SYN | RST, SYN | ACK | FIN, SYN | ACK | RST, 0, FIN, 0x08}) {
            assertMissed(tcp(flags), PuntCounter.CACHE_OPENINGS);
        }
    }

    @Test
    void shouldLeaveToJavaWhatTheCacheMustNotDecide() {
        final FlowCachePart part = part(spec(UDP));
        final int slot = part.insert(spec(UDP));
        final byte[] dying = udp(20);
        dying[TTL_AT] = 1;
        assertMissed(dying, PuntCounter.CACHE_TTL);
        dying[TTL_AT] = 0;
        assertMissed(dying, PuntCounter.CACHE_TTL);
        assertMissed(udp(1473), PuntCounter.CACHE_TOO_BIG);
        final byte[] toAnother = udp(0);
        toAnother[5] = 1;
        assertMissed(toAnother, PuntCounter.CACHE_UNFIT);
        assertMissed(frame(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, 0x2000,
            Packet.udp(5000, 53, new byte[24]))), PuntCounter.CACHE_UNFIT);
        assertMissed(frame(ETH_IPV4, Packet.ipv4WithOptions("10.65.0.2", "10.65.0.3", UDP,
            Packet.udp(5000, 53, new byte[24]))), PuntCounter.CACHE_UNFIT);
        assertMissed(frame(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", 1,
            Packet.icmp(3, 4, new byte[4], Packet.ipv4("10.65.0.3", "10.65.0.2", UDP, Packet.udp(53, 5000))))),
            PuntCounter.CACHE_UNFIT);
        assertMissed(frame(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", 1,
            Packet.icmp(8, 0, new byte[4]))), PuntCounter.CACHE_UNFIT);
        assertEquals(0, part.takePackets(slot), "none of them counts for the flow");
        assertEquals(TC_ACT_REDIRECT, run(udp(1472)).action(), "as big as may be");
    }

    @Test
    void shouldMissOnAnyOtherKey() {
        part(spec(UDP)).insert(spec(UDP));
        final byte[][] others = {udp(0), udp(0), udp(0), udp(0)};
        others[0][14 + 15] ^= 1;
        others[1][14 + 19] ^= 1;
        others[2][14 + 21] ^= 1;
        others[3][14 + 23] ^= 1;
        for (final byte[] other : others) {
            assertMissed(other, PuntCounter.CACHE_MISSES);
        }
        final CachedFlowSpec ofPodB = spec(UDP);
        ofPodB.ports = 1 << 16 | 1;
        ofPodB.ingressIfindex = POD_B;
        part(ofPodB).insert(ofPodB);
        assertMissed(frame(ETH_IPV4, Packet.ipv4("10.65.0.2", "10.65.0.3", UDP, Packet.udp(1, 1))),
            PuntCounter.CACHE_MISSES);
    }

    @Test
    void shouldMissOnceAnEntryIsRemovedOrItsSlotAnothers() {
        final FlowCachePart part = part(spec(UDP));
        final int slot = part.insert(spec(UDP));
        part.remove(slot);
        assertEquals(0, part.usedCount());
        assertMissed(udp(0), PuntCounter.CACHE_MISSES);
    }

    @Test
    void shouldNotActOnAnEntryThatIsBeingWritten() {
        final CachedFlowSpec spec = spec(UDP);
        final FlowCachePart part = part(spec);
        final int slot = part.insert(spec);
        int worker = 0;
        while (cache.part(worker) != part) {
            worker++;
        }
        final long version = ((long)worker * part.slotCount() + slot) * CachedFlowLayout.SLOT_SIZE;
        cache.memory().set(java.lang.foreign.ValueLayout.JAVA_INT, version, 1);
        assertMissed(udp(0), PuntCounter.CACHE_TORN);
        assertEquals(false, part.read(slot, spec), "the next engine does not take it over");
        part.recount();
        assertEquals(0, part.usedCount());
        assertMissed(udp(0), PuntCounter.CACHE_MISSES);
    }

    @Test
    void shouldTakeAnEntryOfAnOlderPolicyForOutdated() {
        final CachedFlowSpec spec = spec(UDP);
        spec.generation = Integer.MAX_VALUE;
        part(spec).insert(spec);
        cache.outdateBefore(Integer.MAX_VALUE);
        assertEquals(TC_ACT_REDIRECT, run(udp(0)).action());
        assertCounted(PuntCounter.CACHE_HITS);
        cache.outdateBefore(Integer.MIN_VALUE);
        assertMissed(udp(0), PuntCounter.CACHE_OUTDATED);
    }

    @Test
    void shouldTakeAnEntryForOutdatedWhenEitherWorkloadHasGone() {
        part(spec(UDP)).insert(spec(UDP));
        programs.removeWorkload(POD_B);
        assertMissed(udp(0), PuntCounter.CACHE_OUTDATED);
        programs.putWorkload(POD_B, new Workload(POD_B_MAC, HOST_B_MAC, MissLimit.NONE));
        programs.removeWorkload(POD_A);
        assertEquals(TC_ACT_SHOT, run(udp(0)).action());
        assertCounted(PuntCounter.DROPPED_UNKNOWN_WORKLOAD);
    }

    /** In this network namespace no route leads to the other node; OverlayNodeTest has one where some do. */
    @Test
    void shouldLeaveToJavaWhatTheHostsRoutesDoNotLeadOutOfTheDevice() {
        final CachedFlowSpec spec = spec(UDP);
        spec.action = CachedFlowSpec.TO_DEVICE;
        part(spec).insert(spec);
        assertMissed(udp(0), PuntCounter.CACHE_OUTDATED);
        putDevice(POD_B);
        assertMissed(udp(0), PuntCounter.CACHE_ROUTED_ELSEWHERE);
        final CachedFlowSpec ipv6 = ipv6(UDP);
        ipv6.action = CachedFlowSpec.TO_DEVICE;
        part(ipv6).insert(ipv6);
        assertMissed(frame(ETH_IPV6, Packet.ipv6("fd00:0:0:1:1111:2222:3333:2", "fd00:0:0:2:1111:2222:3333:3", UDP,
            Packet.udp(5000, 53))), PuntCounter.CACHE_ROUTED_ELSEWHERE);
        spec.action = 77;
        part(spec).remove(part(spec).home(spec));
        part(spec).insert(spec);
        assertMissed(udp(0), PuntCounter.CACHE_OUTDATED);
    }

    /** Its own TTL and size are the stack's matter, and nothing of the packet is changed. */
    @Test
    void shouldLetTheHostsStackHaveWhatItTranslates() {
        final CachedFlowSpec spec = spec(TCP);
        spec.action = CachedFlowSpec.TO_HOST;
        spec.targetIfindex = 0;
        spec.mtu = Integer.MAX_VALUE;
        final FlowCachePart part = part(spec);
        final int slot = part.insert(spec);
        final byte[] packet = tcp(ACK);
        packet[TTL_AT] = 1;
        final TestSkb.Result result = run(packet);
        assertEquals(TC_ACT_OK, result.action());
        assertArrayEquals(packet, result.packet());
        assertEquals(0, result.mark());
        assertCounted(PuntCounter.CACHE_HITS);
        assertEquals(1, part.takePackets(slot));
        assertMissed(tcp(SYN), PuntCounter.CACHE_OPENINGS);
        assertEquals(TC_ACT_SHOT, sentOn(packet).action(), "not on its way out");
    }

    /** The entry of what the stack sends on is none of what comes by the interface, and names where it came from. */
    @Test
    void shouldPassWhatTheHostsStackSendsOnOnlyFromWhereItShouldCome() {
        final CachedFlowSpec spec = spec(UDP);
        spec.ingressIfindex = POD_A | CachedFlowSpec.EGRESS;
        spec.action = CachedFlowSpec.PASS;
        spec.targetIfindex = CachedFlowSpec.ANY_INTERFACE;
        spec.mtu = Integer.MAX_VALUE;
        final FlowCachePart part = part(spec);
        final int slot = part.insert(spec);
        final TestSkb.Result result = sentOn(udp(20));
        assertEquals(TC_ACT_OK, result.action());
        assertArrayEquals(udp(20), result.packet());
        assertEquals(1, part.takePackets(slot));
        assertEquals(1, programs.traffic(POD_A).orElseThrow().deliveredPackets());
        assertCounted(PuntCounter.CACHE_HITS);
        assertMissed(udp(20), PuntCounter.CACHE_MISSES);
        part.remove(slot);
        spec.targetIfindex = POD_B;
        part.insert(spec);
        assertEquals(TC_ACT_SHOT, sentOn(udp(20)).action(), "it came by another interface");
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
    }

    /** As if it had come by the loopback interface, the only one that a test run knows. */
    private TestSkb.Result sentOn(final byte[] packet) {
        return TestSkb.of(packet, POD_A).withIngressIfindex(POD_A).run(programs.toWorkload());
    }

    private void putDevice(final int ifindex) {
        programs.map("devices").typed(MapCodec.U32, UplinkDevice.CODEC).update(ifindex,
            UplinkDevice.withoutSockets(MacAddress.of(HOST_B_MAC)));
    }

    @Test
    void shouldNotLookIntoACacheThatIsOff() {
        part(spec(UDP)).insert(spec(UDP));
        cache.switchOff();
        assertEquals(TC_ACT_SHOT, run(udp(0)).action());
        assertCounted(PuntCounter.DROPPED_ENGINE_ABSENT);
    }

    @Test
    void shouldWaitForAGracePeriod() {
        assertTrue(RcuGracePeriod.isAvailable());
        RcuGracePeriod.await();
    }

    private void assertMissed(final byte[] packet, final PuntCounter reason) {
        assertEquals(TC_ACT_SHOT, run(packet).action(), Arrays.toString(packet));
        assertCounted(reason, PuntCounter.DROPPED_ENGINE_ABSENT);
    }

    private void assertCounted(final PuntCounter... expected) {
        counters.assertCounted(expected);
    }
}

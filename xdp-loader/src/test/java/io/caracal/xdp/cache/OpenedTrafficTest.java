package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.ACK;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.RST;
import static io.caracal.xdp.testing.Packet.SYN;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_OK;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_SHOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.caracal.bindings.Fd;
import io.caracal.bindings.NetNamespace;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
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
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Connections that open without Java, of kinds that it has put: packet in; verdict, bytes, counters, entries and the
 * list of what was opened out. A socket stands for the engine: what is not opened is redirected to it, as the packet's
 * header says then.
 */
final class OpenedTrafficTest {
    private static final int SEED = 0x5eed1234;
    private static final int QUEUES = 4;
    private static final int PUNT0 = 4711;
    /** Four slots each and a quarter for each queue: room for a full list, which is of 3072 connections. */
    private static final int BUCKETS = 16384;
    /** CACHE_OPENED_MAX without OPENED_MARGIN of opening.h. */
    private static final int OPENED_LIMIT = 4096 - 1024;
    private static final int FROM_WORKLOAD = 1;
    private static final int TO_WORKLOAD = 2;
    /** The loopback interface, which a test run knows in every namespace. */
    private static final int POD_A = 1;
    private static final byte[] POD_B_MAC = Packet.mac("0a:58:0a:41:00:03");
    private static final byte[] HOST_B_MAC = Packet.mac("ee:ee:ee:ee:ee:02");
    private static final String[] IPV4 = {"10.65.0.2", "10.65.0.3"};
    private static final String[] IPV6 = {"fd00:0:0:1:1111:2222:3333:2", "fd00:0:0:2:1111:2222:3333:3"};
    private static final int SOURCE_PORT = 5000;
    private static final int PORT = 80;
    private static final int FIN = 0x01;
    private static final int TTL_AT = 14 + 8;
    private static final int HOP_LIMIT_AT = 14 + 7;
    private static final int GENERATION = 7;

    /** A test run wants an interface that exists, so the answers' one is in a namespace. */
    private static NetNamespace namespace;
    private static int podB;

    private PuntPrograms programs;
    private Fd socket;
    private FlowCache cache;
    private CounterWatch counters;

    @BeforeAll
    static void makeInterface() {
        namespace = NetNamespace.create("xdp-opened-" + ProcessHandle.current().pid());
        podB = namespace.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(new VethSpec("cali0", "eth0").withMac(MacAddress.of(HOST_B_MAC)));
                return netlink.link("cali0").index();
            }
        });
    }

    @AfterAll
    static void removeInterface() {
        namespace.delete();
        namespace.close();
    }

    @BeforeEach
    void load() {
        load(BUCKETS);
    }

    private void load(final int buckets) {
        programs = PuntPrograms.load(16, buckets);
        programs.configure(new PuntConfig(PUNT0, QUEUES, PuntConfig.HANDED_MARK_DEFAULT,
            PuntConfig.APPROVED_MARK_DEFAULT, OnEngineLoss.DROP, SEED));
        programs.putWorkload(POD_A, new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE));
        programs.putWorkload(podB, new Workload(POD_B_MAC, HOST_B_MAC, MissLimit.NONE));
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        for (int queue = 0; queue < QUEUES; queue++) {
            programs.sockets().set(queue, socket.number());
        }
        cache = FlowCache.map(programs, new FlowQueue(SEED, QUEUES));
        cache.switchOn();
        counters = new CounterWatch(programs);
    }

    @AfterEach
    void unload() {
        cache.close();
        socket.close();
        programs.close();
    }

    /** The first packets' entry: of a connection from pod A to pod B. */
    private static CachedFlowSpec way(final int ipVersion) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = ipVersion;
        spec.protocol = TCP;
        spec.sourceHigh = ipVersion == 4 ? 0 : 0xfd00_0000_0000_0001L;
        spec.sourceLow = ipVersion == 4 ? 0x0a410002L : 0x1111_2222_3333_0002L;
        spec.destinationHigh = ipVersion == 4 ? 0 : 0xfd00_0000_0000_0002L;
        spec.destinationLow = ipVersion == 4 ? 0x0a410003L : 0x1111_2222_3333_0003L;
        spec.ports = SOURCE_PORT << 16 | PORT;
        spec.ingressIfindex = POD_A;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = podB;
        spec.mtu = 1500;
        spec.generation = GENERATION;
        spec.sourceRule = 0x1_0001;
        spec.destinationRule = 0x2_0002;
        return spec;
    }

    /** The answers' entry. */
    private static CachedFlowSpec reply(final int ipVersion) {
        final CachedFlowSpec spec = way(ipVersion);
        spec.reverse();
        spec.ingressIfindex = podB;
        spec.targetIfindex = POD_A;
        spec.mtu = 1400;
        return spec;
    }

    /** As another connection has shown it, and on every worker: so what is not opened is not just another worker's. */
    private void putEverywhere(final CachedFlowSpec way, final CachedFlowSpec reply) {
        final int ports = way.ports;
        way.ports = 4000 << 16 | ports & 0xffff;
        for (int worker = 0; worker < QUEUES; worker++) {
            final FlowOpenings openings = cache.part(worker).openings();
            openings.put(way, reply, openings.epoch());
        }
        way.ports = ports;
    }

    private void putEverywhere() {
        putEverywhere(way(4), reply(4));
    }

    private static int queue(final CachedFlowSpec spec) {
        final FlowQueue queue = new FlowQueue(SEED, QUEUES);
        return spec.ipVersion == 4
            ? queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, spec.protocol,
                spec.ports);
    }

    private FlowCachePart part(final CachedFlowSpec spec) {
        return cache.part(queue(spec));
    }

    /** Source ports of connections of a worker, in their order. */
    private static IntStream sourcePorts(final int worker) {
        return IntStream.range(1024, 0x10000).filter(port -> {
            final CachedFlowSpec spec = way(4);
            spec.ports = port << 16 | PORT;
            return queue(spec) == worker;
        });
    }

    /** To the loopback interface's own MAC, which is all zeros. */
    private static byte[] fromA(final int etherType, final byte[] packet) {
        return Packet.ethernet(new byte[6], Packet.POD_MAC, etherType, packet);
    }

    private static byte[] tcp(final int sourcePort, final int port, final int flags) {
        return fromA(ETH_IPV4, Packet.ipv4(IPV4[0], IPV4[1], TCP, Packet.tcp(sourcePort, port, flags)));
    }

    private static byte[] tcp(final int flags) {
        return tcp(SOURCE_PORT, PORT, flags);
    }

    private static byte[] answer(final int ipVersion, final int flags) {
        final byte[] segment = Packet.tcp(PORT, SOURCE_PORT, flags);
        return ipVersion == 4
            ? Packet.ethernet(HOST_B_MAC, POD_B_MAC, ETH_IPV4, Packet.ipv4(IPV4[1], IPV4[0], TCP, segment))
            : Packet.ethernet(HOST_B_MAC, POD_B_MAC, ETH_IPV6, Packet.ipv6(IPV6[1], IPV6[0], TCP, segment));
    }

    private TestSkb.Result run(final byte[] packet) {
        return TestSkb.of(packet, POD_A).run(programs.fromWorkload());
    }

    private TestSkb.Result runFromB(final byte[] packet) {
        return namespace.call(() -> TestSkb.of(packet, podB).run(programs.fromWorkload()));
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

    /** As the packet and the kind say. */
    private static void assertBothEntries(final FlowCachePart part, final int slot, final CachedFlowSpec way,
        final CachedFlowSpec reply) {
        assertEquals(true, part.isOpened(slot));
        assertEntry(part, slot, way);
        final int replySlot = part.otherSlot(slot);
        assertNotEquals(slot, replySlot);
        assertEquals(false, part.isOpened(replySlot), "the answers' is no first packet's");
        assertEntry(part, replySlot, reply);
        assertEquals(slot, part.otherSlot(replySlot));
    }

    private static void assertEntry(final FlowCachePart part, final int slot, final CachedFlowSpec expected) {
        final CachedFlowSpec read = new CachedFlowSpec();
        assertEquals(true, part.read(slot, read), "not where its key belongs");
        assertEquals(slot, part.find(expected));
        assertEquals(expected.action, read.action);
        assertEquals(expected.targetIfindex, read.targetIfindex);
        assertEquals(expected.mtu, read.mtu);
        assertEquals(expected.generation, read.generation);
        assertEquals(expected.sourceRule, read.sourceRule);
        assertEquals(expected.destinationRule, read.destinationRule);
        assertEquals(false, read.isTranslated);
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

    @Test
    void shouldLeaveNothingBehindWhenTheFirstDirectionsBucketIsFull() {
        assertNotOpenedWithAFullBucket(way(4), reply(4));
    }

    @Test
    void shouldLeaveNothingBehindWhenTheAnswersBucketIsFull() {
        assertNotOpenedWithAFullBucket(reply(4), way(4));
    }

    private void assertNotOpenedWithAFullBucket(final CachedFlowSpec full, final CachedFlowSpec other) {
        putEverywhere();
        final FlowCachePart part = part(way(4));
        final List<Integer> inserted = fill(part, part.home(full));
        assertPuntedOnly(run(tcp(SYN)), PuntCounter.CACHE_OPENINGS);
        assertEquals(FlowCachePart.BUCKET_SLOTS, usedSlots());
        assertTaken();
        final int otherHome = part.home(other);
        assertEquals(IntStream.range(otherHome, otherHome + FlowCachePart.BUCKET_SLOTS).boxed().toList(),
            fill(part, otherHome), "Java can have each of its slots");
        inserted.forEach(part::remove);
        fill(part, otherHome).forEach(slot -> assertEquals(FlowCachePart.NONE, slot));
        IntStream.range(otherHome, otherHome + FlowCachePart.BUCKET_SLOTS).forEach(part::remove);
        assertOpened(run(tcp(SYN)));
    }

    /** Four entries of Java in a bucket, of flows that no packet here is of; returns where each is. */
    private static List<Integer> fill(final FlowCachePart part, final int home) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        final List<Integer> slots = new ArrayList<>();
        for (spec.ports = 1; slots.size() < FlowCachePart.BUCKET_SLOTS; spec.ports++) {
            if (part.home(spec) == home) {
                slots.add(part.insert(spec));
            }
        }
        return slots;
    }

    @Test
    void shouldOpenNoMoreThanJavaIsGoodForUntilItTakesSome() {
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final long openedBefore = opened();
        final int[] ports = sourcePorts(0).toArray();
        int next = 0;
        // Some find their bucket full, which does not count.
        while (opened() - openedBefore < OPENED_LIMIT) {
            run(tcp(ports[next++], PORT, SYN));
        }
        final long openedThen = opened();
        final int usedThen = usedSlots();
        assertEquals(2 * OPENED_LIMIT, usedThen);
        for (int more = 0; more < 100; more++) {
            run(tcp(ports[next++], PORT, SYN));
        }
        assertEquals(openedThen, opened());
        assertEquals(usedThen, usedSlots());
        final Set<Integer> taken = new HashSet<>();
        taken.add(part.openings().take());
        while (opened() == openedThen) {
            run(tcp(ports[next++], PORT, SYN));
        }
        for (int more = 0; more < 100; more++) {
            run(tcp(ports[next++], PORT, SYN));
        }
        assertEquals(openedThen + 1, opened(), "one was taken, so one more opens");
        for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
            assertEquals(true, part.isOpened(slot));
            taken.add(slot);
        }
        assertEquals(OPENED_LIMIT + 1, taken.size(), "each once");
    }

    private long opened() {
        return programs.counters().get(PuntCounter.CACHE_OPENED);
    }

    /** Places are used again and again: positions grow beyond the list's length. */
    @Test
    void shouldGoRoundTheList() {
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final int[] ports = sourcePorts(0).limit(100).toArray();
        for (int count = 0; count < 2 * CachedFlowLayout.OPENED_MAX + 1; count++) {
            run(tcp(ports[count % ports.length], PORT, SYN));
            final int slot = part.openings().take();
            assertEquals(true, slot != FlowCachePart.NONE && part.isOpened(slot), "after " + count);
            remove(part, slot);
        }
        assertEquals(2L * CachedFlowLayout.OPENED_MAX + 1, opened());
        assertNothingOpened();
    }

    /** As if either were just at it: an odd version is all that tells the other. */
    @Test
    void shouldTakeAnotherSlotWhereOneIsBeingWritten() {
        putEverywhere();
        final FlowCachePart part = part(way(4));
        final int home = part.home(way(4));
        final long version = ((long)queue(way(4)) * part.slotCount() + home) * CachedFlowLayout.SLOT_SIZE;
        cache.memory().set(ValueLayout.JAVA_INT, version, 1);
        assertOpened(run(tcp(SYN)));
        assertEquals(home + 1, part.openings().take());
        assertEquals(List.of(home + 2, home + 3, FlowCachePart.NONE, FlowCachePart.NONE), fill(part, home));
    }

    /**
     * The worker inserts while programs open, in a table that is too small for both: each slot is one's or the other's,
     * and what was full is so to both.
     */
    @Test
    void shouldShareTheTableWithJavaWithoutLosingASlot() {
        unload();
        load(16 * QUEUES);
        putEverywhere();
        final FlowCachePart part = cache.part(0);
        final int[] ports = sourcePorts(0).limit(24).toArray();
        for (int round = 0; round < 200; round++) {
            final long openedBefore = opened();
            final CompletableFuture<List<Integer>> inserting = CompletableFuture.supplyAsync(() -> insertSome(part));
            for (final int port : ports) {
                run(tcp(port, PORT, SYN));
            }
            final List<Integer> inserted = inserting.join();
            final List<Integer> slots = new ArrayList<>(inserted);
            assertEquals(inserted.size(), part.usedCount());
            for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
                assertEquals(true, part.isOpened(slot));
                part.claim(slot);
                slots.add(slot);
                slots.add(part.otherSlot(slot));
            }
            assertEquals(inserted.size() + 2 * (opened() - openedBefore), slots.size());
            assertEquals(slots.size(), Set.copyOf(slots).size(), "a slot of two");
            assertEquals(slots.size(), usedSlots());
            slots.forEach(slot -> assertEquals(true, part.read(slot, new CachedFlowSpec())));
            slots.forEach(part::remove);
            assertEquals(0, part.usedCount());
        }
        assertEquals(true, opened() > 0);
        assertNothingOpened();
    }

    private static List<Integer> insertSome(final FlowCachePart part) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        final List<Integer> slots = new ArrayList<>();
        for (spec.ports = 1; spec.ports <= 32; spec.ports++) {
            final int slot = part.insert(spec);
            if (slot != FlowCachePart.NONE) {
                slots.add(slot);
            }
        }
        return slots;
    }

    /**
     * One bucket, which the kernel opens in as often as it can and the worker inserts into: who did not look again as
     * it takes a slot would write into the other's. The kind leaves the packet as it is, so that it can be repeated.
     */
    @Test
    void shouldNeverWriteIntoASlotThatTheOtherHasTaken() {
        final CachedFlowSpec way = way(4);
        way.action = CachedFlowSpec.TO_HOST;
        way.targetIfindex = 0;
        putEverywhere(way, reply(4));
        final FlowCachePart part = part(way);
        final CachedFlowSpec inserted = inBucketOf(part, way);
        final CompletableFuture<TestSkb.Result> opening = CompletableFuture.supplyAsync(
            () -> TestSkb.of(tcp(SYN), POD_A).run(programs.fromWorkload(), 1_000_000));
        long taken = 0;
        while (!opening.isDone()) {
            final int slot = part.insert(inserted);
            taken += removeOpened(part);
            assertEquals(slot, part.find(inserted));
            assertEquals(true, part.read(slot, new CachedFlowSpec()));
            part.remove(slot);
        }
        opening.join();
        taken += removeOpened(part);
        assertEquals(opened(), taken);
        assertEquals(0, part.usedCount());
        assertNothingOpened();
    }

    /** Of a flow that no packet here is of. */
    private static CachedFlowSpec inBucketOf(final FlowCachePart part, final CachedFlowSpec other) {
        final CachedFlowSpec spec = way(4);
        spec.protocol = UDP;
        spec.ports = 1;
        while (part.home(spec) != part.home(other)) {
            spec.ports++;
        }
        return spec;
    }

    private static long removeOpened(final FlowCachePart part) {
        long removed = 0;
        for (int slot = part.openings().take(); slot != FlowCachePart.NONE; slot = part.openings().take()) {
            assertEquals(true, part.isOpened(slot));
            remove(part, slot);
            removed++;
        }
        return removed;
    }

    private static void remove(final FlowCachePart part, final int slot) {
        part.claim(slot);
        part.remove(part.otherSlot(slot));
        part.remove(slot);
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

    private void assertOpened(final TestSkb.Result result) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(POD_B_MAC, result.destinationMac());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OPENED, PuntCounter.CACHE_HITS);
    }

    /** To the engine, and nothing is left in a table that was empty. */
    private void assertPunted(final byte[] packet, final PuntCounter... reasons) {
        assertPuntedOnly(run(packet), reasons);
        assertNothingOpened();
    }

    private void assertPuntedOnly(final TestSkb.Result result, final PuntCounter... reasons) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(FROM_WORKLOAD, POD_A), result.destinationMac());
        final PuntCounter[] counters = Arrays.copyOf(reasons, reasons.length + 1);
        counters[reasons.length] = PuntCounter.PUNTED_FROM_WORKLOAD;
        assertCounted(counters);
    }

    private void assertNothingOpened() {
        assertEquals(0, usedSlots());
        assertTaken();
    }

    /** Nothing is in any list. */
    private void assertTaken() {
        for (int worker = 0; worker < QUEUES; worker++) {
            assertEquals(false, cache.part(worker).openings().hasOpened());
            assertEquals(FlowCachePart.NONE, cache.part(worker).openings().take());
        }
    }

    /** Of all workers, whoever has written them. */
    private int usedSlots() {
        final CachedSlots slots = new CachedSlots(cache.memory());
        int used = 0;
        for (int slot = 0; slot < QUEUES * cache.part(0).slotCount(); slot++) {
            assertEquals(false, slots.isBeingWritten(slot), "nobody writes now");
            used += slots.isUsed(slot) ? 1 : 0;
        }
        return used;
    }

    private void assertCounted(final PuntCounter... expected) {
        counters.assertCounted(expected);
    }
}

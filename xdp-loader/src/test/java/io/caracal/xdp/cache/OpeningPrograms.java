package io.caracal.xdp.cache;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.TestSkb.TC_ACT_REDIRECT;
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
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/**
 * Programs that open connections of kinds which they were told, between a pod on the loopback interface and one in a
 * namespace, and what a test wants to know of both. A socket stands for the engine: what is not opened is redirected to
 * it, as the packet's header says then.
 */
abstract class OpeningPrograms {
    static final int SEED = 0x5eed1234;
    static final int QUEUES = 4;
    private static final int PUNT0 = 4711;
    /** Four slots each and a quarter for each queue: room for a full list, which is of 3072 connections. */
    private static final int BUCKETS = 16384;
    static final int FROM_WORKLOAD = 1;
    /** The loopback interface, which a test run knows in every namespace. */
    static final int POD_A = 1;
    static final byte[] POD_B_MAC = Packet.mac("0a:58:0a:41:00:03");
    static final byte[] HOST_B_MAC = Packet.mac("ee:ee:ee:ee:ee:02");
    static final String[] IPV4 = {"10.65.0.2", "10.65.0.3"};
    static final String[] IPV6 = {"fd00:0:0:1:1111:2222:3333:2", "fd00:0:0:2:1111:2222:3333:3"};
    static final int SOURCE_PORT = 5000;
    static final int PORT = 80;
    static final int TTL_AT = 14 + 8;
    static final int GENERATION = 7;

    /** A test run wants an interface that exists, so the answers' one is in a namespace. */
    static NetNamespace namespace;
    static int podB;

    PuntPrograms programs;
    Fd socket;
    FlowCache cache;
    CounterWatch counters;

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

    void load(final int buckets) {
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
    static CachedFlowSpec way(final int ipVersion) {
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
    static CachedFlowSpec reply(final int ipVersion) {
        final CachedFlowSpec spec = way(ipVersion);
        spec.reverse();
        spec.ingressIfindex = podB;
        spec.targetIfindex = POD_A;
        spec.mtu = 1400;
        return spec;
    }

    /** As another connection has shown it, and on every worker: so what is not opened is not just another worker's. */
    void putEverywhere(final CachedFlowSpec way, final CachedFlowSpec reply) {
        final int ports = way.ports;
        way.ports = 4000 << 16 | ports & 0xffff;
        for (int worker = 0; worker < QUEUES; worker++) {
            final FlowOpenings openings = cache.part(worker).openings();
            openings.put(way, reply, openings.epoch());
        }
        way.ports = ports;
    }

    void putEverywhere() {
        putEverywhere(way(4), reply(4));
    }

    static int queue(final CachedFlowSpec spec) {
        final FlowQueue queue = new FlowQueue(SEED, QUEUES);
        return spec.ipVersion == 4
            ? queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, spec.protocol,
                spec.ports);
    }

    FlowCachePart part(final CachedFlowSpec spec) {
        return cache.part(queue(spec));
    }

    /** To the loopback interface's own MAC, which is all zeros. */
    static byte[] fromA(final int etherType, final byte[] packet) {
        return Packet.ethernet(new byte[6], Packet.POD_MAC, etherType, packet);
    }

    static byte[] tcp(final int sourcePort, final int port, final int flags) {
        return fromA(ETH_IPV4, Packet.ipv4(IPV4[0], IPV4[1], TCP, Packet.tcp(sourcePort, port, flags)));
    }

    static byte[] tcp(final int flags) {
        return tcp(SOURCE_PORT, PORT, flags);
    }

    TestSkb.Result run(final byte[] packet) {
        return TestSkb.of(packet, POD_A).run(programs.fromWorkload());
    }

    TestSkb.Result runFromB(final byte[] packet) {
        return namespace.call(() -> TestSkb.of(packet, podB).run(programs.fromWorkload()));
    }

    long opened() {
        return programs.counters().get(PuntCounter.CACHE_OPENED);
    }

    void assertOpened(final TestSkb.Result result) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(POD_B_MAC, result.destinationMac());
        assertCounted(PuntCounter.CACHE_OPENINGS, PuntCounter.CACHE_OPENED, PuntCounter.CACHE_HITS);
    }

    /** As the packet and the kind say. */
    static void assertBothEntries(final FlowCachePart part, final int slot, final CachedFlowSpec way,
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

    /** To the engine, and nothing is left in a table that was empty. */
    void assertPunted(final byte[] packet, final PuntCounter... reasons) {
        assertPuntedOnly(run(packet), reasons);
        assertNothingOpened();
    }

    void assertPuntedOnly(final TestSkb.Result result, final PuntCounter... reasons) {
        assertEquals(TC_ACT_REDIRECT, result.action());
        assertArrayEquals(Packet.puntMac(FROM_WORKLOAD, POD_A), result.destinationMac());
        final PuntCounter[] counters = Arrays.copyOf(reasons, reasons.length + 1);
        counters[reasons.length] = PuntCounter.PUNTED_FROM_WORKLOAD;
        assertCounted(counters);
    }

    void assertNothingOpened() {
        assertEquals(0, usedSlots());
        assertTaken();
    }

    /** Nothing is in any list. */
    void assertTaken() {
        for (int worker = 0; worker < QUEUES; worker++) {
            assertEquals(false, cache.part(worker).openings().hasOpened());
            assertEquals(FlowCachePart.NONE, cache.part(worker).openings().take());
        }
    }

    /** Of all workers, whoever has written them. */
    int usedSlots() {
        final CachedSlots slots = new CachedSlots(cache.memory());
        int used = 0;
        for (int slot = 0; slot < QUEUES * cache.part(0).slotCount(); slot++) {
            assertEquals(false, slots.isBeingWritten(slot), "nobody writes now");
            used += slots.isUsed(slot) ? 1 : 0;
        }
        return used;
    }

    void assertCounted(final PuntCounter... expected) {
        counters.assertCounted(expected);
    }
}

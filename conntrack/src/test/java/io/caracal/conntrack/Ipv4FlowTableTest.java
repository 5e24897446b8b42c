package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table against plain maps from tuple to flow: creations with and without NAT, lookups, removals, restarts. */
class Ipv4FlowTableTest {
    private static final int CAPACITY = 2000;
    private static final int OPERATIONS = Integer.getInteger("caracal.test.operations",
        TestSeed.isLongRun() ? 100_000_000 : 10_000_000);

    @TempDir
    Path directory;

    private record Tuple(long addresses, int ports, int protocol) {
        Tuple inverse() {
            return new Tuple(Long.rotateLeft(addresses, 32), Integer.rotateLeft(ports, 16), protocol);
        }
    }

    private record Flow(int slot, Tuple original, Tuple reply) {
    }

    private final Ipv4FlowSpec spec = new Ipv4FlowSpec();
    private final Map<Tuple, Integer> model = new HashMap<>();
    private final List<Flow> flows = new ArrayList<>();

    @Test
    void shouldAgreeWithMapsOverRandomOperationsAndRestarts() {
        final SplittableRandom random = TestSeed.random("Ipv4FlowTableTest");
        FlowImage image = Tables.image(directory, 4, CAPACITY);
        Ipv4FlowTable table = Tables.ipv4(image);
        for (int i = 0; i < OPERATIONS; i++) {
            final int choice = random.nextInt(100);
            if (choice < 45) {
                create(table, random);
            } else if (choice < 60 && !flows.isEmpty()) {
                removeOne(table, random);
            } else {
                final Tuple tuple = randomTuple(random);
                assertEquals(model.getOrDefault(tuple, FlowTable.MISS),
                    table.find(tuple.addresses, tuple.ports, tuple.protocol), tuple::toString);
            }
            if (i % (OPERATIONS / 4) == OPERATIONS / 8) {
                table.close();
                image.close();
                image = Tables.image(directory, 4, CAPACITY);
                table = Tables.ipv4(image);
                assertEquals(flows.size() + " restored, 0 torn, 0 invalid, 0 duplicate",
                    table.restoration().toString());
            }
        }
        assertEverythingIsFound(table);
        table.close();
        image.close();
    }

    private void create(final Ipv4FlowTable table, final SplittableRandom random) {
        final Tuple original = randomTuple(random);
        if (model.containsKey(original)) {
            return;
        }
        Tables.udp(spec, original.addresses, original.ports);
        spec.protocol = original.protocol;
        spec.state = original.protocol == IpProtocol.TCP ? FlowState.TCP_SYN_SENT : FlowState.UNREPLIED;
        spec.sourceIfindex = random.nextInt(5);
        spec.destinationIfindex = random.nextInt(5);
        if (random.nextInt(3) == 0) {
            spec.replyPorts ^= random.nextInt(1, 4);
        }
        spec.deriveNatFlags();
        final Tuple reply = new Tuple(spec.replyAddresses, spec.replyPorts, original.protocol);
        if (model.containsKey(reply) || model.containsKey(original.inverse())) {
            return;
        }
        final int slot = table.create(spec);
        if (flows.size() == CAPACITY) {
            assertEquals(FlowTable.MISS, slot);
            return;
        }
        flows.add(new Flow(slot, original, reply));
        model.put(reply, slot << 1 | FlowTable.REPLY);
        model.put(original.inverse(), slot << 1 | FlowTable.REPLY);
        model.put(original, slot << 1);
    }

    private void removeOne(final Ipv4FlowTable table, final SplittableRandom random) {
        final int victim = random.nextInt(flows.size());
        final Flow flow = flows.set(victim, flows.getLast());
        flows.removeLast();
        table.remove(flow.slot, RemovalCause.FLUSHED);
        model.remove(flow.original);
        model.remove(flow.original.inverse());
        model.remove(flow.reply);
        assertEquals(flows.size(), table.flowCount());
    }

    private void assertEverythingIsFound(final Ipv4FlowTable table) {
        final Ipv4Burst burst = new Ipv4Burst();
        for (final Map.Entry<Tuple, Integer> entry : model.entrySet()) {
            final Tuple tuple = entry.getKey();
            burst.count = 0;
            burst.add(tuple.addresses, tuple.ports, tuple.protocol);
            burst.add(~tuple.addresses, tuple.ports, tuple.protocol);
            table.lookup(burst);
            assertEquals(entry.getValue(), burst.found[0], tuple::toString);
            assertEquals(FlowTable.MISS, burst.found[1], tuple::toString);
        }
        assertTrue(model.size() > CAPACITY, "the test filled the table: " + model.size());
    }

    /** Few values, so that tuples meet their inverses, and themselves again. */
    private static Tuple randomTuple(final SplittableRandom random) {
        final long addresses = (0x0a000000L + random.nextInt(20)) << 32 | 0x0a000000L + random.nextInt(20);
        final int ports = random.nextInt(4) << 16 | random.nextInt(4);
        return new Tuple(addresses, ports, random.nextBoolean() ? IpProtocol.TCP : IpProtocol.UDP);
    }

    @Test
    void shouldFindAFlowByBothOfItsTuples() {
        try (FlowImage image = Tables.image(directory, 4, 10); Ipv4FlowTable table = Tables.ipv4(image)) {
            final long clientToServer = 0x0a000001_0a000002L;
            Tables.udp(spec, clientToServer, 1000 << 16 | 53);
            spec.replyAddresses = 0x0a000002_c0a80001L;
            spec.replyPorts = 53 << 16 | 40000;
            final int slot = table.create(spec.deriveNatFlags());
            assertEquals(FlowFlags.SOURCE_NAT, spec.flags);
            assertEquals(slot << 1, table.find(clientToServer, 1000 << 16 | 53, IpProtocol.UDP));
            assertEquals(slot << 1 | FlowTable.REPLY,
                table.find(0x0a000002_c0a80001L, 53 << 16 | 40000, IpProtocol.UDP));
            assertEquals(slot << 1 | FlowTable.REPLY,
                table.find(0x0a000002_0a000001L, 53 << 16 | 1000, IpProtocol.UDP), "an answer whose NAT has been undone");
            assertEquals(FlowTable.MISS, table.find(clientToServer, 1000 << 16 | 53, IpProtocol.TCP));
        }
    }

    @Test
    void shouldDropRecordsThatNoFlowCanHave() {
        try (FlowImage image = Tables.image(directory, 4, 8)) {
            try (Ipv4FlowTable table = Tables.ipv4(image)) {
                for (int i = 0; i < 8; i++) {
                    table.create(Tables.udp(spec, 0x0a000001_0a000002L + i, 7));
                }
            }
            FlowRecord.state(image.records() + FlowRecord.IPV4_SIZE, FlowState.TCP_ESTABLISHED);
            FlowRecord.flags(image.records() + 2 * FlowRecord.IPV4_SIZE, 0x8000);
            OffHeap.putInt(image.records() + 3 * FlowRecord.IPV4_SIZE + FlowRecord.IPV4_REPLY_PORTS_OFFSET, 1);
            OffHeap.putInt(image.accounts() + 4 * FlowAccount.SIZE + FlowAccount.SOURCE_IFINDEX_OFFSET, -1);
            OffHeap.putLong(image.records() + 5 * FlowRecord.IPV4_SIZE + FlowRecord.IPV4_ORIGINAL_ADDRESSES_OFFSET,
                0x0a000001_0a000002L);
            OffHeap.putLong(image.records() + 5 * FlowRecord.IPV4_SIZE + FlowRecord.IPV4_REPLY_ADDRESSES_OFFSET,
                0x0a000002_0a000001L);
            try (Ipv4FlowTable table = Tables.ipv4(image)) {
                assertEquals("3 restored, 0 torn, 4 invalid, 1 duplicate", table.restoration().toString());
                assertEquals(3, table.flowCount());
            }
        }
    }
}

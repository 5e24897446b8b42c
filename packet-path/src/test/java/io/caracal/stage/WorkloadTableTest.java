package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The tables against hash maps that are filled in the order of the puts. */
class WorkloadTableTest {
    private static final int ENTRIES = 10_000;

    @Test
    void shouldKnowNobodyWhenEmpty() {
        assertEquals(WorkloadTable.NONE, WorkloadTable.EMPTY.ipv4Ifindex(0));
        assertEquals(WorkloadTable.NONE, WorkloadTable.EMPTY.ipv4Ifindex(Ipv4Address.parse("10.65.0.7")));
        assertEquals(WorkloadTable.NONE, WorkloadTable.EMPTY.ipv6Ifindex(0, 0));
        assertNull(WorkloadTable.EMPTY.workload(1));
        assertEquals(0, WorkloadTable.EMPTY.workloadCount());
    }

    @Test
    void shouldFindEveryAddressOfAWorkload() {
        final Workload pod = Workload.of(12, "10.65.0.7", "fd00::7", "0.0.0.0", "255.255.255.255", "::");
        final WorkloadTable table = new WorkloadTable.Builder().put(pod).build();
        assertEquals(12, table.ipv4Ifindex(Ipv4Address.parse("10.65.0.7")));
        assertEquals(12, table.ipv4Ifindex(0));
        assertEquals(12, table.ipv4Ifindex(-1));
        assertEquals(12, table.ipv6Ifindex(Ipv6Text.parse("fd00::7").high(), 7));
        assertEquals(12, table.ipv6Ifindex(0, 0));
        assertSame(pod, table.workload(12));
        assertEquals("ifindex 12 10.65.0.7 0.0.0.0 255.255.255.255 fd00::7 ::", pod.toString());
    }

    @Test
    void shouldGiveAnAddressToTheLastWorkloadThatClaimsItAndBackWhenThatGoes() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder()
            .put(Workload.of(12, "10.65.0.7")).put(Workload.of(13, "10.65.0.7"));
        final int address = Ipv4Address.parse("10.65.0.7");
        final WorkloadTable both = builder.build();
        assertEquals(13, both.ipv4Ifindex(address));
        assertEquals(12, builder.put(Workload.of(12, "10.65.0.7")).build().ipv4Ifindex(address));
        assertEquals(13, builder.remove(12).build().ipv4Ifindex(address));
        assertEquals(WorkloadTable.NONE, builder.remove(13).remove(99).build().ipv4Ifindex(address));
        assertEquals(13, both.ipv4Ifindex(address), "a table never changes");
    }

    @Test
    void shouldRefuseWhatIsNoWorkload() {
        assertThrows(IllegalArgumentException.class, () -> Workload.of(0, "10.65.0.7"));
        assertThrows(IllegalArgumentException.class, () -> Workload.of(-1));
        assertThrows(IllegalArgumentException.class, () -> Workload.of(12, "10.65.0"));
    }

    @Test
    void shouldPublishTablesWhole() {
        final WorkloadTablePublisher publisher = new WorkloadTablePublisher();
        assertSame(WorkloadTable.EMPTY, publisher.current());
        final WorkloadTable table = new WorkloadTable.Builder().put(Workload.of(12)).build();
        publisher.publish(table);
        assertSame(table, publisher.current());
    }

    @Test
    void shouldAgreeWithHashMapsOnTenThousandWorkloads() {
        final long seed = System.nanoTime();
        System.out.println("WorkloadTableTest: seed " + seed);
        final Random random = new Random(seed);
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        final Map<Integer, Workload> oracle = new LinkedHashMap<>();
        for (int round = 0; round < ENTRIES * 3 / 2; round++) {
            // Few interfaces and a dense address plan, so that puts replace and addresses collide.
            final int ifindex = 1 + random.nextInt(ENTRIES);
            oracle.remove(ifindex);
            if (random.nextInt(8) == 0) {
                builder.remove(ifindex);
            } else {
                final Workload workload = randomWorkload(random, ifindex);
                builder.put(workload);
                oracle.put(ifindex, workload);
            }
        }
        assertAgrees(builder.build(), oracle, random, "seed " + seed);
    }

    private static Workload randomWorkload(final Random random, final int ifindex) {
        final int low = random.nextInt(ENTRIES);
        return Workload.of(ifindex, Ipv4Address.format(0x0A41_0000 + low),
            Ipv6Text.format(0xFD00_0010_0065_0000L + random.nextInt(2), low),
            Ipv6Text.format(0xFD00_0010_0065_0000L, random.nextLong()));
    }

    private static void assertAgrees(
        final WorkloadTable table, final Map<Integer, Workload> oracle, final Random random, final String at) {
        final Map<Integer, Integer> ipv4 = new LinkedHashMap<>();
        final Map<Ipv6Text, Integer> ipv6 = new LinkedHashMap<>();
        for (final Workload workload : oracle.values()) {
            ipv4.put(workload.ipv4(0), workload.ifindex());
            ipv6.put(workload.ipv6(0), workload.ifindex());
            ipv6.put(workload.ipv6(1), workload.ifindex());
        }
        assertEquals(oracle.size(), table.workloadCount(), at);
        for (int low = -10; low < ENTRIES + 10; low++) {
            final int address = 0x0A41_0000 + low;
            assertEquals(ipv4.getOrDefault(address, WorkloadTable.NONE), table.ipv4Ifindex(address), at);
            assertSame(oracle.get(low), table.workload(low), at);
        }
        ipv6.forEach((address, ifindex) ->
            assertEquals(ifindex, table.ipv6Ifindex(address.high(), address.low()), at));
        for (int round = 0; round < ENTRIES; round++) {
            final Ipv6Text address = new Ipv6Text(0xFD00_0010_0065_0000L + random.nextInt(3), random.nextInt(ENTRIES));
            assertEquals(ipv6.getOrDefault(address, WorkloadTable.NONE),
                table.ipv6Ifindex(address.high(), address.low()), at);
        }
    }
}

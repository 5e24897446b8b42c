package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A process that dies in the middle of a write: at every byte of a record and of its account, of either family,
 * whichever way the write was (making, changing or ending a flow), start-up drops that record and no other.
 */
class TornWriteTest {
    private static final int FLOWS = 3;
    private static final int VICTIM = 1;
    private static final byte FOREIGN = (byte)0xee;

    @TempDir
    Path directory;

    @ParameterizedTest(name = "IPv{0}")
    @ValueSource(ints = {4, 6})
    void shouldDropATornRecordAndNoOtherWhereverTheWriteWasCut(final int ipVersion) {
        fill(ipVersion);
        final int recordSize = Tables.spec(ipVersion, FLOWS).recordSize();
        for (int cut = 0; cut <= recordSize - FlowRecord.PROTOCOL_OFFSET; cut++) {
            assertOnlyTheVictimIsLost(ipVersion, FlowRecord.PROTOCOL_OFFSET, cut, "record", false);
        }
    }

    @ParameterizedTest(name = "IPv{0}")
    @ValueSource(ints = {4, 6})
    void shouldDropARecordWhoseAccountWasTornAndNoOther(final int ipVersion) {
        fill(ipVersion);
        for (int cut = 0; cut <= FlowAccount.SIZE; cut++) {
            assertOnlyTheVictimIsLost(ipVersion, 0, cut, "account", true);
        }
    }

    private void fill(final int ipVersion) {
        try (FlowImage image = Tables.image(directory, ipVersion, FLOWS); FlowTable table = table(image)) {
            for (int i = 0; i < FLOWS; i++) {
                assertEquals(i, create(table, i));
            }
        }
    }

    private void assertOnlyTheVictimIsLost(final int ipVersion, final int from, final int cut, final String what,
        final boolean inAccount) {
        try (FlowImage image = Tables.image(directory, ipVersion, FLOWS)) {
            final int recordSize = image.spec().recordSize();
            final long record = image.records() + (long)VICTIM * recordSize;
            final long account = image.accounts() + (long)VICTIM * FlowAccount.SIZE;
            final byte[] wholeRecord = bytes(record, recordSize);
            final byte[] wholeAccount = bytes(account, FlowAccount.SIZE);
            final List<byte[]> others = others(image);
            FlowRecord.beginWrite(record);
            for (int i = 0; i < cut; i++) {
                OffHeap.putByte((inAccount ? account : record) + from + i, FOREIGN);
            }
            final String where = what + " cut after " + cut + " bytes";
            try (FlowTable table = table(image)) {
                assertEquals("2 restored, 1 torn, 0 invalid, 0 duplicate", restorationOf(table).toString(), where);
                assertEquals(FlowState.FREE, table.state(VICTIM), where);
                assertTrue(find(table, 0) != FlowTable.MISS && find(table, 2) != FlowTable.MISS, where);
                assertEquals(FlowTable.MISS, find(table, VICTIM), where);
                final List<byte[]> after = others(image);
                for (int i = 0; i < others.size(); i++) {
                    assertEquals(List.of(boxed(others.get(i))), List.of(boxed(after.get(i))), where);
                }
                assertEquals(VICTIM, create(table, VICTIM), "its slot is used again");
            }
            put(record, wholeRecord);
            put(account, wholeAccount);
        }
    }

    private static List<byte[]> others(final FlowImage image) {
        final List<byte[]> others = new ArrayList<>();
        for (final int slot : new int[] {0, 2}) {
            others.add(bytes(image.records() + (long)slot * image.spec().recordSize(), image.spec().recordSize()));
            others.add(bytes(image.accounts() + (long)slot * FlowAccount.SIZE, FlowAccount.SIZE));
        }
        return others;
    }

    private static FlowTable table(final FlowImage image) {
        return image.spec().ipVersion() == 4 ? Tables.ipv4(image) : Tables.ipv6(image);
    }

    private static FlowRestoration restorationOf(final FlowTable table) {
        return table instanceof Ipv4FlowTable ipv4 ? ipv4.restoration() : ((Ipv6FlowTable)table).restoration();
    }

    private static Ipv6Tuple tuple(final int n) {
        final Ipv6Tuple tuple = new Ipv6Tuple();
        tuple.sourceHigh = 1;
        tuple.destinationLow = 2 + n;
        tuple.ports = 7;
        return tuple;
    }

    private static int create(final FlowTable table, final int n) {
        if (table instanceof Ipv4FlowTable ipv4) {
            return ipv4.create(Tables.udp(new Ipv4FlowSpec(), 0x0a000001_0a000002L + n, 7));
        }
        final Ipv6FlowSpec spec = new Ipv6FlowSpec();
        spec.reset(tuple(n), IpProtocol.UDP);
        spec.state = FlowState.UNREPLIED;
        spec.nowMs = Tables.START_MS;
        return ((Ipv6FlowTable)table).create(spec);
    }

    private static int find(final FlowTable table, final int n) {
        return table instanceof Ipv4FlowTable ipv4 ? ipv4.find(0x0a000001_0a000002L + n, 7, IpProtocol.UDP)
            : ((Ipv6FlowTable)table).find(tuple(n), IpProtocol.UDP);
    }

    private static String boxed(final byte[] bytes) {
        return java.util.HexFormat.of().formatHex(bytes);
    }

    private static byte[] bytes(final long address, final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = OffHeap.getByte(address + i);
        }
        return bytes;
    }

    private static void put(final long address, final byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            OffHeap.putByte(address + i, bytes[i]);
        }
    }
}

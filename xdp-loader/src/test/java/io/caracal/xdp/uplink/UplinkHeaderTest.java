package io.caracal.xdp.uplink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.netlink.MacAddress;
import io.caracal.xdp.MapCodec;
import io.caracal.xdp.testing.CHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whether Java's mirror of uplink.h and of struct device is one: names, numbers, and the place of every field. */
final class UplinkHeaderTest {
    private static final InetAddress V4 = InetAddress.ofLiteral("192.0.2.1");
    private static final InetAddress V6 = InetAddress.ofLiteral("2001:db8::1");
    private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:07");

    @Test
    void shouldHaveTheCountersOfTheHeaderWithTheirIds() throws IOException {
        final Map<String, Integer> expected = CHeader.read("uplink.h").enumeration("uplink_counter");
        assertEquals(UplinkCounter.values().length, expected.remove("UPLINK_COUNTER_COUNT"));
        final Map<String, Integer> actual = new LinkedHashMap<>();
        for (final UplinkCounter counter : UplinkCounter.values()) {
            actual.put("UPLINK_" + counter, counter.id());
        }
        assertEquals(expected, actual);
    }

    @Test
    void shouldListEveryCounterInTheReadme() throws IOException {
        final String readme = Files.readString(Path.of("README.md"));
        for (final UplinkCounter counter : UplinkCounter.values()) {
            final String row = "| `" + counter + "` | " + counter.meaning() + " |\n";
            assertTrue(readme.contains(row), row);
        }
    }

    @Test
    void shouldHaveTheLimitsOfTheHeaders() throws IOException {
        final CHeader header = CHeader.read("uplink.h");
        assertTrue(header.defines("UPLINK_QUEUES_MAX", UplinkDevice.QUEUES_MAX));
        assertTrue(CHeader.read("maps.h").defines("DEVICES_MAX", UplinkDevice.DEVICES_MAX));
        assertEquals(new UplinkLimits(4096, 16_384, 262_144), UplinkLimits.DEFAULT);
        assertTrue(header.defines("LOCAL_ADDRESSES_MAX", UplinkLimits.DEFAULT.localAddresses()));
        assertTrue(header.defines("VTEPS_MAX", UplinkLimits.DEFAULT.vteps()));
        assertTrue(header.defines("NAT_BINDINGS_MAX", UplinkLimits.DEFAULT.natBindings()));
    }

    @Test
    void shouldWriteEachFieldOfTheConfigurationWhereCReadsIt() throws IOException {
        final UplinkConfig config = new UplinkConfig(11, 12, (Inet4Address)V4, (Inet6Address)V6, true, 13, 14);
        final Map<String, Integer> at = CHeader.read("uplink.h").fieldOffsets("uplink_config");
        final MemorySegment bytes = written(UplinkConfig.CODEC, config, at);
        assertEquals(11, intAt(bytes, at.get("vni")));
        assertEquals(12, intAt(bytes, at.get("vxlan_port")));
        assertEquals(1, intAt(bytes, at.get("drop_unknown_vtep")));
        assertEquals(13, intAt(bytes, at.get("overlay_ifindex_v4")));
        assertEquals(14, intAt(bytes, at.get("overlay_ifindex_v6")));
        assertAddress(V4, bytes, at.get("local_v4"));
        assertAddress(V6, bytes, at.get("local_v6"));
        written(UplinkConfig.CODEC, UplinkConfig.WITHOUT_OVERLAY, at);
    }

    @Test
    void shouldWriteEachFieldOfADeviceWhereCReadsIt() throws IOException {
        final Map<String, Integer> at = CHeader.read("caracal.h").fieldOffsets("device");
        final MemorySegment bytes = written(UplinkDevice.CODEC, new UplinkDevice(MAC, 100, 16, 4), at);
        assertEquals(7, bytes.get(ValueLayout.JAVA_BYTE, at.get("mac") + 5));
        assertEquals(100, bytes.get(ValueLayout.JAVA_SHORT_UNALIGNED, at.get("vlan_id")));
        assertEquals(16, intAt(bytes, at.get("queue_base")));
        assertEquals(4, intAt(bytes, at.get("queue_count")));
    }

    @Test
    void shouldWriteEachFieldOfABindingWhereCReadsIt() throws IOException {
        final Map<String, Integer> at = CHeader.read("uplink.h").fieldOffsets("nat_binding");
        for (final InetAddress[] ends : new InetAddress[][] {{V4, InetAddress.ofLiteral("198.51.100.1")},
            {V6, InetAddress.ofLiteral("2001:db8:1::1")}}) {
            final MemorySegment bytes =
                written(NatBinding.CODEC, new NatBinding(ends[0], ends[1], 0x1234, 0xfedc, 17), at);
            assertAddress(ends[0], bytes, at.get("own"));
            assertAddress(ends[1], bytes, at.get("remote"));
            assertEquals(0x12, bytes.get(ValueLayout.JAVA_BYTE, at.get("own_port_be")));
            assertEquals((byte)0xfe, bytes.get(ValueLayout.JAVA_BYTE, at.get("remote_port_be")));
            assertEquals(17, intAt(bytes, at.get("protocol")));
        }
    }

    @Test
    void shouldRefuseWhatTheMapsCannotHold() {
        assertThrows(IllegalArgumentException.class, () -> new UplinkConfig(1 << 24, 4789, null, null, true, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new UplinkConfig(1, 65536, null, null, true, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new UplinkDevice(MAC, 4095, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new UplinkDevice(MAC, 0, 250, 7));
        assertThrows(IllegalArgumentException.class, () -> new UplinkLimits(0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new NatBinding(V4, V6, 1, 2, 6));
    }

    private static <T> MemorySegment written(final MapCodec<T> codec, final T value, final Map<String, Integer> at) {
        assertEquals(at.get("sizeof"), codec.size());
        final MemorySegment bytes = Arena.ofAuto().allocate(codec.size());
        codec.write(bytes, value);
        assertEquals(value, codec.read(bytes));
        return bytes;
    }

    private static void assertAddress(final InetAddress expected, final MemorySegment bytes, final int offset) {
        assertEquals(expected.getAddress().length / 4, intAt(bytes, offset));
        assertEquals(expected, AddressCodec.INSTANCE.read(bytes.asSlice(offset, AddressCodec.SIZE)));
        assertEquals(expected.getAddress()[0], bytes.get(ValueLayout.JAVA_BYTE, offset + 4));
    }

    private static int intAt(final MemorySegment bytes, final int offset) {
        return bytes.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }
}

package io.caracal.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Posix;
import io.caracal.netlink.Link;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeMtuTest {
    private static final Pattern PATTERN = NodeMtu.INTERFACE_PATTERN_DEFAULT;

    private static Link link(final String name, final int mtu, final boolean isUp) {
        return new Link(1, name, "", null, mtu, isUp ? Posix.IFF_UP : 0, 6, 0, -1, 0, 1, 1, 0);
    }

    private static NodeMtu compute(final Set<Encapsulation> inUse, final Link... links) {
        return NodeMtu.compute(List.of(links), PATTERN, Map.of(), inUse);
    }

    @Test
    void shouldTakeTheSmallestInterfaceThatIsUpAndMatches() {
        assertEquals(1500, compute(Set.of(), link("eth0", 1500, true), link("ens5", 9001, true)).host());
        assertEquals(9001, compute(Set.of(), link("eth0", 1500, false), link("ens5", 9001, true)).host());
        assertEquals(9001, compute(Set.of(), link("lo", 1400, true), link("cali123", 1400, true),
            link("docker0", 1400, true), link("vxlan.calico", 1450, true), link("enp3s0", 9001, true)).host());
        assertEquals(NodeMtu.HOST_MTU_FALLBACK, compute(Set.of(), link("lo", 65_536, true)).host());
        assertEquals(1480, NodeMtu.compute(List.of(link("bond0", 1480, true)), Pattern.compile("bond"), Map.of(),
            Set.of()).host());
    }

    @Test
    void shouldTakeTheOverheadOfWhatIsInUseOffForPods() {
        final Link eth0 = link("eth0", 1500, true);
        assertEquals(1500, compute(Set.of(), eth0).pod());
        assertEquals(1480, compute(Set.of(Encapsulation.IPIP), eth0).pod());
        assertEquals(1450, compute(Set.of(Encapsulation.VXLAN_IPV4), eth0).pod());
        assertEquals(1430, compute(Set.of(Encapsulation.VXLAN_IPV4, Encapsulation.VXLAN_IPV6), eth0).pod());
        assertEquals(1440, compute(Set.of(Encapsulation.WIREGUARD_IPV4), eth0).pod());
        assertEquals(1420, compute(Set.of(Encapsulation.WIREGUARD_IPV6, Encapsulation.IPIP), eth0).pod());
        assertEquals(8951, compute(Set.of(Encapsulation.VXLAN_IPV4), link("eth0", 9001, true)).pod());
        assertEquals(1450, compute(Set.of(), eth0).tunnel(Encapsulation.VXLAN_IPV4));
    }

    @Test
    void shouldPreferWhatIsConfigured() {
        final NodeMtu mtu = NodeMtu.compute(List.of(link("eth0", 1500, true)), PATTERN,
            Map.of(Encapsulation.VXLAN_IPV4, 1400, Encapsulation.VXLAN_IPV6, 0),
            Set.of(Encapsulation.VXLAN_IPV4, Encapsulation.VXLAN_IPV6));
        assertEquals(1400, mtu.tunnel(Encapsulation.VXLAN_IPV4));
        assertEquals(1430, mtu.tunnel(Encapsulation.VXLAN_IPV6));
        assertEquals(1400, mtu.pod());
    }

    @Test
    void shouldWriteTheFileOnceAsTheCniPluginReadsIt(@TempDir final Path folder) throws IOException {
        final MtuFile file = new MtuFile(folder.resolve("lib/calico/mtu"));
        assertEquals(Optional.empty(), file.read());
        assertTrue(file.write(1450));
        assertEquals("1450", Files.readString(file.path()), "no newline");
        assertEquals("rw-r--r--", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.path())));
        assertFalse(file.write(1450));
        assertTrue(file.write(8951));
        assertEquals(Optional.of("8951"), file.read());
        assertEquals(1, Files.list(file.path().getParent()).count(), "no draft is left");
        assertTrue(file.remove());
        assertFalse(file.remove());
        Files.createDirectory(file.path());
        final UncheckedIOException failure = assertThrows(UncheckedIOException.class, () -> file.write(1450));
        assertTrue(failure.getMessage().contains(file.path().toString()), failure.getMessage());
    }

    @Test
    void shouldRefuseWhatIsNoNetwork() {
        assertEquals("10.65.0.0/26", IpPrefix.parse("10.65.0.0/26").toString());
        assertTrue(IpPrefix.parse("10.65.0.1/32").isSingleAddress());
        assertFalse(IpPrefix.parse("fd00::/122").isIpv4());
        for (final String text : new String[] {"10.65.0.1/26", "10.65.0.0/33", "10.65.0.0", "fd00::1/64",
            "10.65.0.0/-1"}) {
            assertThrows(IllegalArgumentException.class, () -> IpPrefix.parse(text), text);
        }
    }
}

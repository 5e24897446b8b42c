package io.caracal.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.kernel.HostPart;
import io.caracal.kernel.NodeNetworkSpec;
import io.caracal.kernel.OverlaySpec;
import io.caracal.kernel.PodInterface;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the kernel of the node that {@link NetworkFixture} draws shall know. */
class KernelSpecCompilerTest {
    private static Set<String> blocks(final NodeNetworkSpec spec) {
        final Set<String> texts = new TreeSet<>();
        spec.remoteBlocks().forEach(block -> texts.add(block.network() + (block.isEncapsulated() ? " vxlan " : " via ")
            + block.gateway().getHostAddress()));
        return texts;
    }

    @Test
    void shouldSayWhatFelixWouldProgram() {
        final NodeNetworkSpec spec = KernelSpecCompiler.compile(NetworkFixture.overlay().input());
        assertEquals(Set.of("10.65.1.0/26 vxlan 10.65.1.0", "10.65.2.0/26 vxlan 10.65.9.9",
            "10.65.9.9/32 vxlan 10.65.9.9", "10.66.1.0/26 via 192.168.1.11",
            "fd00:65:1:0:0:0:0:0/122 vxlan fd00:65:1:0:0:0:0:0"), blocks(spec));
        assertEquals(Set.of("10.65.0.0/26", "fd00:65:0:0:0:0:0:0/122"), NetworkFixture.texts(spec.localBlocks()));
        assertEquals(Set.of("b", "c"), NetworkFixture.texts(spec.remoteVteps().stream().map(each -> each.node())
            .toList()));
        assertEquals(List.of("cali7", "cali8"), spec.pods().stream().map(PodInterface::name).toList());
        final OverlaySpec ipv4 = spec.overlays().getFirst();
        assertEquals(OverlaySpec.DEVICE_IPV4, ipv4.device());
        assertEquals(1450, ipv4.mtu());
        assertEquals("66:00:00:00:04:0a", ipv4.mac().toString());
        assertEquals("10.65.0.0", ipv4.tunnelAddress().getHostAddress());
        assertEquals(OverlaySpec.DEVICE_IPV6, spec.overlays().getLast().device());
        assertEquals(1430, spec.overlays().getLast().mtu());
    }

    @Test
    void shouldProgramPlainRoutesOnlyWhereFelixIsToldTo() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.settings("ProgramClusterRoutes", "Enabled");
        final Set<String> blocks = blocks(KernelSpecCompiler.compile(fixture.input()));
        assertEquals(true, blocks.contains("10.67.1.0/26 via 192.168.1.11"), blocks.toString());
        assertEquals(false, blocks.stream().anyMatch(block -> block.startsWith("10.68")), "IPIP is not spoken");
    }

    @Test
    void shouldSayWhatTheSettingsOfTheHostSay() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        assertEquals(HostPart.DEFAULT, KernelSpecCompiler.compile(fixture.input()).host());
        fixture.settings("Ipv6Support", "false", "IPForwarding", "Disabled", "DeviceRouteSourceAddress", "192.168.1.10",
            "DeviceRouteSourceAddressIPv6", "2001:db8:1::10");
        final NodeNetworkSpec spec = KernelSpecCompiler.compile(fixture.input());
        assertEquals(new HostPart(false, false, Optional.of(InetAddress.ofLiteral("192.168.1.10")),
            Optional.of(InetAddress.ofLiteral("2001:db8:1::10"))), spec.host());
        assertEquals(List.of(OverlaySpec.DEVICE_IPV4), spec.overlays().stream().map(OverlaySpec::device).toList());
        assertEquals(Set.of("10.65.0.0/26"), NetworkFixture.texts(spec.localBlocks()));
        assertEquals(Set.of(), blocks(spec).stream().filter(block -> block.contains(":")).collect(Collectors.toSet()));
        assertEquals(List.of("b", "c"), spec.remoteVteps().stream().map(each -> each.node()).toList());
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({"IPForwarding, perhaps, 'one of enabled, disabled'", "Ipv6Support, maybe, 'one of true, false'",
        "ServiceLoopPrevention, Allow, 'one of drop, reject, disabled'",
        "DeviceRouteSourceAddress, 2001:db8::1, an IPv4 address",
        "DeviceRouteSourceAddress, 10.0.0.0/8, an IPv4 address",
        "DeviceRouteSourceAddressIPv6, 10.0.0.1, an IPv6 address",
        "IptablesNATOutgoingInterfaceFilter, a very long name of nothing, 'an interface''s name'"})
    void shouldRefuseWhatCannotBeRead(final String key, final String value, final String expected) {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.settings("Ipv6Support", "false", "ServiceLoopPrevention", "Reject", "RequireMTUFile", "true");
        final String refusal =
            assertThrows(IllegalArgumentException.class, () -> fixture.settings(key, value)).getMessage();
        assertTrue(refusal.startsWith("Felix setting " + key + "=" + value + " is not " + expected), refusal);
        final FelixHostSettings before = fixture.cluster.settings().host();
        assertFalse(before.part().ipv6(), "the ones before it stay");
        assertEquals(ServiceLoops.REJECT, before.serviceLoops());
        assertTrue(before.requiresMtuFile());
    }

    @Test
    void shouldKnowPodsAloneOnANodeOfItsOwn() {
        final NetworkFixture fixture = new NetworkFixture();
        fixture.pod("cali7", 12, "10.1.0.7");
        final NodeNetworkSpec spec = KernelSpecCompiler.compile(fixture.input());
        assertEquals(NodeNetworkSpec.EMPTY.withLocals(List.of(), spec.pods()), spec);
        assertEquals("10.1.0.7", spec.pods().getFirst().addresses().getFirst().getHostAddress());
    }
}

package io.caracal.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.NodeChange;
import io.caracal.network.NextHopPlan.Device;
import io.caracal.network.NextHopPlan.Direct;
import io.caracal.network.NextHopPlan.Tunnel;
import io.caracal.policy.model.Prefix;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteWord;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.xdp.uplink.UplinkMode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What control and the kernel say, in; where addresses lead, out. The node is drawn at {@link NetworkFixture}. */
class ForwardingCompilerTest {
    private final ForwardingCompiler compiler = new ForwardingCompiler();

    /** A route in words: kind, flags, next hop. */
    private static String route(final CompiledForwarding compiled, final String address) {
        final long word;
        if (address.indexOf(':') < 0) {
            word = compiled.routes().ipv4(Ipv4Address.parse(address));
        } else {
            final Ipv6Text text = Ipv6Text.parse(address);
            word = compiled.routes().ipv6(text.high(), text.low());
        }
        final String kind = List.of("none", "local", "remote", "same-subnet", "remote-host", "blackhole", "host",
            "service", "outside").get(RouteWord.kind(word));
        final String flags = ((RouteWord.flags(word) & RouteFlags.IN_POOL) != 0 ? " pool" : "")
            + ((RouteWord.flags(word) & RouteFlags.NAT_OUTGOING) != 0 ? " nat" : "")
            + ((RouteWord.flags(word) & RouteFlags.KEEPS_SOURCE) != 0 ? " keeps-source" : "");
        final String pod = RouteWord.kind(word) == RouteKind.LOCAL_WORKLOAD ? " " + RouteWord.ifindex(word) : "";
        return kind + pod + flags + nextHop(compiled, RouteWord.nextHop(word));
    }

    private static String nextHop(final CompiledForwarding compiled, final int number) {
        if (number == NextHopTable.NONE) {
            return "";
        }
        return switch (compiled.nextHops().get(number)) {
            case final Direct direct -> " > " + direct(direct);
            case final Tunnel tunnel -> " > vxlan " + tunnel.source().getHostAddress() + '-'
                + tunnel.destination().getHostAddress() + ' ' + Long.toHexString(tunnel.sourceMac()) + '-'
                + Long.toHexString(tunnel.destinationMac()) + " > " + direct(tunnel.under());
            case final Device device -> " > device " + device.ifindex() + " mtu " + device.mtu();
        };
    }

    private static String direct(final Direct direct) {
        return direct.neighbour().getHostAddress() + "%" + direct.ifindex() + " mtu " + direct.mtu();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "10.65.0.7        | local 12 pool nat",
        "fd00:65::7       | local 12 pool nat",
        "10.66.0.7        | local 13 pool",
        "10.65.0.8        | blackhole",
        "fd00:65::8       | blackhole",
        "10.65.1.5        | remote pool > vxlan 192.168.1.10-192.168.1.11 66000000040a-66000000040b"
            + " > 192.168.1.11%2 mtu 1500",
        "10.65.2.5        | remote pool > vxlan 192.168.1.10-192.168.9.12 66000000040a-66000000040c"
            + " > 192.168.1.1%2 mtu 1500",
        "fd00:65:1::5     | remote pool > vxlan 2001:db8:1:0:0:0:0:10-2001:db8:1:0:0:0:0:11 66000000060a-66000000060b"
            + " > 2001:db8:1:0:0:0:0:11%2 mtu 1500",
        "10.65.1.0        | remote-host pool > vxlan 192.168.1.10-192.168.1.11 66000000040a-66000000040b"
            + " > 192.168.1.11%2 mtu 1500",
        "10.65.9.9        | remote-host pool > vxlan 192.168.1.10-192.168.9.12 66000000040a-66000000040c"
            + " > 192.168.1.1%2 mtu 1500",
        "10.66.1.5        | same-subnet pool > 192.168.1.11%2 mtu 1500",
        "10.65.3.5        | none",
        "10.67.1.5        | remote pool > 192.168.1.11%2 mtu 1500",
        "10.67.2.5        | remote pool > 192.168.1.1%2 mtu 1500",
        "10.68.1.5        | remote pool",
        "10.65.200.1      | outside pool > 192.168.1.1%2 mtu 1500",
        "fd00:65:0:9::1   | outside pool > fe80:0:0:0:0:0:0:1%2 mtu 1500",
        "192.168.1.11     | remote-host > 192.168.1.11%2 mtu 1500",
        "192.168.9.12     | remote-host > 192.168.1.1%2 mtu 1500",
        "2001:db8:1::11   | remote-host > 2001:db8:1:0:0:0:0:11%2 mtu 1500",
        "192.168.1.10     | host",
        "2001:db8:1::10   | host",
        "172.16.0.10      | host",
        "172.17.0.1       | host",
        "169.254.1.1      | host",
        "169.254.169.254  | host",
        "192.168.1.77     | outside > device 2 mtu 1500",
        "2001:db8:1::77   | outside > device 2 mtu 1500",
        "172.16.0.77      | outside",
        "172.20.1.1       | outside",
        "172.17.0.2       | outside",
        "10.96.0.10       | service",
        "203.0.113.80     | service",
        "203.0.113.81     | outside > 192.168.1.1%2 mtu 1500",
        "2001:db8:9::1    | outside > fe80:0:0:0:0:0:0:1%2 mtu 1500",
        "127.0.0.1        | blackhole", "127.1.2.3 | blackhole", "0.0.0.1 | blackhole", "::1 | blackhole"})
    void shouldLeadWhereTheNetworkSays(final String address, final String expected) {
        assertEquals(expected, route(compiler.compile(NetworkFixture.overlay().input()), address));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "10.65.1.5      | remote pool > device 5 mtu 1450",
        "fd00:65:1::5   | remote pool",
        "10.66.1.5      | same-subnet pool > device 2 mtu 1500",
        "192.168.9.12   | remote-host > device 2 mtu 1500",
        "203.0.113.81   | outside > device 2 mtu 1500"})
    void shouldLeaveTheLinkToTheKernelWhereXdpDoesNotWork(final String address, final String expected) {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.uplinks.put(NetworkFixture.ETH0, UplinkMode.KERNEL);
        assertEquals(expected, route(compiler.compile(fixture.input()), address), "there is no IPv6 overlay device");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "10.65.0.7 | local 12 pool nat", "10.65.1.5 | remote pool", "10.66.1.5 | same-subnet pool",
        "192.168.1.11 | remote-host", "203.0.113.81 | outside", "192.168.1.10 | host", "10.96.0.10 | service"})
    void shouldLeaveAllThatLeavesToTheHostWithoutAnUplink(final String address, final String expected) {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.uplinks.clear();
        assertEquals(expected, route(compiler.compile(fixture.input()), address));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "10.1.0.7 | local 12", "10.1.0.8 | outside", "203.0.113.81 | outside", "192.168.1.10 | host",
        "192.168.1.77 | outside", "2001:db8:9::1 | outside", "127.0.0.1 | blackhole"})
    void shouldKnowANodeOfItsOwn(final String address, final String expected) {
        final NetworkFixture fixture = new NetworkFixture();
        fixture.uplinks.clear();
        fixture.pod("cali7", 12, "10.1.0.7");
        assertTrue(fixture.cluster.isEmpty());
        assertEquals(expected, route(compiler.compile(fixture.input()), address));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', value = {
        "eth0 | 203.0.113.81 | outside", "eth0 | 172.20.1.1 | outside keeps-source",
        "eth0 | 192.168.9.12 | remote-host", "eth1 | 203.0.113.81 | outside keeps-source", "eth1 | 172.20.1.1 | outside",
        "eth1 | 192.168.9.12 | remote-host keeps-source", "eth1 | 2001:db8:9::1 | outside keeps-source",
        "eth1 | 10.65.1.5 | remote pool", "eth+ | 203.0.113.81 | outside", "eth* | 172.20.1.1 | outside",
        "en+ | 172.20.1.1 | outside keeps-source", "et | 203.0.113.81 | outside keeps-source"})
    void shouldMasqueradeOnlyByTheInterfacesOfTheFilter(final String filter, final String address,
        final String expected) {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.uplinks.put(NetworkFixture.ETH1, UplinkMode.GENERIC);
        fixture.settings("IptablesNATOutgoingInterfaceFilter", filter);
        assertEquals(expected, route(compiler.compile(fixture.input()), address).split(" > ")[0]);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "10.65.0.7 | local 12 pool nat", "192.168.9.12 | remote-host > 192.168.1.1%2 mtu 1500",
        "fd00:65::7 | blackhole", "fd00:65:1::5 | blackhole", "2001:db8:1::11 | blackhole",
        "2001:db8:1::10 | blackhole", "2001:db8:9::1 | blackhole"})
    void shouldLeadNowhereByIpv6WithoutIt(final String address, final String expected) {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.settings("Ipv6Support", "false");
        assertEquals(expected, route(compiler.compile(fixture.input()), address));
    }

    @Test
    void shouldFollowTwoUplinks() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.uplinks.put(NetworkFixture.ETH1, UplinkMode.GENERIC);
        final CompiledForwarding compiled = compiler.compile(fixture.input());
        assertEquals("outside > 172.16.0.1%3 mtu 1500", route(compiled, "172.20.1.1"));
        assertEquals("outside > device 3 mtu 1500", route(compiled, "172.16.0.77"));
        assertEquals("outside > 192.168.1.1%2 mtu 1500", route(compiled, "203.0.113.81"));
    }

    @Test
    void shouldNotTakeALoadBalancersPoolForAPool() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.tell(new NodeChange.PoolUpdate("lb", Prefix.parse("198.51.100.0/24"), false, "", "", true));
        assertEquals("outside > 192.168.1.1%2 mtu 1500",
            route(compiler.compile(fixture.input()), "198.51.100.7"));
    }

    @Test
    void shouldKeepNumbersOfNextHopsAndGiveNoFreedOneAway() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        final CompiledForwarding before = compiler.compile(fixture.input());
        final int numberOfB = RouteWord.nextHop(before.routes().ipv4(Ipv4Address.parse("10.65.1.5")));
        final int numberOfC = RouteWord.nextHop(before.routes().ipv4(Ipv4Address.parse("10.65.2.5")));
        fixture.tell(new NodeChange.VtepRemove("c"));
        fixture.node("d", "192.168.9.13", null, "10.65.3.0", null, 0xD);
        final CompiledForwarding after = compiler.compile(fixture.input());
        assertEquals(numberOfB, RouteWord.nextHop(after.routes().ipv4(Ipv4Address.parse("10.65.1.5"))));
        assertEquals("none", route(after, "10.65.2.5"));
        assertFalse(after.nextHops().containsKey(numberOfC));
        assertNotEquals(numberOfC, RouteWord.nextHop(after.routes().ipv4(Ipv4Address.parse("10.65.3.5"))));
    }

    @Test
    void shouldAcceptTheTunnelsOfKnownNodes() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        fixture.settings("VXLANPort", "4790", "VXLANVNI", "77", "ExternalNodesCIDRList", "192.0.2.9/32,192.0.2.64/26");
        final CompiledForwarding compiled = compiler.compile(fixture.input());
        assertEquals(77, compiled.vteps().device().vni());
        assertEquals(4790, compiled.vteps().device().port());
        assertEquals(Ipv4Address.parse("192.168.1.10"), compiled.vteps().device().ipv4());
        assertEquals(0x6600_0000_040AL, compiled.vteps().device().macIpv4());
        assertEquals(NetworkFixture.VXLAN, compiled.vteps().device().ifindexIpv4());
        assertEquals(0, compiled.vteps().device().ifindexIpv6());
        assertTrue(compiled.vteps().isKnownIpv4(Ipv4Address.parse("192.168.1.11")));
        assertTrue(compiled.vteps().isKnownIpv4(Ipv4Address.parse("192.0.2.9")));
        assertFalse(compiled.vteps().isKnownIpv4(Ipv4Address.parse("192.168.1.10")), "not of itself");
        assertEquals(77, ((Tunnel)compiled.nextHops().get(RouteWord.nextHop(
            compiled.routes().ipv4(Ipv4Address.parse("10.65.1.5"))))).settings().vni());
        assertEquals(4790, compiled.options().forbiddenVxlanPort());
    }

    @Test
    void shouldTakeItsOptionsFromFelixSettings() {
        final NetworkFixture fixture = NetworkFixture.overlay();
        assertEquals(1430, compiler.compile(fixture.input()).options().workloadMtu(), "70 of IPv6's overlay");
        assertEquals(Ipv4Address.parse("10.65.0.0"), compiler.compile(fixture.input()).options().errorIpv4Source());
        fixture.settings("AllowVXLANPacketsFromWorkloads", "true", "AllowIPIPPacketsFromWorkloads", "true",
            "NATOutgoingExclusions", "IPPoolsAndHostIPs", "VXLANMTU", "1400", "VXLANMTUV6", "1390");
        final CompiledForwarding compiled = compiler.compile(fixture.input());
        assertEquals(0, compiled.options().forbiddenVxlanPort());
        assertTrue(compiled.options().ipipFromWorkloads() && compiled.options().natExcludesHosts());
        assertEquals(1390, compiled.options().workloadMtu());
        assertTrue(route(compiled, "10.65.1.5").endsWith("192.168.1.11%2 mtu 1450"), "1400 within it");
    }
}

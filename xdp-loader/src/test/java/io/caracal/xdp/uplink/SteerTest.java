package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_ARP;
import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.ICMP;
import static io.caracal.xdp.testing.Packet.ICMPV6;
import static io.caracal.xdp.testing.Packet.TCP;
import static io.caracal.xdp.testing.Packet.UDP;
import static io.caracal.xdp.testing.TestXdp.XDP_DROP;
import static io.caracal.xdp.testing.TestXdp.XDP_PASS;
import static io.caracal.xdp.testing.TestXdp.XDP_REDIRECT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.Errno;
import io.caracal.netlink.MacAddress;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.TestXdp;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** XDP of an uplink: a table of frames in; verdict and counter out. The frame itself is never changed. */
final class SteerTest extends SteeredUplink {
    private static final int SCTP = 132;
    private static final int GRE = 47;
    private static final int FRAGMENT = 44;
    private static final String TUNNEL = "10.65.0.0";

    private Map<UplinkCounter, Long> before;

    @BeforeEach
    void load() {
        load(false);
    }

    private void load(final boolean isMultiBuffer) {
        open(PuntPrograms.load(16), isMultiBuffer, OWN, config(0, 0));
        before = programs.counters();
    }

    private record Row(String name, UplinkCounter counted, byte[] frame) {
    }

    private static byte[] toPod() {
        return Packet.ipv4(REMOTE_POD, POD, TCP, Packet.tcp(4000, 80, Packet.SYN));
    }

    private static byte[] toPod6() {
        return Packet.ipv6(REMOTE_POD6, POD6, TCP, Packet.tcp(4000, 80, Packet.SYN));
    }

    private static byte[] tagged(final int etherType, final int vlanId, final byte[] frame) {
        return Packet.concat(Arrays.copyOf(frame, 12), Packet.be16(etherType), Packet.be16(0xe000 | vlanId),
            Arrays.copyOfRange(frame, 12, frame.length));
    }

    /** Word of an IPv6 fragment header: offset in bytes, M flag. */
    private static byte[] fragment6(final int next, final int offset, final boolean hasMore, final byte[] payload) {
        return Packet.concat(ByteBuffer.allocate(8).put((byte)next).put((byte)0)
            .putShort((short)(offset | (hasMore ? 1 : 0))).putInt(0xabcd).array(), payload);
    }

    private static byte[] echo(final int type, final int id) {
        return new byte[] {(byte)type, 0, 0, 0, (byte)(id >> 8), (byte)id, 0, 1};
    }

    private void check(final List<Row> rows) {
        for (final Row row : rows) {
            final int expected = switch (row.counted) {
                case PASSED, PASSED_NO_SOCKET, PASSED_OFFLOADED -> XDP_PASS;
                case DROPPED_NO_SOCKET, DROPPED_UNKNOWN_VTEP -> XDP_DROP;
                default -> XDP_REDIRECT;
            };
            assertEquals(expected, TestXdp.run(programs.steer(), row.frame), row.name);
            assertCounted(row);
        }
    }

    private void assertCounted(final Row row) {
        final Map<UplinkCounter, Long> now = programs.counters();
        final Map<UplinkCounter, Long> moved = new EnumMap<>(UplinkCounter.class);
        now.forEach((counter, value) -> {
            if (!value.equals(before.get(counter))) {
                moved.put(counter, value - before.get(counter));
            }
        });
        before = now;
        assertEquals(Map.of(row.counted, 1L), moved, row.name);
    }

    @Test
    void shouldTakeOverlayForLocalWorkloadsOnly() {
        final byte[] gpe = overlay(OTHER_NODE, NODE, 4789, VNI, inner(toPod()));
        gpe[14 + 20 + 8] = 0;
        final byte[] fragment = frame(Packet.ipv4(OTHER_NODE, NODE, UDP, 0x2000,
            Packet.udp(50_000, 4789, vxlan(VNI, inner(toPod())))));
        check(List.of(
            new Row("v4 in v4", UplinkCounter.TAKEN_OVERLAY, overlay(OTHER_NODE, NODE, 4789, VNI, inner(toPod()))),
            new Row("v6 in v4", UplinkCounter.TAKEN_OVERLAY, overlay(OTHER_NODE, NODE, 4789, VNI, inner(toPod6()))),
            new Row("v4 in v6", UplinkCounter.TAKEN_OVERLAY, overlay(OTHER_NODE6, NODE6, 4789, VNI, inner(toPod()))),
            new Row("v6 in v6", UplinkCounter.TAKEN_OVERLAY, overlay(OTHER_NODE6, NODE6, 4789, VNI, inner(toPod6()))),
            new Row("outer options", UplinkCounter.TAKEN_OVERLAY, frame(Packet.ipv4WithOptions(OTHER_NODE, NODE, UDP,
                Packet.udp(50_000, 4789, vxlan(VNI, inner(toPod())))))),
            new Row("to the tunnel address", UplinkCounter.PASSED, overlay(OTHER_NODE, NODE, 4789, VNI,
                inner(Packet.ipv4(REMOTE_POD, TUNNEL, TCP, Packet.tcp(1, 2, 0))))),
            new Row("another VNI", UplinkCounter.PASSED, overlay(OTHER_NODE, NODE, 4789, 42, inner(toPod()))),
            new Row("another port", UplinkCounter.PASSED, overlay(OTHER_NODE, NODE, 8472, VNI, inner(toPod()))),
            new Row("another VNI of a stranger", UplinkCounter.PASSED, overlay(SERVER, NODE, 4789, 42, inner(toPod()))),
            new Row("a stranger", UplinkCounter.DROPPED_UNKNOWN_VTEP, overlay(SERVER, NODE, 4789, VNI, inner(toPod()))),
            new Row("to another node", UplinkCounter.PASSED, overlay(OTHER_NODE, "192.0.2.3", 4789, VNI,
                inner(toPod()))),
            new Row("without the I flag", UplinkCounter.PASSED, gpe),
            new Row("outer fragment", UplinkCounter.PASSED, fragment),
            new Row("inner ARP", UplinkCounter.PASSED, overlay(OTHER_NODE, NODE, 4789, VNI,
                Packet.ethernet(VTEP, ROUTER, ETH_ARP, Packet.arpRequest(REMOTE_POD, POD)))),
            new Row("inner cut", UplinkCounter.PASSED, overlay(OTHER_NODE, NODE, 4789, VNI,
                Arrays.copyOf(inner(toPod()), 30))),
            new Row("VXLAN cut", UplinkCounter.PASSED, frame(Packet.ipv4(OTHER_NODE, NODE, UDP,
                Packet.udp(50_000, 4789, new byte[7]))))));
    }

    @Test
    void shouldPassStrangersOfOurVniWhenToldSo() {
        programs.configure(new UplinkConfig(VNI, 4789, (Inet4Address)ip(NODE), null, false, 0, 0));
        check(List.of(
            new Row("a stranger", UplinkCounter.PASSED, overlay(SERVER, NODE, 4789, VNI, inner(toPod()))),
            new Row("v6 without a VTEP", UplinkCounter.PASSED, overlay(OTHER_NODE6, NODE6, 4789, VNI,
                inner(toPod())))));
    }

    @Test
    void shouldTakePlainPacketsForLocalWorkloads() {
        check(List.of(
            new Row("v4", UplinkCounter.TAKEN_PLAIN, frame(toPod())),
            new Row("v6", UplinkCounter.TAKEN_PLAIN, frame(toPod6())),
            new Row("priority tag", UplinkCounter.TAKEN_PLAIN, tagged(0x8100, 0, frame(toPod()))),
            new Row("first fragment", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv4(SERVER, POD, UDP, 0x2000,
                Packet.udp(1, 2)))),
            new Row("later fragment", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv4(SERVER, POD, UDP, 0x0003,
                new byte[8]))),
            new Row("v6 later fragment", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv6(SERVER6, POD6, FRAGMENT,
                fragment6(UDP, 64, false, new byte[8])))),
            new Row("v6 extensions", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv6(SERVER6, POD6, 0,
                Packet.extension(60, 0, 8), Packet.extension(UDP, 1, 16), Packet.udp(1, 2)))),
            new Row("ICMP error", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv4(SERVER, POD, ICMP,
                Packet.icmp(3, 4, toPod())))),
            new Row("for the node", UplinkCounter.PASSED, frame(Packet.ipv4(SERVER, NODE, TCP,
                Packet.tcp(4000, 22, Packet.SYN)))),
            new Row("for a remote pod", UplinkCounter.PASSED, frame(Packet.ipv4(SERVER, REMOTE_POD, UDP,
                Packet.udp(1, 2)))),
            new Row("mapped address", UplinkCounter.PASSED, Packet.ethernet(OWN, ROUTER, ETH_IPV6,
                ByteBuffer.allocate(48).put(0, (byte)0x60).put(6, (byte)UDP).put(34, (byte)0xff).put(35, (byte)0xff)
                    .put(36, Packet.address(POD)).array())),
            new Row("another VLAN", UplinkCounter.PASSED, tagged(0x8100, 7, frame(toPod()))),
            new Row("two tags", UplinkCounter.PASSED, tagged(0x88a8, 0, tagged(0x8100, 0, frame(toPod())))),
            new Row("another station's", UplinkCounter.PASSED, Packet.ethernet(ROUTER, OWN, ETH_IPV4, toPod())),
            new Row("broadcast", UplinkCounter.PASSED, Packet.ethernet(Packet.mac("ff:ff:ff:ff:ff:ff"), ROUTER,
                ETH_IPV4, Packet.ipv4("0.0.0.0", "255.255.255.255", UDP, Packet.udp(68, 67)))),
            new Row("ARP", UplinkCounter.PASSED, Packet.ethernet(OWN, ROUTER, ETH_ARP,
                Packet.arpRequest(SERVER, NODE))),
            new Row("no IP version", UplinkCounter.PASSED, Packet.ethernet(OWN, ROUTER, ETH_IPV4, new byte[40])),
            new Row("seven extensions", UplinkCounter.PASSED, frame(Packet.ipv6(SERVER6, NODE6, 0,
                extensions(7), Packet.udp(1, 2)))),
            new Row("header cut", UplinkCounter.PASSED, Packet.ethernet(OWN, ROUTER, ETH_IPV4,
                Arrays.copyOf(toPod(), 19)))));
    }

    private static byte[] extensions(final int count) {
        byte[] all = new byte[0];
        for (int i = 0; i < count; i++) {
            all = Packet.concat(all, Packet.extension(i == count - 1 ? UDP : 60, 0, 8));
        }
        return all;
    }

    @Test
    void shouldTakeTheFramesOfItsVlanWhenItIsBelowAVlanInterface() {
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(OWN), 7, SLOT, 1));
        check(List.of(
            new Row("our VLAN", UplinkCounter.TAKEN_PLAIN, tagged(0x8100, 7, frame(toPod()))),
            new Row("another VLAN", UplinkCounter.PASSED, tagged(0x8100, 8, frame(toPod()))),
            new Row("untagged", UplinkCounter.PASSED, frame(toPod()))));
    }

    @Test
    void shouldTakeReturnsByTheirExactBinding() {
        final NatBindingWriter writer = programs.bindingWriter(1);
        final int own = ByteBuffer.wrap(Packet.address(NODE)).getInt();
        final int server = ByteBuffer.wrap(Packet.address(SERVER)).getInt();
        writer.ipv4(own, server);
        for (final int[] binding : new int[][] {{40_000, 80, TCP}, {40_001, 53, UDP}, {40_002, 99, SCTP},
            {777, 0, ICMP}, {0, 0, GRE}}) {
            assertEquals(0, writer.put(binding[0], binding[1], binding[2]));
        }
        final List<Row> rows = new ArrayList<>(List.of(
            new Row("TCP", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER, TCP, Packet.tcp(80, 40_000, Packet.ACK))),
            new Row("UDP", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER, UDP, Packet.udp(53, 40_001))),
            new Row("SCTP", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER, SCTP, Packet.udp(99, 40_002))),
            new Row("echo reply", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER, ICMP, echo(0, 777))),
            new Row("GRE", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER, GRE, new byte[16])),
            new Row("echo request", UplinkCounter.PASSED, from(SERVER, ICMP, echo(8, 777))),
            new Row("the host's ping", UplinkCounter.PASSED, from(SERVER, ICMP, echo(0, 778))),
            new Row("another port of ours", UplinkCounter.PASSED, from(SERVER, TCP, Packet.tcp(80, 40_001, 0))),
            new Row("another port of theirs", UplinkCounter.PASSED, from(SERVER, TCP, Packet.tcp(81, 40_000, 0))),
            new Row("another protocol", UplinkCounter.PASSED, from(SERVER, UDP, Packet.udp(80, 40_000))),
            new Row("another server", UplinkCounter.PASSED, from("198.51.100.8", TCP, Packet.tcp(80, 40_000, 0))),
            new Row("another address of ours", UplinkCounter.PASSED, frame(Packet.ipv4(SERVER, "192.0.2.77", TCP,
                Packet.tcp(80, 40_000, 0)))),
            new Row("ports cut", UplinkCounter.PASSED, from(SERVER, TCP, new byte[] {0, 80, (byte)0x9c}))));
        check(rows);
        assertEquals(0, writer.remove(40_000, 80, TCP));
        assertEquals(Errno.ENOENT, writer.remove(40_000, 80, TCP));
        check(List.of(new Row("after its end", UplinkCounter.PASSED, rows.getFirst().frame)));
    }

    private static byte[] from(final String source, final int protocol, final byte[] payload) {
        return frame(source.contains(":") ? Packet.ipv6(source, NODE6, protocol, payload)
            : Packet.ipv4(source, NODE, protocol, payload));
    }

    @Test
    void shouldTakeReturnsOfIpv6ByTheirExactBinding() {
        final NatBindingWriter writer = programs.bindingWriter(1);
        final ByteBuffer own = ByteBuffer.wrap(Packet.address(NODE6));
        final ByteBuffer server = ByteBuffer.wrap(Packet.address(SERVER6));
        writer.ipv6(own.getLong(0), own.getLong(8), server.getLong(0), server.getLong(8));
        assertEquals(0, writer.put(40_000, 80, TCP));
        assertEquals(0, writer.put(777, 0, ICMPV6));
        final byte[] request = Packet.ipv6(NODE6, SERVER6, TCP, Packet.tcp(40_000, 80, Packet.SYN));
        check(List.of(
            new Row("TCP", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER6, TCP, Packet.tcp(80, 40_000, Packet.ACK))),
            new Row("behind an extension", UplinkCounter.TAKEN_NAT_RETURN, frame(Packet.ipv6(SERVER6, NODE6, 60,
                Packet.extension(TCP, 0, 8), Packet.tcp(80, 40_000, 0)))),
            new Row("echo reply", UplinkCounter.TAKEN_NAT_RETURN, from(SERVER6, ICMPV6, echo(129, 777))),
            new Row("another port", UplinkCounter.PASSED, from(SERVER6, TCP, Packet.tcp(80, 40_001, 0))),
            new Row("too big", UplinkCounter.TAKEN_NAT_ERROR, from("2001:db8::9", ICMPV6, Packet.icmp(2, 0, request))),
            new Row("neighbour solicitation", UplinkCounter.PASSED, from(SERVER6, ICMPV6, echo(135, 777))),
            new Row("atomic fragment", UplinkCounter.TAKEN_NAT_RETURN, frame(Packet.ipv6(SERVER6, NODE6, FRAGMENT,
                fragment6(TCP, 0, false, Packet.tcp(80, 40_000, 0))))),
            new Row("later one before the first", UplinkCounter.PASSED, frame(Packet.ipv6(SERVER6, NODE6, FRAGMENT,
                fragment6(TCP, 1232, false, new byte[64])))),
            new Row("first fragment", UplinkCounter.TAKEN_NAT_RETURN, frame(Packet.ipv6(SERVER6, NODE6, FRAGMENT,
                fragment6(TCP, 0, true, Packet.tcp(80, 40_000, 0))))),
            new Row("later one", UplinkCounter.TAKEN_NAT_RETURN, frame(Packet.ipv6(SERVER6, NODE6, FRAGMENT,
                fragment6(TCP, 1232, false, new byte[64]))))));
    }

    @Test
    void shouldTakeErrorsAboutBindings() {
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), 40_000, 80, TCP), 1);
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), 777, 0, ICMP), 1);
        final byte[] about = Packet.ipv4(NODE, SERVER, TCP, Packet.tcp(40_000, 80, Packet.SYN));
        final byte[] later = Packet.ipv4(NODE, SERVER, TCP, 0x0010, Packet.tcp(40_000, 80, Packet.SYN));
        final String router = "203.0.113.1";
        check(List.of(
            new Row("too big", UplinkCounter.TAKEN_NAT_ERROR, from(router, ICMP, Packet.icmp(3, 4, about))),
            new Row("8 bytes of it", UplinkCounter.TAKEN_NAT_ERROR, from(router, ICMP, Packet.icmp(11, 0,
                Arrays.copyOf(about, 28)))),
            new Row("about a ping", UplinkCounter.TAKEN_NAT_ERROR, from(router, ICMP, Packet.icmp(11, 0,
                Packet.ipv4(NODE, SERVER, ICMP, echo(8, 777))))),
            new Row("about an echo reply", UplinkCounter.PASSED, from(router, ICMP, Packet.icmp(11, 0,
                Packet.ipv4(NODE, SERVER, ICMP, echo(0, 777))))),
            new Row("about the host's own", UplinkCounter.PASSED, from(router, ICMP, Packet.icmp(3, 4,
                Packet.ipv4(NODE, SERVER, TCP, Packet.tcp(40_001, 80, 0))))),
            new Row("the other way round", UplinkCounter.PASSED, from(router, ICMP, Packet.icmp(3, 4,
                Packet.ipv4(SERVER, NODE, TCP, Packet.tcp(80, 40_000, 0))))),
            new Row("about a later fragment", UplinkCounter.PASSED, from(router, ICMP, Packet.icmp(11, 1, later))),
            new Row("cut in its header", UplinkCounter.PASSED, from(router, ICMP, Packet.icmp(3, 4,
                Arrays.copyOf(about, 19))))));
    }

    @Test
    void shouldLetFragmentsFollowTheirFirst() {
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), 40_001, 53, UDP), 1);
        final byte[] later = frame(Packet.ipv4(SERVER, NODE, UDP, 0x00b9, new byte[64]));
        final byte[] foreign = frame(Packet.ipv4("198.51.100.8", NODE, UDP, 0x00b9, new byte[64]));
        check(List.of(
            new Row("before its first", UplinkCounter.PASSED, later),
            new Row("first of the host's", UplinkCounter.PASSED, frame(Packet.ipv4(SERVER, NODE, UDP, 0x2000,
                Packet.udp(53, 50_000)))),
            new Row("later one of the host's", UplinkCounter.PASSED, later),
            new Row("first", UplinkCounter.TAKEN_NAT_RETURN, frame(Packet.ipv4(SERVER, NODE, UDP, 0x2000,
                Packet.udp(53, 40_001, new byte[64])))),
            new Row("later one", UplinkCounter.TAKEN_NAT_RETURN, later),
            new Row("later one of another sender", UplinkCounter.PASSED, foreign)));
    }

    /** The host would answer a segment of the pod's connection with an RST; the pods' own hooks police the rest. */
    @Test
    void shouldPassPodsPacketsAndDropReturnsWithoutASocket() {
        programs.sockets().clear(SLOT);
        programs.natBindings().update(new NatBinding(ip(NODE), ip(SERVER), 40_000, 80, TCP), 1);
        final byte[] reply = from(SERVER, TCP, Packet.tcp(80, 40_000, Packet.ACK));
        check(List.of(
            new Row("overlay", UplinkCounter.PASSED_NO_SOCKET, overlay(OTHER_NODE, NODE, 4789, VNI, inner(toPod()))),
            new Row("plain", UplinkCounter.PASSED_NO_SOCKET, frame(toPod())),
            new Row("return", UplinkCounter.DROPPED_NO_SOCKET, reply),
            new Row("the host's own", UplinkCounter.PASSED, from(SERVER, TCP, Packet.tcp(80, 40_009, Packet.ACK)))));
        programs.sockets().set(SLOT, socket.number());
        programs.putDevice(LOOPBACK, UplinkDevice.withoutSockets(MacAddress.of(OWN)));
        check(List.of(new Row("no queues", UplinkCounter.PASSED_NO_SOCKET, frame(toPod()))));
    }

    @Test
    void shouldPassEverythingOfAnInterfaceThatIsNoUplink() {
        programs.removeDevice(LOOPBACK);
        assertEquals(XDP_PASS, TestXdp.run(programs.steer(), frame(toPod())));
        assertEquals(before, programs.counters());
    }

    @Test
    void shouldTakePacketsInSeveralBuffers() {
        unload();
        load(true);
        check(List.of(
            new Row("9000 bytes", UplinkCounter.TAKEN_PLAIN, frame(Packet.ipv4(SERVER, POD, UDP,
                Packet.udp(1, 2, new byte[8972])))),
            new Row("9000 bytes in VXLAN", UplinkCounter.TAKEN_OVERLAY, overlay(OTHER_NODE, NODE, 4789, VNI,
                inner(Packet.ipv4(REMOTE_POD, POD, UDP, Packet.udp(1, 2, new byte[8922]))))),
            new Row("9000 bytes for the node", UplinkCounter.PASSED, frame(Packet.ipv4(SERVER, NODE, UDP,
                Packet.udp(1, 2, new byte[8972]))))));
    }
}

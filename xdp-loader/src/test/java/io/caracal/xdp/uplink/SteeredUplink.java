package io.caracal.xdp.uplink;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.ETH_IPV6;
import static io.caracal.xdp.testing.Packet.UDP;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.netlink.MacAddress;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.Packet;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;

/**
 * The programs of an uplink, for which the loopback interface stands, with a pod here and a node elsewhere; and the
 * frames that it brings.
 */
abstract class SteeredUplink {
    static final int LOOPBACK = 1;
    static final int VNI = 4096;
    static final int SLOT = 3;
    static final int POD_IFINDEX = 77;
    static final byte[] OWN = Packet.mac("02:00:00:00:00:01");
    static final byte[] ROUTER = Packet.mac("02:00:00:00:00:99");
    static final byte[] VTEP = Packet.mac("66:00:00:00:00:01");
    static final String NODE = "192.0.2.1";
    static final String NODE6 = "2001:db8::1";
    static final String OTHER_NODE = "192.0.2.2";
    static final String OTHER_NODE6 = "2001:db8::2";
    static final String POD = "10.65.0.2";
    static final String POD6 = "fd00:65::2";
    static final String REMOTE_POD = "10.65.1.2";
    static final String REMOTE_POD6 = "fd00:66::2";
    static final String SERVER = "198.51.100.7";
    static final String SERVER6 = "2001:db8:1::7";

    PuntPrograms punt;
    UplinkPrograms programs;
    Fd socket;

    /** With a socket for its only queue; closes what it is given. */
    void open(final PuntPrograms loaded, final boolean isMultiBuffer, final byte[] mac, final UplinkConfig config) {
        punt = loaded;
        programs = UplinkPrograms.load(null, punt, new UplinkLimits(16, 16, 64), isMultiBuffer);
        programs.configure(config);
        programs.putDevice(LOOPBACK, new UplinkDevice(MacAddress.of(mac), 0, SLOT, 1));
        programs.putLocalAddress(ip(POD), POD_IFINDEX);
        programs.putLocalAddress(ip(POD6), POD_IFINDEX);
        programs.putVtep(ip(OTHER_NODE));
        programs.putVtep(ip(OTHER_NODE6));
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        programs.sockets().set(SLOT, socket.number());
    }

    @AfterEach
    void unload() {
        socket.close();
        programs.close();
        punt.close();
    }

    static UplinkConfig config(final int overlay, final int overlay6) {
        return new UplinkConfig(VNI, 4789, (Inet4Address)ip(NODE), (Inet6Address)ip(NODE6), true, overlay, overlay6);
    }

    static InetAddress ip(final String text) {
        return InetAddress.ofLiteral(text);
    }

    static byte[] ethernet(final byte[] mac, final byte[] ip) {
        return Packet.ethernet(mac, ROUTER, ip[0] >> 4 == 4 ? ETH_IPV4 : ETH_IPV6, ip);
    }

    static byte[] frame(final byte[] ip) {
        return ethernet(OWN, ip);
    }

    static byte[] inner(final byte[] ip) {
        return ethernet(VTEP, ip);
    }

    static byte[] vxlan(final int vni, final byte[]... inner) {
        return Packet.concat(ByteBuffer.allocate(8).put((byte)8).position(4).putInt(vni << 8).array(),
            Packet.concat(inner));
    }

    static byte[] overlay(final String source, final String destination, final int port, final int vni,
        final byte[] inner) {
        final byte[] udp = Packet.udp(50_000, port, vxlan(vni, inner));
        return frame(source.contains(":") ? Packet.ipv6(source, destination, UDP, udp)
            : Packet.ipv4(source, destination, UDP, udp));
    }
}

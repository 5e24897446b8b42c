package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.NetNamespace;
import io.caracal.testing.OpenFiles;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class ConntrackNetlinkTest {
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int STATUS =
        ConntrackEntry.SEEN_REPLY | ConntrackEntry.ASSURED | ConntrackEntry.CONFIRMED;

    private NetNamespace namespace;
    private ConntrackNetlink conntrack;

    /** Java opens a socket of its own with its first datagram socket and keeps it. */
    @BeforeAll
    static void useADatagramSocket() throws SocketException {
        new DatagramSocket(new InetSocketAddress("127.0.0.1", 0)).close();
    }

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create("bindings-c-" + Long.toString(ProcessHandle.current().pid(), 36));
        conntrack = namespace.call(ConntrackNetlink::open);
    }

    @AfterEach
    void tearDown() {
        conntrack.close();
        namespace.delete();
        namespace.close();
    }

    private static ConntrackTuple tuple(final String source, final int sourcePort, final String destination,
        final int destinationPort, final int protocol) {
        return new ConntrackTuple(InetAddress.ofLiteral(source), InetAddress.ofLiteral(destination), protocol,
            sourcePort, destinationPort);
    }

    private static ConntrackEntry entry(final ConntrackTuple original, final ConntrackTuple reply) {
        return new ConntrackEntry(original, reply, STATUS, 600, 0x42, original.protocol() == TCP
            ? ConntrackEntry.TCP_ESTABLISHED : 0, 0);
    }

    @Test
    void shouldInsertFindListAndDelete() {
        final ConntrackTuple[] originals = {tuple("10.65.0.2", 40_000, "198.51.100.7", 80, TCP),
            tuple("fd00:65::2", 40_001, "2001:db8::7", 53, UDP)};
        assertEquals(List.of(), conntrack.entries());
        for (final ConntrackTuple original : originals) {
            final ConntrackEntry wanted = entry(original, original.reversed());
            assertEquals(Optional.empty(), conntrack.find(original));

            conntrack.insert(wanted);

            assertLike(wanted, conntrack.find(original).orElseThrow());
            assertLike(wanted, conntrack.find(original.reversed()).orElseThrow());
            assertEquals(Errno.EEXIST,
                assertThrows(NativeCallException.class, () -> conntrack.insert(wanted)).errno());
        }
        assertEquals(2, conntrack.entries().size());
        assertTrue(conntrack.delete(originals[0].reversed()), "by either direction");
        assertFalse(conntrack.delete(originals[0]));
        assertEquals(originals[1], conntrack.entries().getFirst().original());
        assertThrows(IllegalArgumentException.class, () -> tuple("10.0.0.1", 1, "fd00::1", 2, UDP));
    }

    @Test
    void shouldInsertWithTranslations() {
        final ConntrackTuple service = tuple("10.65.0.2", 40_000, "10.96.0.10", 80, TCP);
        final ConntrackEntry both = entry(service, tuple("10.65.1.9", 8080, "10.65.0.0", 50_000, TCP));
        final ConntrackTuple outside = tuple("10.65.0.2", 40_001, "198.51.100.7", 53, UDP);
        final ConntrackEntry masqueraded = entry(outside, tuple("198.51.100.7", 53, "192.0.2.1", 50_001, UDP));

        conntrack.insert(both);
        conntrack.insert(masqueraded);

        final ConntrackEntry found = conntrack.find(both.reply()).orElseThrow();
        assertLike(both, found);
        assertTrue(found.isSourceTranslated() && found.isDestinationTranslated(), found.toString());
        final ConntrackEntry other = conntrack.find(masqueraded.reply()).orElseThrow();
        assertLike(masqueraded, other);
        assertTrue(other.isSourceTranslated() && !other.isDestinationTranslated(), other.toString());
    }

    /** What the host's rules did to a real packet: the client is found by the answer's direction. */
    @Test
    void shouldFindTheClientOfARealConnection() {
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                final int lo = netlink.link("lo").index();
                netlink.setUp(lo);
                netlink.addAddress(lo, InetAddress.ofLiteral("192.0.2.1"), 32);
                netlink.addAddress(lo, InetAddress.ofLiteral("192.0.2.2"), 32);
            }
        });
        nft("""
            table ip nat {
              chain out { type nat hook output priority -100;
                ip daddr 10.96.0.10 udp dport 53 dnat to 192.0.2.2:5353; }
              chain post { type nat hook postrouting priority srcnat;
                ip daddr 192.0.2.2 meta l4proto udp snat to 192.0.2.1:6000; }
            }
            """);
        final int port = namespace.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                final int lo = netlink.link("lo").index();
                netlink.addRoute(Route.to(InetAddress.ofLiteral("10.96.0.0"), 16).via(null, lo));
            }
            try (DatagramSocket client = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
                client.send(new DatagramPacket(new byte[1], 1, new InetSocketAddress("10.96.0.10", 53)));
                return client.getLocalPort();
            }
        });

        final ConntrackEntry found =
            conntrack.find(tuple("192.0.2.2", 5353, "192.0.2.1", 6000, UDP)).orElseThrow();

        assertEquals(tuple("127.0.0.1", port, "10.96.0.10", 53, UDP), found.original());
        assertTrue(found.isSourceTranslated() && found.isDestinationTranslated(), found.toString());
    }

    private static void assertLike(final ConntrackEntry expected, final ConntrackEntry found) {
        assertEquals(expected.original(), found.original());
        assertEquals(expected.reply(), found.reply());
        assertEquals(List.of(STATUS, expected.mark(), expected.tcpState(), 0),
            List.of(found.status() & STATUS, found.mark(), found.tcpState(), found.zone()));
        assertTrue(found.timeoutSeconds() > expected.timeoutSeconds() - 60, found.toString());
    }

    /** A child process is in the network namespace of the thread that starts it. */
    private void nft(final String rules) {
        final String said = namespace.call(() -> {
            final Process nft = new ProcessBuilder("nft", "-f", "-").redirectErrorStream(true).start();
            nft.getOutputStream().write(rules.getBytes(StandardCharsets.UTF_8));
            nft.getOutputStream().close();
            final String output = new String(nft.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return nft.waitFor() + output;
        });
        assertEquals("0", said);
    }
}

package io.caracal.demo;

import com.sun.net.httpserver.HttpServer;
import io.caracal.dataplane.AdminClient;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Steps that leave the node: to a kernel node's pod by VXLAN, outside with the node's address, to a service. */
final class OverlaySteps {
    /** The address of a service, in the range that Kubernetes gives its services by default. */
    static final String SERVICE = "10.96.0.10";

    private static final int UDP_PORT = 5300;
    private static final int OUTSIDE_PORT = 8080;
    /** More than fits a packet of either side. */
    private static final int DATAGRAM_LENGTH = 2000;
    private static final int TIMEOUT_MS = 5000;
    /** Fits one packet of a large pod. */
    private static final int LARGE_DATAGRAM_LENGTH = 8500;
    private static final int JUMBO_PINGS = 3;
    private static final int IPV4_PING_HEADERS = 28;
    private static final int IPV6_PING_HEADERS = 48;
    private static final Pattern TOO_BIG = Pattern.compile("From (\\S+).*Packet too big: mtu=(\\d+)");
    private static final Pattern EXPIRED = Pattern.compile("From (\\S+).*Time to live exceeded");

    private OverlaySteps() {
    }

    /** By VXLAN over IPv4 and over IPv6, asked from here and from there. */
    static Outcome ping(final Scene scene) throws Exception {
        return pingBothWays(scene, scene.beyond().far());
    }

    /** The same with a node that has an engine too. */
    static Outcome pingPeer(final Scene scene) throws Exception {
        return pingBothWays(scene, scene.beyond().peer());
    }

    private static Outcome pingBothWays(final Scene scene, final LabPod far) throws Exception {
        final Outcome ipv4 = Reachability.ping(scene.client(), far.ipv4());
        final Outcome ipv6 = ipv4.passed() ? Reachability.ping(scene.client(), far.ipv6()) : ipv4;
        final Outcome back = ipv6.passed() ? Reachability.ping(far, scene.client().ipv4()) : ipv6;
        return back.passed() ? Outcome.passed("IPv4, IPv6 and from there: " + back.happened(), ipv4.figures()) : back;
    }

    static Outcome tcp(final Scene scene) throws Exception {
        return TcpThroughput.measure(scene, scene.beyond().far());
    }

    /** A datagram that neither side can send in one piece, both ways. */
    static Outcome fragments(final Scene scene) throws Exception {
        final LabPod far = scene.beyond().far();
        final Outcome there = sendDatagram(scene.client(), far, DATAGRAM_LENGTH);
        final Outcome back = there.passed() ? sendDatagram(far, scene.client(), DATAGRAM_LENGTH) : there;
        return back.passed() ? Outcome.passed(
            Text.count(DATAGRAM_LENGTH) + " bytes in fragments, both ways, whole on arrival") : back;
    }

    /** Packets as large as a large pod's link takes, there and back in one piece, through the other node's engine. */
    static Outcome jumbo(final Scene scene) throws Exception {
        final Beyond.Jumbo jumbo = scene.beyond().jumbo();
        try (AdminClient admin = AdminClient.connect(jumbo.peerNode().adminSocket())) {
            final long before = EngineCounters.of(admin.ask("counters")).rxBytes();
            final CommandRun run = CommandRun.of(jumbo.large().command("ping", "-n", "-q", "-c",
                Integer.toString(JUMBO_PINGS), "-i", "0.2", "-W", "2", "-M", "do", "-s",
                Integer.toString(Beyond.POD_MTU - IPV4_PING_HEADERS), jumbo.farLarge().ipv4()), 10);
            final long seen = EngineCounters.of(admin.ask("counters")).rxBytes() - before;
            if (run.exitCode() != 0 || seen < 2 * JUMBO_PINGS * Beyond.POD_MTU) {
                return Outcome.failed("Java saw " + Text.count(seen) + " bytes: " + run.output().strip());
            }
        }
        final Outcome there = sendDatagram(jumbo.large(), jumbo.farLarge(), LARGE_DATAGRAM_LENGTH);
        final Outcome back = there.passed()
            ? sendDatagram(jumbo.farLarge(), jumbo.large(), LARGE_DATAGRAM_LENGTH) : there;
        return back.passed() ? Outcome.passed("packets of " + Text.count(Beyond.POD_MTU) + " bytes in one piece, a"
            + " datagram of " + Text.count(LARGE_DATAGRAM_LENGTH) + " both ways") : back;
    }

    private static Outcome sendDatagram(final LabPod from, final LabPod to, final int length) throws IOException {
        final byte[] sent = new byte[length];
        for (int n = 0; n < sent.length; n++) {
            sent[n] = (byte)(n * 31);
        }
        try (DatagramSocket receiver = to.call(() -> new DatagramSocket(UDP_PORT));
            DatagramSocket sender = from.call(() -> new DatagramSocket())) {
            receiver.setSoTimeout(TIMEOUT_MS);
            sender.send(new DatagramPacket(sent, sent.length, InetAddress.ofLiteral(to.ipv4()), UDP_PORT));
            final DatagramPacket received = new DatagramPacket(new byte[2 * sent.length], 2 * sent.length);
            receiver.receive(received);
            final boolean isWhole = Arrays.equals(sent, Arrays.copyOf(received.getData(), received.getLength()));
            return isWhole ? Outcome.passed("whole") : Outcome.failed("from " + from + ": other bytes arrived");
        } catch (final SocketTimeoutException lost) {
            return Outcome.failed("nothing arrived at " + to + " from " + from);
        }
    }

    /** What traceroute's first line is made of. */
    static Outcome firstHop(final Scene scene) throws Exception {
        final CommandRun run = CommandRun.of(scene.client().command(
            "ping", "-n", "-c", "1", "-t", "1", "-W", "2", scene.beyond().far().ipv4()), 10);
        final Matcher expired = EXPIRED.matcher(run.output());
        return expired.find() && LabPod.GATEWAY_IPV4.equals(expired.group(1))
            ? Outcome.passed("time to live exceeded, says " + expired.group(1))
            : Outcome.failed("no word from " + LabPod.GATEWAY_IPV4 + ": " + run.output().strip());
    }

    /** What fits the pod's link, but not VXLAN over IPv6: the pod must be told the size that does. */
    static Outcome pathMtu(final Scene scene) throws Exception {
        final String far = scene.beyond().far().ipv6();
        final CommandRun run = CommandRun.of(scene.client().command("ping", "-n", "-c", "1", "-M", "do", "-s",
            Integer.toString(Lab.POD_MTU_DEFAULT - IPV6_PING_HEADERS), "-W", "2", far), 10);
        final Matcher told = TOO_BIG.matcher(run.output());
        if (!told.find()) {
            return Outcome.failed("nobody says that it is too big: " + run.output().strip());
        }
        final int size = Integer.parseInt(told.group(2));
        final CommandRun again = CommandRun.of(scene.client().command("ping", "-n", "-c", "1", "-M", "do", "-s",
            Integer.toString(size - IPV6_PING_HEADERS), "-W", "2", far), 10);
        return again.exitCode() == 0
            ? Outcome.passed("too big, says " + told.group(1) + ": " + size + " bytes fit, and do arrive")
            : Outcome.failed("told " + size + " bytes, which do not arrive: " + again.output().strip());
    }

    /** A connection to a machine that knows no pods, and whom that machine sees. */
    static Outcome outside(final Scene scene) throws Exception {
        final LabNode outside = scene.beyond().outside();
        try (ServerSocket server = outside.call(() -> new ServerSocket(OUTSIDE_PORT))) {
            server.setSoTimeout(TIMEOUT_MS);
            try (Socket client = scene.client().call(() -> connect(outside.ipv4())); Socket seen = server.accept()) {
                client.getOutputStream().write(1);
                seen.setSoTimeout(TIMEOUT_MS);
                final int arrived = seen.getInputStream().read();
                final String address = seen.getInetAddress().getHostAddress();
                return arrived == 1 && address.equals(scene.node().ipv4())
                    ? Outcome.passed("the server sees the node's " + address + ", not the pod's "
                        + scene.client().ipv4())
                    : Outcome.failed("the server sees " + address + ", not the node's " + scene.node().ipv4());
            }
        }
    }

    private static Socket connect(final String address) throws IOException {
        final Socket socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), OUTSIDE_PORT), TIMEOUT_MS);
        return socket;
    }

    /** The manifest of the service that {@link #service} asks. */
    static String serviceManifest() {
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: shop}
            spec: {clusterIP: %s, ports: [{name: http, port: 80, protocol: TCP}]}
            """.formatted(SERVICE);
    }

    /** The service's address becomes the far pod's in the node's stack, as kube-proxy's rules have it. */
    static Outcome service(final Scene scene) throws Exception {
        final LabPod far = scene.beyond().far();
        for (final List<String> rule : List.of(List.of("add", "table", "ip", "demo"),
            List.of("add", "chain", "ip", "demo", "pre", "{ type nat hook prerouting priority dstnat; }"),
            List.of("add", "rule", "ip", "demo", "pre", "ip", "daddr", SERVICE, "tcp", "dport", "80", "dnat", "to",
                far.ipv4() + ":80"))) {
            final String[] words = java.util.stream.Stream.concat(java.util.stream.Stream.of("nft"), rule.stream())
                .toArray(String[]::new);
            final CommandRun run = CommandRun.of(scene.node().command(words), 10);
            if (run.exitCode() != 0) {
                return Outcome.failed("nft: " + run.output().strip());
            }
        }
        final HttpServer server = far.call(() -> WebPages.serve(80));
        try {
            return WebPages.fetch(scene.client().command(WebPages.curl("http://" + SERVICE + "/")));
        } finally {
            server.stop(0);
        }
    }
}

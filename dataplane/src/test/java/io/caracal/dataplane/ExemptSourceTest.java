package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;

import io.caracal.policy.model.Prefix;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real packets of a pod from addresses that are not its own: passed while it is exempt, and not one afterwards. */
@Timeout(120)
class ExemptSourceTest extends TwoPodNode {
    private static final int PORT = 7780;
    private static final int PACKETS = 20;
    private static final String SETTINGS = """
        apiVersion: projectcalico.org/v3
        kind: FelixConfiguration
        metadata:
          name: default
        spec:
          workloadSourceSpoofing: %s
        """;

    ExemptSourceTest() {
        super("exempt");
    }

    private void exempt(final String prefixes) {
        node.writeManifest("client.yaml", client.manifest() + "  allowSpoofedSourcePrefixes: [" + prefixes + "]\n");
    }

    /** What is told is what the last manifest says, and it is in force. */
    private void awaitInForce(final String prefix) throws Exception {
        final String told = Prefix.parse(prefix).toString();
        NodeView.await("told of " + told, () -> view.ask("policy").path("workloadEndpoints")
            .findValues("allowSpoofedSourcePrefixes").toString().contains(told));
        view.awaitRevisionTold();
    }

    /** How many of some packets come, and from whom. */
    private String exchange(final DatagramSocket server, final DatagramSocket source, final String destination)
        throws IOException {
        final DatagramPacket packet =
            new DatagramPacket(new byte[64], 64, new InetSocketAddress(InetAddress.getByName(destination), PORT));
        for (int i = 0; i < PACKETS; i++) {
            source.send(packet);
        }
        int count = 0;
        String from = "nobody";
        server.setSoTimeout(300);
        try {
            for (; count < PACKETS; count++) {
                final DatagramPacket received = new DatagramPacket(new byte[64], 64);
                server.receive(received);
                from = received.getAddress().getHostAddress();
            }
        } catch (final SocketTimeoutException silent) {
            /* The others were dropped. */
            return count + " from " + from;
        }
        return count + " from " + from;
    }

    private long spoofed() throws Exception {
        return view.worker().path("drops").path("source-spoofed").asLong();
    }

    @ParameterizedTest(name = "{0}, offload {3}")
    @CsvSource({
        "203.0.113.5, 203.0.113.0/24, 203.0.113.0/30, auto", "203.0.113.5, 203.0.113.0/24, 203.0.113.0/30, off",
        "2001:db8:5:0:0:0:0:5, 2001:db8:5::/48, 2001:db8:5:1::/64, auto",
        "2001:db8:5:0:0:0:0:5, 2001:db8:5::/48, 2001:db8:5:1::/64, off"})
    void shouldPassWhatIsExemptAndNothingElse(final String address, final String wide, final String narrow,
        final String offload) throws Exception {
        final boolean isIpv6 = address.indexOf(':') >= 0;
        final String destination = isIpv6 ? web.ipv6() : web.ipv4();
        NodeView.run(client.command("ip", "address", "add", address + (isIpv6 ? "/128" : "/32"), "dev", "eth0",
            isIpv6 ? "nodad" : "noprefixroute"));
        node.announce(web);
        node.writeManifest("client.yaml", client.manifest());
        node.writeManifest("felix.yaml", SETTINGS.formatted("Any"));
        try (EmbeddedEngine engine = EmbeddedEngine.launch(node, "offload=" + offload);
            DatagramSocket server = web.call(() -> new DatagramSocket(PORT));
            DatagramSocket spoofing = client.call(() -> new DatagramSocket(new InetSocketAddress(address, 0)))) {
            view.awaitAttached(web, client);
            assertEquals("0 from nobody", exchange(server, spoofing, destination), engine.log());
            assertEquals(PACKETS, spoofed());

            exempt('"' + wide + '"');
            awaitInForce(wide);
            final long hits = view.bpfCounter("cache-hits");
            assertEquals(PACKETS + " from " + address, exchange(server, spoofing, destination), engine.log());
            assertEquals(PACKETS + " from " + address, exchange(server, spoofing, destination));
            assertEquals(hits, view.bpfCounter("cache-hits"), "an answer would not lead back: it stays with Java");
            assertEquals(PACKETS, spoofed());

            exempt('"' + narrow + '"');
            awaitInForce(narrow);
            assertEquals("0 from nobody", exchange(server, spoofing, destination), engine.log());
            assertEquals(2 * PACKETS, spoofed());

            exempt('"' + narrow + "\", \"" + wide + '"');
            awaitInForce(wide);
            assertEquals(PACKETS + " from " + address, exchange(server, spoofing, destination));
            node.writeManifest("felix.yaml", SETTINGS.formatted("Disabled"));
            NodeView.await("told so", () -> view.ask("status").path("problems").toString().contains("not Any"));
            view.awaitRevisionTold();
            assertEquals("0 from nobody", exchange(server, spoofing, destination), engine.log());
            assertEquals(3 * PACKETS, spoofed());
            assertTrue(NodeView.reaches(client, web.ipv4()), "from its own address: " + engine.log());
        }
    }
}

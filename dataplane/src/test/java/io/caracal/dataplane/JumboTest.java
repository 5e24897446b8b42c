package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods with an MTU of 8930 over links of 9000 bytes: on this node, over VXLAN, and to a world of 1500 outside. */
@Timeout(120)
class JumboTest extends OverlayCluster {
    private static final int LINK_MTU = 9000;
    /** Less the headers of VXLAN over IPv6. */
    private static final int POD_MTU = 8930;
    private static final int ICMP_HEADERS = 28;

    JumboTest() {
        super("jumbo", POD_MTU);
    }

    @Override
    void prepareLinks() throws Exception {
        for (final LabNode large : List.of(node, kernelNode)) {
            new NodeView(large).onNode("ip", "link", "set", "eth0", "mtu", String.valueOf(LINK_MTU));
            onRouter("ip", "link", "set", large.name(), "mtu", String.valueOf(LINK_MTU));
        }
    }

    @BeforeEach
    void makeServers() throws Exception {
        for (final String device : List.of("vxlan.calico", "vxlan-v6.calico")) {
            new NodeView(kernelNode).onNode("ip", "link", "set", device, "mtu", String.valueOf(POD_MTU));
        }
        lab.own(AddressEcho.at(far::call, PORT));
        lab.own(AddressEcho.at(web::call, PORT));
        lab.own(AddressEcho.at(outside::call, PORT));
    }

    private static void assertPings(final LabPod from, final String address, final int packetLength) throws Exception {
        final NodeView.Ran ran = NodeView.run(from.command("ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", "-M", "do",
            "-s", String.valueOf(packetLength - ICMP_HEADERS), address));
        assertEquals(0, ran.exitCode(), packetLength + " bytes to " + address + "\n" + ran.output());
    }

    @ParameterizedTest
    @ValueSource(strings = {"native-copy", "kernel", "native-copy by 2 workers"})
    void shouldCarryLargePackets(final String modeAndWorkers) throws Exception {
        try (EmbeddedEngine engine = launch(modeAndWorkers)) {
            assertEquals(String.valueOf(POD_MTU), Files.readString(node.state().resolve("mtu")));
            for (final int length : List.of(100, 3506, 3850, 4200, 8000, POD_MTU)) {
                assertPings(client, web.ipv4(), length);
                assertPings(client, far.ipv4(), length);
            }
            final NodeView.Ran six = NodeView.run(client.command("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-M",
                "do", "-s", String.valueOf(POD_MTU - 48), far.ipv6()));
            assertEquals(0, six.exitCode(), () -> six.output() + explain(engine));
            for (final LabPod backend : List.of(web, far)) {
                assertEquals(client.ipv4(), AddressEcho.askTcp(client::call, backend.ipv4(), PORT, 3_000_000),
                    () -> explain(engine));
                assertEquals(client.ipv4(), AddressEcho.askUdp(client::call, backend.ipv4(), PORT, 8500),
                    () -> explain(engine));
            }
            assertEquals(node.ipv4(), AddressEcho.askTcp(client::call, outside.ipv4(), PORT, 3_000_000),
                () -> "path MTU discovery to a link of 1500\n" + explain(engine));
            final String counters = view.ask("counters").toPrettyString();
            view.ask("counters").findValues("frame-violations").forEach(count -> assertEquals(0, count.asLong()));
            assertTrue(view.ask("counters").findValues("frame-miscounts").stream().allMatch(n -> n.asLong() == 0),
                counters);
        }
    }
}

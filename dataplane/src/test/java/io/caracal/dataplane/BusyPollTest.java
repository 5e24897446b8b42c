package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

import io.caracal.netlink.DeviceSettings;
import io.caracal.xsk.BusyPoll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A node whose uplink is to be polled. Whether a veth's queues can be is the kernel's matter: until Linux 6.12 a socket
 * learns its NAPI from packets; since 6.14 only a driver can tell it, and veth's does not. Both are looked at here: the
 * uplink is polled, or the engine says that it is not, and leaves the device alone.
 */
@Timeout(180)
class BusyPollTest extends OverlayCluster {
    private static final int PACKETS = 2000;
    /** Where the worker does not come to its next poll within the timer's 200 us, the kernel polls; few is proof enough. */
    private static final int POLLED_MIN = 100;
    private static final String UNTOUCHED = "0 0";
    private static final String DEFERRED = "2 200000";

    BusyPollTest() {
        super("busypoll");
    }

    private static boolean isVethPollable() {
        final String[] version = System.getProperty("os.version").split("[^0-9]+");
        final int major = Integer.parseInt(version[0]);
        return major < 6 || major == 6 && Integer.parseInt(version[1]) < 13;
    }

    /** NB: a command on the node sees the sysfs of the machine's own network. */
    private String settings() {
        try (DeviceSettings settings = node.call(DeviceSettings::open)) {
            return settings.find("eth0", BusyPoll.DEFER_HARD_IRQS).orElseThrow() + " "
                + settings.find("eth0", BusyPoll.GRO_FLUSH_TIMEOUT).orElseThrow();
        }
    }

    private long polledPackets() throws Exception {
        return Long.parseLong(view.onNode("sh", "-c", "nstat -asz TcpExtBusyPollRxPackets | awk 'NR > 1 {print $2}'")
            .strip());
    }

    private String polling() throws Exception {
        return view.ask("status").path("busyPolling").path("eth0").asText();
    }

    private long polls() throws Exception {
        return view.ask("counters").path("uplinks").required("busy-polls").asLong();
    }

    /** A worker that never sleeps asks the device for every packet. */
    private EmbeddedEngine launchPolling(final String mode, final String setting) throws Exception {
        final EmbeddedEngine engine = EmbeddedEngine.launch(node, "uplink-mode=" + mode, "offload=off", "idle=spin",
            "uplink-busy-poll=" + setting);
        awaitDriven(engine, "eth0", mode);
        NodeView.await("the far pod answers", () -> NodeView.reaches(client, far.ipv4()));
        return engine;
    }

    private void expectPolled(final EmbeddedEngine engine) throws Exception {
        NodeView.await("the uplink is polled: " + engine.log(), () -> "on".equals(polling()));
        assertEquals(DEFERRED, settings());
        final long before = polledPackets();
        NodeView.flood(far, web.ipv4(), PACKETS);
        assertTrue(polledPackets() - before > POLLED_MIN, polledPackets() - before + " were polled");
        assertTrue(polls() > PACKETS, engine.log());
    }

    private void expectRefused(final EmbeddedEngine engine) throws Exception {
        assertTrue(polling().startsWith("off: the kernel does not know which NAPI"), polling());
        assertEquals(1, engine.log().split("uplink eth0 is not polled", -1).length - 1, engine.log());
        NodeView.flood(far, web.ipv4(), PACKETS);
        assertEquals(UNTOUCHED, settings());
        assertEquals(0, polls());
        assertEquals(0, polledPackets());
    }

    @Test
    void shouldPollAnUplinkOrSayThatItCannot() throws Exception {
        try (EmbeddedEngine engine = launchPolling("native-copy", "on")) {
            if (isVethPollable()) {
                expectPolled(engine);
            } else {
                expectRefused(engine);
            }
        }
        assertEquals(UNTOUCHED, settings(), "after an orderly end");
    }

    @Test
    void shouldLeaveTheUplinkToInterruptsByDefault() throws Exception {
        try (EmbeddedEngine engine = launchPolling("native-copy", "off")) {
            NodeView.flood(far, web.ipv4(), PACKETS);
            assertEquals(0, polledPackets(), engine.log());
            assertEquals(0, polls());
            assertEquals(UNTOUCHED, settings());
            assertTrue(view.ask("status").path("busyPolling").isEmpty());
        }
    }

    @Test
    void shouldSayThatAnUplinkWithoutXdpIsNotPolled() throws Exception {
        try (EmbeddedEngine engine = launchPolling("kernel", "on")) {
            assertEquals("off: driven without XDP, so packets come by no socket", polling(), engine.log());
            assertEquals(UNTOUCHED, settings());
        }
    }

    /** As an engine leaves it that is killed while it polls. */
    private void leaveDeferred() throws Exception {
        final UUID boot = UUID.fromString(Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
            .strip());
        final String words = Long.toHexString(boot.getMostSignificantBits())
            + Long.toHexString(boot.getLeastSignificantBits()) + " eth0 ";
        Files.writeString(node.state().resolve("deferred-interrupts"),
            words + "gro_flush_timeout 3000\n" + words + "napi_defer_hard_irqs 0\n");
        try (DeviceSettings settings = node.call(DeviceSettings::open)) {
            settings.set("eth0", BusyPoll.DEFER_HARD_IRQS, "2");
            settings.set("eth0", BusyPoll.GRO_FLUSH_TIMEOUT, "200000");
        }
        assertEquals(DEFERRED, settings());
    }

    @Test
    void shouldSetBackWhatAKilledEngineHasLeft() throws Exception {
        leaveDeferred();
        final EmbeddedEngine engine = launchPolling("native-copy", "off");
        try (engine) {
            assertEquals("0 3000", settings(), engine.log());
            assertTrue(engine.log().contains("set back what an engine had left: gro_flush_timeout to 3000 and "
                + "napi_defer_hard_irqs to 0 of eth0"), engine.log());
        }
        leaveDeferred();
        final List<String> removed = engine.cleanUp();
        assertTrue(removed.contains("deferred interrupts: set back gro_flush_timeout to 3000 and "
            + "napi_defer_hard_irqs to 0 of eth0"), removed.toString());
        assertEquals("0 3000", settings());
    }

    @Test
    void shouldSetBackAfterAKillByTheNextEngine() throws Exception {
        try (EngineChild killed = EngineChild.start(node, "uplink-mode=native-copy", "offload=off",
            "uplink-busy-poll=on").awaitReady()) {
            NodeView.await("the far pod answers", () -> NodeView.reaches(client, far.ipv4()));
            if (isVethPollable()) {
                NodeView.await("the uplink is polled: " + killed.log(), () -> "on".equals(polling()));
                assertEquals(DEFERRED, settings());
            }
            killed.kill();
            assertEquals(isVethPollable() ? DEFERRED : UNTOUCHED, settings());
        }
        try (EmbeddedEngine next = launchPolling("native-copy", "off")) {
            assertEquals(UNTOUCHED, settings(), next.log());
        }
    }
}

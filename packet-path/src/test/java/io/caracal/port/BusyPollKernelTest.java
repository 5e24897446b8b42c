package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.netlink.DeviceSettings;
import io.caracal.umem.FrameLedger;
import io.caracal.xsk.BusyPoll;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That the device's receive side runs in our call, by the kernel's own counter. Real kernel, root. */
@Timeout(60)
class BusyPollKernelTest extends VethPorts {
    private static final int MTU = 1500;
    private static final int ROUNDS = 50;
    private static final int PACKETS_PER_ROUND = 40;
    /** So long that no packet comes by the timer while the test runs, however busy the machine is. */
    private static final String NEVER_NS = "30000000000";

    private XskSocket polledSocket;

    @BeforeEach
    void addPair() {
        lab.addPair("a0", "b0", MTU);
    }

    private XskPort portOn(final String name, final boolean busyPoll) {
        final XskConfig config = config(name).withBusyPoll(busyPoll);
        final XskSocket socket = lab.call(() -> anchor.open(config));
        polledSocket = busyPoll ? socket : polledSocket;
        return portOn(name, MTU, socket);
    }

    private void send(final XskPort port, final int count) {
        port.reclaim();
        for (int n = 0; n < count; n++) {
            burst.add(pool.take(FrameLedger.BURST), 60);
            burst.transmit(n, PathFixture.ACTION, 1);
        }
        assertEquals(count, port.txBurst(burst));
        burst.clear();
        assertEquals(0, port.kick());
    }

    private int receive(final XskPort port) {
        final int count = port.rxBurst(burst);
        for (int row = 0; row < burst.count; row++) {
            assertTrue(pool.give(burst.frameAddress(row), FrameLedger.BURST));
        }
        burst.clear();
        port.refill();
        return count;
    }

    private void receiveAll(final XskPort port, final int count) {
        final long endNs = System.nanoTime() + 10_000_000_000L;
        for (int received = 0; received < count;) {
            received += receive(port);
            assertTrue(System.nanoTime() - endNs < 0, received + " of " + count + " packets came");
        }
    }

    /** {@code TcpExt: BusyPollRxPackets} of the namespace: packets that a NAPI has handled in a busy poll. */
    private long busyPolledPackets() {
        return lab.call(() -> {
            final List<String> lines = Files.readAllLines(Path.of("/proc/thread-self/net/netstat")).stream()
                .filter(line -> line.startsWith("TcpExt:")).toList();
            final int column = List.of(lines.get(0).split(" ")).indexOf("BusyPollRxPackets");
            return Long.parseLong(lines.get(1).split(" ")[column]);
        });
    }

    private long exchange(final XskPort left, final XskPort right) {
        final long before = busyPolledPackets();
        for (int round = 0; round < ROUNDS; round++) {
            send(left, PACKETS_PER_ROUND);
            receiveAll(right, PACKETS_PER_ROUND);
        }
        return busyPolledPackets() - before;
    }

    /**
     * Whether sockets on a veth can be polled: until Linux 6.12 they learn their NAPI with the first packet; since 6.13
     * (86e25f40aa1e, 5ef44b3cb43b) only a driver that names it can tell them, and veth does not.
     */
    private static boolean isVethPollable() {
        final String[] version = System.getProperty("os.version").split("[^0-9]+");
        final int major = Integer.parseInt(version[0]);
        return major < 6 || major == 6 && Integer.parseInt(version[1]) < 13;
    }

    @Test
    void shouldRunTheDevicesReceiveSideInOurCall() {
        final XskPort left = portOn("a0", false);
        final XskPort right = portOn("b0", true);
        send(left, 1);
        receiveAll(right, 1);
        assertEquals(isVethPollable(), polledSocket.isPollable());
        right.beginPolling();
        if (isVethPollable()) {
            try (DeviceSettings settings = lab.call(DeviceSettings::open)) {
                settings.set("b0", BusyPoll.DEFER_HARD_IRQS, "2");
                settings.set("b0", BusyPoll.GRO_FLUSH_TIMEOUT, NEVER_NS);
            }
        }
        assertEquals(0, receive(right), "nothing has come, so the device is asked");
        assertEquals(1, right.counters().get(PortCounter.BUSY_POLLS.ordinal()));
        final long polled = exchange(left, right);
        System.out.println("BusyPollKernelTest: " + polled + " of " + ROUNDS * PACKETS_PER_ROUND
            + " packets were polled");
        assertTrue(isVethPollable() ? polled > ROUNDS * PACKETS_PER_ROUND * 9 / 10 : polled == 0, polled + " polled");
        left.close();
        right.close();
    }

    @Test
    void shouldLeaveItToInterruptsWithout() {
        final XskPort left = portOn("a0", false);
        final XskPort right = portOn("b0", false);
        assertEquals(0, exchange(left, right));
        assertEquals(0, right.counters().get(PortCounter.BUSY_POLLS.ordinal()));
        left.close();
        right.close();
    }
}

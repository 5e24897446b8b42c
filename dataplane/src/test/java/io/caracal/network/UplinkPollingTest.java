package io.caracal.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.port.CounterBlock;
import io.caracal.port.PortCounter;
import io.caracal.xdp.uplink.UplinkMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which uplinks are polled, when, and what is said of the others; the devices' settings are the kernel's own. */
class UplinkPollingTest {
    private static final String OURS = "2 200000";

    @TempDir
    private Path state;
    private final PolledDevice device = new PolledDevice();
    private final List<String> warned = new ArrayList<>();
    private UplinkPolling polling;

    /** An uplink some of whose queues the kernel can poll. */
    private static final class Queues implements PollableUplink {
        final UplinkMode mode;
        final int count;
        final List<CounterBlock> polled = new ArrayList<>();
        int pollable;

        Queues(final UplinkMode mode, final int count) {
            this.mode = mode;
            this.count = count;
        }

        @Override
        public String name() {
            return "up";
        }

        @Override
        public UplinkMode uplinkMode() {
            return mode;
        }

        @Override
        public int queueCount() {
            return count;
        }

        @Override
        public int pollableCount() {
            return pollable;
        }

        @Override
        public int polledCount() {
            return polled.size();
        }

        @Override
        public List<CounterBlock> beginPolling(final UplinkWorkers workers) {
            final List<CounterBlock> more = new ArrayList<>();
            while (polled.size() < pollable) {
                final CounterBlock counters = CounterBlock.allocate(PortCounter.values().length);
                counters.add(PortCounter.BUSY_POLLS.ordinal(), 100);
                polled.add(counters);
                more.add(counters);
            }
            return more;
        }

        @Override
        public List<CounterBlock> pollCounters() {
            return polled;
        }
    }

    private UplinkPolling start(final boolean isWanted) {
        final NetworkConfig config = new NetworkConfig("n", "cali",
            UplinkSettings.of("up", "auto", 64).withBusyPoll(isWanted), 1, 1500, false, Optional.empty(), state);
        return device.namespace.call(() -> UplinkPolling.start(config, null, new NetworkLog() {
            @Override
            public void info(final String text) {
            }

            @Override
            public void warn(final String text) {
                warned.add(text);
            }
        }));
    }

    @BeforeEach
    void start() {
        polling = start(true);
        assertEquals(List.of(), warned);
    }

    @AfterEach
    void end() {
        polling.close();
        device.close();
    }

    @Test
    void shouldPollAnUplinkWhoseQueuesTheKernelKnows() {
        final Queues uplink = new Queues(UplinkMode.NATIVE, 2);
        uplink.pollable = 2;
        polling.begin(uplink);
        assertEquals(Map.of("up", "on"), polling.describe());
        assertEquals(OURS, device.says("up"));
        assertEquals(200, polling.pollCount());
        polling.end(uplink);
        assertEquals("0 0", device.says("up"));
        assertEquals(Map.of(), polling.describe());
        assertEquals(200, polling.pollCount(), "a counter does not go back");
        assertEquals(List.of(), warned);
    }

    @Test
    void shouldBeginWhenTheKernelHasLearntTheQueuesAndLeaveInterruptsAloneUntilThen() {
        final Queues uplink = new Queues(UplinkMode.NATIVE, 2);
        polling.begin(uplink);
        assertTrue(polling.describe().get("up").startsWith("off: the kernel does not know which NAPI"));
        assertEquals("0 0", device.says("up"));
        polling.review();
        assertEquals("0 0", device.says("up"));
        uplink.pollable = 1;
        polling.review();
        assertEquals(Map.of("up", "on: 1 of 2 queues"), polling.describe());
        assertEquals(OURS, device.says("up"));
        uplink.pollable = 2;
        polling.review();
        assertEquals(Map.of("up", "on"), polling.describe());
        assertEquals(1, warned.size(), "said once: " + warned);
    }

    @Test
    void shouldSayWhyItDoesNotPoll() {
        final Queues kernel = new Queues(UplinkMode.KERNEL, 0);
        polling.begin(kernel);
        assertEquals(Map.of("up", "off: driven without XDP, so packets come by no socket"), polling.describe());
        polling.end(kernel);
        polling.begin(new Queues(UplinkMode.GENERIC, 1));
        assertTrue(polling.describe().get("up").startsWith("off: generic XDP"), polling.describe().toString());
        assertEquals(2, warned.size(), warned.toString());
        assertEquals("0 0", device.says("up"));
    }

    @Test
    void shouldGoOnByInterruptsWhereTheDeviceCannotBeSet() {
        final Queues uplink = new Queues(UplinkMode.NATIVE, 1);
        uplink.pollable = 1;
        device.remove();
        polling.begin(uplink);
        assertEquals(Map.of("up", "off: read setting gro_flush_timeout of up: ENOENT (no such file or directory)"),
            polling.describe());
        assertEquals(0, uplink.polledCount());
    }

    @Test
    void shouldSetBackAtTheEndAndWhatAKilledOneHasLeft() {
        final Queues uplink = new Queues(UplinkMode.NATIVE, 1);
        uplink.pollable = 1;
        polling.begin(uplink);
        start(false).close();
        assertEquals("0 0", device.says("up"), "the next engine, without polling, has set it back");
        polling.end(uplink);
        polling.begin(uplink);
        polling.close();
        polling = start(true);
        assertEquals("0 0", device.says("up"));
    }

    @Test
    void shouldDoNothingWhereItIsNotWanted() {
        try (UplinkPolling off = start(false)) {
            final Queues uplink = new Queues(UplinkMode.NATIVE, 1);
            uplink.pollable = 1;
            off.begin(uplink);
            assertEquals(Map.of(), off.describe());
            assertEquals("0 0", device.says("up"));
            assertEquals(0, uplink.polledCount());
        }
    }
}

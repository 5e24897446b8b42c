package io.caracal.overlay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.burst.DropReason;
import io.caracal.port.FaultSpec;
import io.caracal.umem.FrameLedger;
import io.caracal.worker.AllocationProbe;
import io.caracal.worker.WorkerCounter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * A million packets over a network that loses, doubles, reorders, damages and cuts them: every one is accounted for.
 */
class OverlayFaultTest {
    private static final int PACKETS = 1_000_000;
    private static final int PER_CYCLE = 40;
    private static final FaultSpec FAULTS = new FaultSpec(10_000, 10_000, 10_000, 10_000, 10_000, 1_000);

    private final List<UnsafeBuffer> fromPods = new ArrayList<>();
    private final List<UnsafeBuffer> fromUplink = new ArrayList<>();
    private long received;
    private long sent;

    @Test
    void shouldAccountForAMillionPackets() throws IOException {
        final long seed = System.nanoTime();
        System.out.println("OverlayFaultTest: seed " + seed);
        final OverlayNode node = prepare(FAULTS, seed);
        final Random random = new Random(seed);
        while (received < PACKETS) {
            feed(node, random);
            node.worker.doWork();
            node.pass(1_000_000);
        }
        for (int cycle = 0; cycle < 20; cycle++) {
            node.pass(1_000_000_000L);
            node.worker.doWork();
        }
        long drops = 0;
        final StringBuilder text = new StringBuilder();
        for (final DropReason reason : DropReason.values()) {
            drops += node.counters.drops(reason);
            text.append(node.counters.drops(reason) == 0 ? "" : " " + reason.label() + '=' + node.counters.drops(reason));
        }
        final long duplicated = node.counters.rxPackets() - received;
        final long made = node.counters.get(WorkerCounter.LOCALLY_MADE);
        final long held = node.counters.get(WorkerCounter.HELD);
        System.out.println("OverlayFaultTest: in " + received + " + doubled " + duplicated + " + made " + made + " = out "
            + node.counters.txPackets() + " + held " + held + " + dropped " + drops + ':' + text);
        assertEquals(0, node.path.ledger.count(FrameLedger.HELD), "nothing waits any more");
        assertEquals(received + duplicated + made, node.counters.txPackets() + held + drops);
        assertEquals(sent, node.counters.txPackets(), "what is counted as sent has been seen outside");
        assertTrue(node.counters.drops(DropReason.FAULT_INJECTED) > PACKETS / 200, "the network lost some");
        assertEquals(0, node.path.ledger.violationCount());
        node.worker.onClose();
        assertEquals(OverlayNode.FRAMES, node.path.pool.freeCount());
    }

    @Test
    void shouldAllocateNothingWhateverComes() throws IOException {
        final OverlayNode node = prepare(FAULTS, 1);
        final Random random = new Random(1);
        for (int cycle = 0; cycle < 5_000; cycle++) {
            cycle(node, random);
        }
        final AllocationProbe probe = new AllocationProbe(Thread.currentThread().threadId());
        probe.bytesSinceLast();
        for (int cycle = 0; cycle < 5_000; cycle++) {
            cycle(node, random);
        }
        final long bytes = probe.bytesSinceLast();
        System.out.println("OverlayFaultTest: " + bytes + " bytes allocated in 5000 cycles, " + received + " packets");
        assertEquals(0, bytes);
    }

    private void cycle(final OverlayNode node, final Random random) {
        feed(node, random);
        node.worker.doWork();
        node.pass(1_000_000);
    }

    private OverlayNode prepare(final FaultSpec faults, final long seed) throws IOException {
        for (final String row : OverlayTableTest.rows()) {
            for (final String line : row.split(" \\| ")[1].split("&")) {
                if (!line.isBlank() && !line.trim().startsWith("wait")) {
                    (line.trim().startsWith("uplink") ? fromUplink : fromPods).add(new UnsafeBuffer(OverlayNode.frameOf(line)));
                }
            }
        }
        final OverlayNode node = new OverlayNode(faults, seed);
        node.punt.onTransmit((buffer, offset, length) -> sent++);
        node.uplink.onTransmit((buffer, offset, length) -> sent++);
        return node;
    }

    private void feed(final OverlayNode node, final Random random) {
        for (int n = 0; n < PER_CYCLE; n++) {
            final UnsafeBuffer pod = fromPods.get(random.nextInt(fromPods.size()));
            final UnsafeBuffer uplink = fromUplink.get(random.nextInt(fromUplink.size()));
            received += n % 4 != 3 && node.punt.receive(pod, 0, pod.capacity()) ? 1 : 0;
            received += n % 4 == 3 && node.uplink.receive(uplink, 0, uplink.capacity()) ? 1 : 0;
        }
    }
}

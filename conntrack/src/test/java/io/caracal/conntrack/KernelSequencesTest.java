package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.IpProtocol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The named sequences of {@code sequences.txt} through the kernel's conntrack and through ours, packet by packet: what
 * becomes of each packet and which flows stand after it. Where they differ, {@code docs/conntrack-differences.md} says
 * so, with the reason; a difference that is not there fails, and so does one that is there and does not happen.
 */
class KernelSequencesTest {
    private static final Path DIFFERENCES = Path.of("../docs/conntrack-differences.md");

    @TempDir
    Path directory;

    @Test
    void shouldDifferFromTheKernelOnlyWhereTheDocumentSaysSo() throws Exception {
        final List<PacketSequence> sequences = PacketSequence.all();
        assertTrue(sequences.size() >= 60, "sequences: " + sequences.size());
        final Map<String, String> differing = new LinkedHashMap<>();
        try (KernelConntrack kernel = new KernelConntrack()) {
            kernel.run(() -> {
                for (final PacketSequence sequence : sequences) {
                    final String difference = compare(sequence, kernel);
                    if (!difference.isEmpty()) {
                        differing.put(sequence.name(), difference);
                    }
                }
                return null;
            });
        }
        System.out.println("KernelSequencesTest: " + sequences.size() + " sequences, " + differing.size()
            + " differ\n" + String.join("\n", differing.values()));
        assertEquals(documented(), new TreeSet<>(differing.keySet()), () -> String.join("\n", differing.values()));
    }

    private String compare(final PacketSequence sequence, final KernelConntrack kernel) throws Exception {
        kernel.flush();
        final List<String> story = new ArrayList<>();
        boolean same = true;
        try (TrackedNode node = new TrackedNode(Files.createTempDirectory(directory, "node"),
            TrackedNode.config(16))) {
            for (final PacketSequence.Step step : sequence.steps()) {
                if (step.pauseMs() > 0) {
                    Thread.sleep(step.pauseMs());
                    node.advanceMs(step.pauseMs());
                    continue;
                }
                final String kernels = kernel.outcome(step.packet()) + " | " + kernel.flows();
                final String ours = ours(node, step.packet());
                same &= kernels.equals(ours);
                story.add("    " + step.notation() + "\n        kernel: " + kernels + "\n        ours:   " + ours);
            }
        }
        return same ? "" : sequence.name() + "\n" + String.join("\n", story);
    }

    private static String ours(final TrackedNode node, final byte[] packet) {
        final int destination = packet[0] >> 4 == 4 ? packet[19] : packet[39];
        final String outcome = destination == 1
            ? node.deliver(TrackedNode.POD, packet) : node.send(TrackedNode.POD, packet);
        node.idle();
        final String passed = switch (outcome) {
            case "new", "established" -> "passes";
            case "related" -> "related";
            default -> "dropped";
        };
        final List<String> flows = new ArrayList<>();
        addFlows(flows, node.conntrack.ipv4Table());
        addFlows(flows, node.conntrack.ipv6Table());
        Collections.sort(flows);
        return passed + " | " + (flows.isEmpty() ? "none" : String.join(", ", flows));
    }

    private static void addFlows(final List<String> flows, final FlowTable table) {
        for (int slot = 0; slot < table.capacity(); slot++) {
            final int state = table.state(slot);
            if (state != FlowState.FREE) {
                final int flags = table.flags(slot);
                flows.add(protocolName(FlowRecord.protocol(table.record(slot))) + " " + FlowState.name(state)
                    + ((flags & FlowFlags.SEEN_REPLY) == 0 ? " unreplied" : "")
                    + ((flags & FlowFlags.ASSURED) != 0 ? " assured" : ""));
            }
        }
    }

    /** As the kernel's list calls it. */
    private static String protocolName(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> "tcp";
            case IpProtocol.UDP -> "udp";
            case IpProtocol.ICMP -> "icmp";
            case IpProtocol.ICMPV6 -> "icmpv6";
            case IpProtocol.SCTP -> "sctp";
            case 47 -> "gre";
            case 50 -> "esp";
            default -> Integer.toString(protocol);
        };
    }

    /** First column of the table, in backquotes. */
    private static TreeSet<String> documented() throws Exception {
        final TreeSet<String> names = new TreeSet<>();
        for (final String line : Files.readAllLines(DIFFERENCES)) {
            if (line.startsWith("| `")) {
                names.add(line.substring(3, line.indexOf('`', 3)));
            }
        }
        return names;
    }
}

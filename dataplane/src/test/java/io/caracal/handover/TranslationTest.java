package io.caracal.handover;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.Ipv6Tuple;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackTuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pods 10.65.0.2 on interface 2 and 10.65.0.3 on interface 3; the host is 10.99.1.2. */
class TranslationTest {
    private static final int TCP = 6;
    private static final int STATUS = ConntrackEntry.CONFIRMED | ConntrackEntry.SEEN_REPLY | ConntrackEntry.ASSURED;
    private static final FlowTranslation NODE = new FlowTranslation(
        Map.of(InetAddress.ofLiteral("10.65.0.2"), 2, InetAddress.ofLiteral("10.65.0.3"), 3,
            InetAddress.ofLiteral("fd00::2"), 2),
        Set.of(InetAddress.ofLiteral("10.99.1.2")));

    private static ConntrackTuple tuple(final String text, final int protocol) {
        final String[] ends = text.split(" > ");
        return new ConntrackTuple(address(ends[0]), address(ends[1]), protocol, port(ends[0]), port(ends[1]));
    }

    private static InetAddress address(final String end) {
        return InetAddress.ofLiteral(end.substring(0, end.lastIndexOf('.')));
    }

    private static int port(final String end) {
        return Integer.parseInt(end.substring(end.lastIndexOf('.') + 1));
    }

    private static ConntrackEntry entry(final String original, final String reply, final int status, final int state) {
        return new ConntrackEntry(tuple(original, TCP), tuple(reply, TCP), status, 600, 0, state, 0);
    }

    private static String ipv4(final long word) {
        return (word >>> 24) + "." + (word >>> 16 & 255) + "." + (word >>> 8 & 255) + "." + (word & 255);
    }

    /** Tuple, legs and way of each flow. */
    private static String describe(final FlowSnapshot flow) {
        final Ipv6Tuple tuple = flow.original;
        return ipv4(tuple.sourceLow) + "." + (tuple.ports >>> 16) + " > " + ipv4(tuple.destinationLow) + "."
            + (tuple.ports & 0xffff) + " " + flow.sourceIfindex + "-" + flow.destinationIfindex
            + ((flow.flags & FlowFlags.THROUGH_HOST) != 0 ? " host" : "")
            + ((flow.flags & FlowFlags.HOST_NAT) != 0 ? " nat" : "");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "none", value = {
        "10.65.0.2.5000 > 10.65.0.3.80 | 10.65.0.3.80 > 10.65.0.2.5000 | 10.65.0.2.5000 > 10.65.0.3.80 2-3",
        "10.65.0.2.5000 > 10.66.0.9.80 | 10.66.0.9.80 > 10.65.0.2.5000 | 10.65.0.2.5000 > 10.66.0.9.80 2-0",
        "10.66.0.9.5000 > 10.65.0.3.80 | 10.65.0.3.80 > 10.66.0.9.5000 | 10.66.0.9.5000 > 10.65.0.3.80 0-3",
        "10.99.1.2.5000 > 10.65.0.3.80 | 10.65.0.3.80 > 10.99.1.2.5000 | 10.99.1.2.5000 > 10.65.0.3.80 0-3 host",
        "10.65.0.2.5000 > 10.99.1.2.22 | 10.99.1.2.22 > 10.65.0.2.5000 | 10.65.0.2.5000 > 10.99.1.2.22 2-0 host",
        /* A service of a pod here, of one there, masqueraded beyond, of the host's port for a client from outside. */
        "10.65.0.2.5000 > 10.96.0.1.80 | 10.65.0.3.8080 > 10.65.0.2.5000 "
            + "| 10.65.0.2.5000 > 10.96.0.1.80 2-0 host nat; 10.65.0.2.5000 > 10.65.0.3.8080 2-3 host",
        "10.65.0.2.5000 > 10.96.0.1.80 | 10.66.0.9.8080 > 10.65.0.2.5000 "
            + "| 10.65.0.2.5000 > 10.96.0.1.80 2-0 host nat; 10.65.0.2.5000 > 10.66.0.9.8080 2-0 host",
        "10.65.0.2.5000 > 8.8.8.8.53 | 8.8.8.8.53 > 10.99.1.2.61000 "
            + "| 10.65.0.2.5000 > 8.8.8.8.53 2-0 host nat; 10.99.1.2.61000 > 8.8.8.8.53 2-0 host",
        "10.65.0.2.5000 > 10.96.0.1.80 | 10.65.0.3.8080 > 10.99.1.2.61000 "
            + "| 10.65.0.2.5000 > 10.96.0.1.80 2-0 host nat; 10.99.1.2.61000 > 10.65.0.3.8080 0-3 host",
        "9.9.9.9.5000 > 10.99.1.2.30080 | 10.65.0.3.8080 > 10.99.1.2.61000 | 10.99.1.2.61000 > 10.65.0.3.8080 0-3 host",
        "10.99.1.2.5000 > 9.9.9.9.443 | 9.9.9.9.443 > 10.99.1.2.5000 | none",
        "9.9.9.9.5000 > 10.99.1.2.30080 | 10.66.0.9.8080 > 10.99.1.2.61000 | none",
    })
    void shouldMakeFlowsOfAConnection(final String original, final String reply, final String flows) {
        final List<String> made = NODE.flowsOf(entry(original, reply, STATUS, ConntrackEntry.TCP_ESTABLISHED)).stream()
            .map(TranslationTest::describe).toList();
        assertEquals(flows == null ? "" : flows, String.join("; ", made));
    }

    @Test
    void shouldLeaveOutWhatIsNotGoingOn() {
        final String to = "10.65.0.2.5000 > 10.65.0.3.80";
        final String from = "10.65.0.3.80 > 10.65.0.2.5000";
        for (int state = 0; state <= 9; state++) {
            final List<FlowSnapshot> flows = NODE.flowsOf(entry(to, from, STATUS, state));
            assertEquals(state >= 2 && state <= 6 ? 1 : 0, flows.size(), "TCP state " + state);
        }
        assertEquals(List.of(), NODE.flowsOf(entry(to, from, ConntrackEntry.CONFIRMED, 1)), "unanswered");
    }

    @Test
    void shouldMakeTheSameConnectionAgainOfAPlainFlow() {
        final ConntrackEntry tcp = entry("10.65.0.2.5000 > 10.65.0.3.80", "10.65.0.3.80 > 10.65.0.2.5000", STATUS, 5);
        final ConntrackTuple ipv6 = new ConntrackTuple(InetAddress.ofLiteral("fd00::2"),
            InetAddress.ofLiteral("2001:db8::1"), 17, 6000, 53);
        final ConntrackEntry udp = new ConntrackEntry(ipv6, ipv6.reversed(), STATUS, 9, 0, 0, 0);
        for (final ConntrackEntry each : List.of(tcp, udp)) {
            final ConntrackEntry again =
                EntryTranslation.entryOf(NODE.flowsOf(each).getFirst()).orElseThrow();
            assertEquals(List.of(each.original(), each.reply(), each.status(), each.tcpState()),
                List.of(again.original(), again.reply(), again.status(), again.tcpState()));
        }
    }

    @Test
    void shouldTellTheKernelOfTheEnginesOwnNat() {
        final FlowSnapshot flow = NODE.flowsOf(entry("10.65.0.2.5000 > 8.8.8.8.53", "8.8.8.8.53 > 10.65.0.2.5000",
            STATUS, ConntrackEntry.TCP_ESTABLISHED)).getFirst();
        flow.reply.destinationLow = 0x0a630102L;
        flow.reply.ports = 53 << 16 | 61000;
        flow.flags |= FlowFlags.SOURCE_NAT;
        assertEquals(tuple("8.8.8.8.53 > 10.99.1.2.61000", TCP),
            EntryTranslation.entryOf(flow).orElseThrow().reply());
        flow.flags |= FlowFlags.THROUGH_HOST;
        assertEquals(true, EntryTranslation.entryOf(flow).isEmpty(), "the kernel has it already");
        flow.flags &= ~(FlowFlags.THROUGH_HOST | FlowFlags.SOURCE_APPROVED);
        assertEquals(true, EntryTranslation.entryOf(flow).isEmpty(), "policy has not approved it");
        flow.flags |= FlowFlags.SOURCE_APPROVED;
        flow.state = FlowState.TCP_TIME_WAIT;
        assertEquals(true, EntryTranslation.entryOf(flow).isEmpty(), "it is over");
    }
}

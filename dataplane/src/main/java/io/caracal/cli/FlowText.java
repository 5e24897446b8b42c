package io.caracal.cli;

import java.util.Map;

import io.caracal.conntrack.FlowFlags;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.Ipv6Tuple;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;

/** One flow as a line of text or a JSON object, written without format strings: there may be ten million. */
final class FlowText {
    private final Map<Integer, String> podByIfindex;
    private final StringBuilder text = new StringBuilder(512);

    /** @param podByIfindex names of pods, as far as they are known. */
    FlowText(final Map<Integer, String> podByIfindex) {
        this.podByIfindex = podByIfindex;
    }

    /** Protocol, state, both tuples where they differ, pods, packets and bytes each way, seconds of silence, flags. */
    CharSequence line(final FlowSnapshot flow, final long idleSeconds) {
        text.setLength(0);
        text.append(protocol(flow.protocol)).append(' ').append(FlowState.name(flow.state)).append(' ');
        tuple(flow, flow.original);
        if ((flow.flags & FlowFlags.NAT) != 0) {
            text.append(" answered ");
            tuple(flow, flow.reply);
        }
        text.append(" pods ").append(pod(flow.sourceIfindex)).append(" > ").append(pod(flow.destinationIfindex));
        text.append(" packets ").append(flow.originalPackets).append('/').append(flow.replyPackets);
        text.append(" bytes ").append(flow.originalBytes).append('/').append(flow.replyBytes);
        return text.append(" idle ").append(idleSeconds).append('s').append(flags(flow.flags));
    }

    private static String protocol(final int protocol) {
        return switch (protocol) {
            case IpProtocol.TCP -> "tcp";
            case IpProtocol.UDP -> "udp";
            case IpProtocol.SCTP -> "sctp";
            case IpProtocol.ICMP -> "icmp";
            case IpProtocol.ICMPV6 -> "icmpv6";
            default -> Integer.toString(protocol);
        };
    }

    private String pod(final int ifindex) {
        final String name = podByIfindex.get(ifindex);
        return ifindex == 0 ? "-" : name == null ? "ifindex " + ifindex : name;
    }

    private static String flags(final int flags) {
        return ((flags & FlowFlags.ASSURED) != 0 ? " assured" : "")
            + ((flags & FlowFlags.APPROVED) == FlowFlags.APPROVED ? "" : " not-approved")
            + ((flags & FlowFlags.THROUGH_HOST) != 0 ? " through-host" : "")
            + ((flags & FlowFlags.HOST_NAT) != 0 ? " host-nat" : "");
    }

    private void tuple(final FlowSnapshot flow, final Ipv6Tuple tuple) {
        end(flow, tuple.sourceHigh, tuple.sourceLow, tuple.ports >>> Short.SIZE);
        text.append(" > ");
        end(flow, tuple.destinationHigh, tuple.destinationLow, tuple.ports & 0xffff);
    }

    private void end(final FlowSnapshot flow, final long high, final long low, final int port) {
        if (flow.ipVersion == 4) {
            text.append(Ipv4Address.format((int)low));
        } else {
            text.append('[').append(Ipv6Text.format(high, low)).append(']');
        }
        text.append(':').append(port);
    }

    /** An object on one line. */
    CharSequence json(final FlowSnapshot flow, final long idleSeconds) {
        text.setLength(0);
        text.append("{\"protocol\":\"").append(protocol(flow.protocol)).append("\",\"state\":\"")
            .append(FlowState.name(flow.state)).append("\",\"original\":\"");
        tuple(flow, flow.original);
        text.append("\",\"reply\":\"");
        tuple(flow, flow.reply);
        text.append("\",\"sourcePod\":");
        podJson(flow.sourceIfindex);
        text.append(",\"destinationPod\":");
        podJson(flow.destinationIfindex);
        text.append(",\"packets\":[").append(flow.originalPackets).append(',').append(flow.replyPackets);
        text.append("],\"bytes\":[").append(flow.originalBytes).append(',').append(flow.replyBytes);
        text.append("],\"idleSeconds\":").append(idleSeconds).append(",\"flags\":\"")
            .append(flags(flow.flags).strip());
        return text.append("\"}");
    }

    /** Names of pods are words of Kubernetes: letters, digits, dashes, dots, slashes. */
    private void podJson(final int ifindex) {
        if (ifindex == 0) {
            text.append("null");
        } else {
            text.append('"').append(pod(ifindex)).append('"');
        }
    }
}

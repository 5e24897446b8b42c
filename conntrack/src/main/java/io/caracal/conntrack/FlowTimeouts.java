package io.caracal.conntrack;

import io.caracal.wire.IpProtocol;

/**
 * How long a flow may be idle in each state, looked up by number: {@link ConntrackTimeouts} unfolded for the packet
 * path. Immutable; any thread.
 */
final class FlowTimeouts {
    private final int[] byState = new int[FlowState.SCTP_CLOSED + 1];
    private final int udpMs;
    private final int icmpMs;
    private final int genericMs;
    private final int residualResetMs;

    FlowTimeouts(final ConntrackTimeouts timeouts) {
        final int synSentMs = (int)timeouts.tcpSynSent().toMillis();
        final int establishedMs = (int)timeouts.tcpEstablished().toMillis();
        final int finsSeenMs = (int)timeouts.tcpFinsSeen().toMillis();
        final int resetSeenMs = (int)timeouts.tcpResetSeen().toMillis();
        udpMs = (int)timeouts.udp().toMillis();
        icmpMs = (int)timeouts.icmp().toMillis();
        genericMs = (int)timeouts.generic().toMillis();
        residualResetMs = (int)ConntrackTimeouts.RESIDUAL_RESET.toMillis();
        byState[FlowState.TCP_SYN_SENT] = synSentMs;
        byState[FlowState.TCP_SYN_SENT_BOTH] = synSentMs;
        byState[FlowState.TCP_SYN_RECEIVED] = synSentMs;
        byState[FlowState.TCP_ESTABLISHED] = establishedMs;
        /* With one FIN the other half may stay silent as long as an established flow; Calico counts FINs likewise. */
        byState[FlowState.TCP_FIN_WAIT] = establishedMs;
        byState[FlowState.TCP_CLOSE_WAIT] = establishedMs;
        byState[FlowState.TCP_LAST_ACK] = finsSeenMs;
        byState[FlowState.TCP_TIME_WAIT] = finsSeenMs;
        byState[FlowState.TCP_CLOSED] = resetSeenMs;
        byState[FlowState.SCTP_COOKIE_WAIT] = synSentMs;
        byState[FlowState.SCTP_COOKIE_ECHOED] = synSentMs;
        byState[FlowState.SCTP_ESTABLISHED] = establishedMs;
        byState[FlowState.SCTP_SHUTDOWN_SENT] = finsSeenMs;
        byState[FlowState.SCTP_SHUTDOWN_ACK_SENT] = finsSeenMs;
        byState[FlowState.SCTP_CLOSED] = resetSeenMs;
    }

    /** Milliseconds that a flow may be idle. */
    int idleMaxMs(final int protocol, final int state, final int flags) {
        if (state < FlowState.UNREPLIED || state > FlowState.REPLIED) {
            final int timeoutMs = byState[state];
            return (flags & FlowFlags.RESET_SEEN) != 0 ? Math.min(timeoutMs, residualResetMs) : timeoutMs;
        }
        return switch (protocol) {
            case IpProtocol.UDP -> udpMs;
            case IpProtocol.ICMP, IpProtocol.ICMPV6 -> icmpMs;
            default -> genericMs;
        };
    }
}

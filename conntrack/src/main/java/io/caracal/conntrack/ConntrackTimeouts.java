package io.caracal.conntrack;

import java.time.Duration;
import java.util.Objects;

/**
 * How long a flow may be idle, by Felix's names ({@code felix/bpf/conntrack/timeouts}): the same settings mean the same
 * with Caracal as with Calico's eBPF dataplane.
 *
 * @param creationGrace {@code CreationGracePeriod}: a flow younger than this is not expired, however short its timeout.
 * @param tcpSynSent {@code TCPSynSent}: until the handshake is complete. Also an SCTP handshake.
 * @param tcpEstablished {@code TCPEstablished}: open in at least one direction.
 * @param tcpFinsSeen {@code TCPFinsSeen}: both directions closed.
 * @param tcpResetSeen {@code TCPResetSeen}: aborted.
 * @param udp {@code UDPTimeout}.
 * @param generic {@code GenericTimeout}: protocols without a state machine.
 * @param icmp {@code ICMPTimeout}: queries.
 */
public record ConntrackTimeouts(Duration creationGrace, Duration tcpSynSent, Duration tcpEstablished,
    Duration tcpFinsSeen, Duration tcpResetSeen, Duration udp, Duration generic, Duration icmp) {

    /** An established flow with a RST that did not match expires after this idle time (Calico's cleanup). */
    static final Duration RESIDUAL_RESET = Duration.ofMinutes(2);
    /** Times of flows are kept in 32 bits of milliseconds and compared by difference: half of that range is 24 days. */
    static final Duration LONGEST = Duration.ofDays(10);
    private static final Duration SHORTEST = Duration.ofSeconds(1);

    /** Calico's defaults ({@code DefaultTimeouts}). */
    public static final ConntrackTimeouts DEFAULTS = new ConntrackTimeouts(Duration.ofSeconds(10),
        Duration.ofSeconds(20), Duration.ofHours(1), Duration.ofSeconds(30), Duration.ofSeconds(40),
        Duration.ofSeconds(60), Duration.ofSeconds(600), Duration.ofSeconds(5));

    /** Checks that each is within a second and ten days; the grace period may be zero. */
    public ConntrackTimeouts {
        requireRange("CreationGracePeriod", creationGrace, Duration.ZERO);
        requireRange("TCPSynSent", tcpSynSent, SHORTEST);
        requireRange("TCPEstablished", tcpEstablished, SHORTEST);
        requireRange("TCPFinsSeen", tcpFinsSeen, SHORTEST);
        requireRange("TCPResetSeen", tcpResetSeen, SHORTEST);
        requireRange("UDPTimeout", udp, SHORTEST);
        requireRange("GenericTimeout", generic, SHORTEST);
        requireRange("ICMPTimeout", icmp, SHORTEST);
    }

    private static void requireRange(final String name, final Duration value, final Duration shortest) {
        Objects.requireNonNull(value, name);
        if (value.compareTo(shortest) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(name + ": " + value + " is not within " + shortest + " .. " + LONGEST);
        }
    }

    /** Whether a timeout of this name may be set so. */
    static boolean isWithinRange(final String name, final Duration value) {
        final Duration shortest = name.equals("CreationGracePeriod") ? Duration.ZERO : SHORTEST;
        return value.compareTo(shortest) >= 0 && value.compareTo(LONGEST) <= 0;
    }
}

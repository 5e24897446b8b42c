package io.caracal.conntrack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Felix's setting {@code BPFConntrackTimeouts}: {@code TCPSynSent=20s,TCPFinsSeen=Auto}. Values are Go durations, or
 * {@code Auto} for the kernel's own setting where it has one ({@code felix/bpf/conntrack/timeouts/timeouts.go}). As
 * Felix, an unknown name or value leaves the default; {@link #refused} says which, so that it is not silent.
 */
public final class TimeoutSettings {
    private static final Path SYSCTLS = Path.of("/proc/sys/net/netfilter");
    private static final Map<String, String> SYSCTL_OF = Map.of(
        "TCPSynSent", "nf_conntrack_tcp_timeout_syn_sent",
        "TCPEstablished", "nf_conntrack_tcp_timeout_established",
        "TCPFinsSeen", "nf_conntrack_tcp_timeout_time_wait",
        "GenericTimeout", "nf_conntrack_generic_timeout",
        "ICMPTimeout", "nf_conntrack_icmp_timeout");
    private static final Pattern DURATION = Pattern.compile("(\\d+(?:\\.\\d+)?)(h|ms|m|s|us|µs|ns)");
    private static final Map<String, Double> NS_OF_UNIT =
        Map.of("h", 3.6e12, "m", 6e10, "s", 1e9, "ms", 1e6, "us", 1e3, "µs", 1e3, "ns", 1.0);

    private final ConntrackTimeouts timeouts;
    private final List<String> refused;

    private TimeoutSettings(final ConntrackTimeouts timeouts, final List<String> refused) {
        this.timeouts = timeouts;
        this.refused = refused;
    }

    /**
     * Reads the setting.
     *
     * @param setting comma-separated {@code name=value}; empty for all defaults.
     * @return the timeouts, and what was refused.
     */
    public static TimeoutSettings parse(final String setting) {
        return parse(setting, SYSCTLS);
    }

    static TimeoutSettings parse(final String setting, final Path sysctls) {
        final ConntrackTimeouts defaults = ConntrackTimeouts.DEFAULTS;
        final Map<String, Duration> values = new TreeMap<>(Map.of(
            "CreationGracePeriod", defaults.creationGrace(), "TCPSynSent", defaults.tcpSynSent(),
            "TCPEstablished", defaults.tcpEstablished(), "TCPFinsSeen", defaults.tcpFinsSeen(),
            "TCPResetSeen", defaults.tcpResetSeen(), "UDPTimeout", defaults.udp(),
            "GenericTimeout", defaults.generic(), "ICMPTimeout", defaults.icmp()));
        final List<String> refused = new ArrayList<>();
        for (final String entry : setting.split(",")) {
            if (!entry.isBlank()) {
                apply(entry.strip(), values, refused, sysctls);
            }
        }
        return new TimeoutSettings(new ConntrackTimeouts(values.get("CreationGracePeriod"), values.get("TCPSynSent"),
            values.get("TCPEstablished"), values.get("TCPFinsSeen"), values.get("TCPResetSeen"),
            values.get("UDPTimeout"), values.get("GenericTimeout"), values.get("ICMPTimeout")), List.copyOf(refused));
    }

    private static void apply(final String entry, final Map<String, Duration> values, final List<String> refused,
        final Path sysctls) {
        final int equals = entry.indexOf('=');
        final String name = equals < 0 ? entry : entry.substring(0, equals).strip();
        final String value = equals < 0 ? "" : entry.substring(equals + 1).strip();
        final Duration wanted = value.equals("Auto") ? kernels(name, sysctls) : duration(value);
        if (!values.containsKey(name)) {
            refused.add("BPFConntrackTimeouts: " + name + " is no timeout");
        } else if (wanted == null) {
            refused.add("BPFConntrackTimeouts: " + entry + " is no duration, " + values.get(name) + " stays");
        } else if (ConntrackTimeouts.isWithinRange(name, wanted)) {
            values.put(name, wanted);
        } else {
            refused.add("BPFConntrackTimeouts: " + entry + " is out of range, " + values.get(name) + " stays");
        }
    }

    private static Duration kernels(final String name, final Path sysctls) {
        final String sysctl = SYSCTL_OF.get(name);
        if (sysctl == null) {
            return null;
        }
        try {
            return Duration.ofSeconds(Long.parseLong(Files.readString(sysctls.resolve(sysctl)).strip()));
        } catch (final IOException | NumberFormatException e) {
            /* No nf_conntrack in this kernel: the caller keeps the default and says so. */
            return null;
        }
    }

    private static Duration duration(final String text) {
        final Matcher matcher = DURATION.matcher(text);
        int end = 0;
        double sumNs = 0;
        while (matcher.find() && matcher.start() == end) {
            sumNs += Double.parseDouble(matcher.group(1)) * NS_OF_UNIT.get(matcher.group(2));
            end = matcher.end();
        }
        return end == 0 || end != text.length() ? null : Duration.ofNanos((long)sumNs);
    }

    /**
     * The timeouts.
     *
     * @return defaults where nothing else was given.
     */
    public ConntrackTimeouts timeouts() {
        return timeouts;
    }

    /**
     * What was not understood, one sentence each.
     *
     * @return empty when everything was.
     */
    public List<String> refused() {
        return refused;
    }
}

package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimeoutSettingsTest {
    @TempDir
    Path sysctls;

    @Test
    void shouldKeepCalicosDefaultsWithoutSetting() {
        final TimeoutSettings settings = TimeoutSettings.parse("");
        assertEquals(ConntrackTimeouts.DEFAULTS, settings.timeouts());
        assertEquals(List.of(), settings.refused());
    }

    @Test
    void shouldReadGoDurations() {
        final ConntrackTimeouts timeouts = TimeoutSettings.parse(
            "TCPEstablished=1h30m, UDPTimeout=1.5s,CreationGracePeriod=0s,ICMPTimeout=2500ms").timeouts();
        assertEquals(Duration.ofMinutes(90), timeouts.tcpEstablished());
        assertEquals(Duration.ofMillis(1500), timeouts.udp());
        assertEquals(Duration.ZERO, timeouts.creationGrace());
        assertEquals(Duration.ofMillis(2500), timeouts.icmp());
        assertEquals(Duration.ofSeconds(20), timeouts.tcpSynSent());
    }

    @Test
    void shouldTakeTheKernelsValueForAuto() throws IOException {
        Files.writeString(sysctls.resolve("nf_conntrack_tcp_timeout_time_wait"), "120\n");
        final TimeoutSettings settings =
            TimeoutSettings.parse("TCPFinsSeen=Auto,ICMPTimeout=Auto,UDPTimeout=Auto", sysctls);
        assertEquals(Duration.ofSeconds(120), settings.timeouts().tcpFinsSeen());
        assertEquals(Duration.ofSeconds(5), settings.timeouts().icmp());
        assertEquals(List.of("BPFConntrackTimeouts: ICMPTimeout=Auto is no duration, PT5S stays",
            "BPFConntrackTimeouts: UDPTimeout=Auto is no duration, PT1M stays"), settings.refused());
    }

    @Test
    void shouldNameWhatItRefuses() {
        final TimeoutSettings settings = TimeoutSettings.parse("Sctp=1s,TCPSynSent=soon,UDPTimeout=1ms,TCPResetSeen");
        assertEquals(ConntrackTimeouts.DEFAULTS, settings.timeouts());
        assertEquals(List.of("BPFConntrackTimeouts: Sctp is no timeout",
            "BPFConntrackTimeouts: TCPSynSent=soon is no duration, PT20S stays",
            "BPFConntrackTimeouts: UDPTimeout=1ms is out of range, PT1M stays",
            "BPFConntrackTimeouts: TCPResetSeen is no duration, PT40S stays"), settings.refused());
    }
}

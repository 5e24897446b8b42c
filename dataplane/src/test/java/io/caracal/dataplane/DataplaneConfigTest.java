package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataplaneConfigTest {
    @TempDir
    private Path directory;

    @Test
    void shouldConcludeFromDefaults() {
        final DataplaneConfig config = DataplaneConfig.builder().conclude();
        assertEquals(1, config.workers());
        assertEquals(0x100, config.markHanded());
        assertFalse(config.node().isEmpty());
    }

    @Test
    void shouldLetTheCommandLineWinOverTheFile() throws IOException {
        final Path file = Files.writeString(directory.resolve("caracal.yaml"), "workers: 3\nnode: from-file\n");
        final DataplaneConfig config = DataplaneConfig.builder().file(file).set("workers", "4").conclude();
        assertEquals(4, config.workers());
        assertEquals("from-file", config.node());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "workers | 0 | setting workers=0 is not in 1..64",
        "workers | two | setting workers=two is no number",
        "ring-depth | 1000 | setting ring-depth=1000 is no power of two",
        "frame-count | 4096 | setting frame-count=4096 is less than five rings of 2048",
        "mark-handed | 0x300 | setting mark-handed=0x300 is not exactly one bit",
        "mark-handed | 0x4000 | is one of Calico's (0xffff0000) or kube-proxy's (0x4000, 0x8000) mark bits",
        "mark-handed | 0x200 | setting mark-approved=0x200 is the same bit as mark-handed",
        "idle | busy | setting idle=busy is none of adaptive, spin",
        "uplink-busy-poll | yes | setting uplink-busy-poll=yes is none of off, on",
        "uplink-busy-poll | true | is none of off, on",
        "on-engine-loss | open | setting on-engine-loss=open is none of drop, pass",
        "interface-prefix | cali* | setting interface-prefix=cali* is no interface name",
        "punt-engine-device | punt0 | setting punt-engine-device=punt0 is the same device as punt-host-device",
        "punt-host-device | a-name-too-long-for-linux | is no interface name",
    })
    void shouldRefuseByNameWhatIsOutOfRange(final String key, final String value, final String complaint) {
        final IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
            () -> DataplaneConfig.builder().set(key, value).conclude());
        assertTrue(refusal.getMessage().contains(complaint), refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "wrokers: 1 | unknown setting 'wrokers' (settings: node, ",
        "workers: [1, 2] | workers is not a single value",
        "- workers | not a list of 'key: value' lines",
        "workers: 'unclosed | at line",
    })
    void shouldRefuseABadFileByNameAndPlace(final String text, final String complaint) throws IOException {
        final Path file = Files.writeString(directory.resolve("bad.yaml"), text);
        final IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
            () -> DataplaneConfig.builder().file(file).conclude());
        assertTrue(refusal.getMessage().contains(complaint), refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"0, 4, 32000", "400, 4, 100", "3, 4, 1", "1, 64, 1"})
    void shouldDivideAnEndpointsFlowsAmongWorkers(final String max, final String workers, final int ofEachWorker) {
        final DataplaneConfig config = DataplaneConfig.builder().set(ConfigKey.CONNTRACK_ENDPOINT_FLOWS_MAX, max)
            .set(ConfigKey.WORKERS, workers).conclude();
        assertEquals(ofEachWorker,
            ConntrackSettings.of(config, 0, new EngineLog(System.err)).endpointFlowsMax());
    }
}

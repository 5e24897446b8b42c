package io.caracal.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PktgenScriptTest {
    private static final Path SCRIPT = Path.of("pktgen", "pktgen").toAbsolutePath();
    private static final String[] WHERE = {"--interface", "lo", "--destination", "127.0.0.1", "--destination-mac",
        "02:00:00:00:00:01"};

    @TempDir
    private Path withoutPktgen;
    private String said;

    private int execute(final String... words) throws Exception {
        final List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
        command.addAll(List.of(words));
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("CARACAL_PKTGEN_PROC", withoutPktgen.toString());
        final Process process = builder.start();
        said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor();
    }

    @Test
    void shouldRefuseWhereTheKernelHasNoGeneratorAndSayWhatToDo() throws Exception {
        final List<String> words = new ArrayList<>(List.of("udp-64"));
        words.addAll(List.of(WHERE));
        assertEquals(3, execute(words.toArray(String[]::new)));
        assertTrue(said.contains("CONFIG_NET_PKTGEN") && said.contains("./caracal bench"), said);
    }

    @ParameterizedTest
    @CsvSource({"tcp-1, no scenario 'tcp-1'", "udp-64 --interface, --interface needs a value",
        "udp-64 --interface lo, --destination is missing", "udp-64 --speed 9, unknown option '--speed'"})
    void shouldRefuseWhatItDoesNotUnderstand(final String words, final String complaint) throws Exception {
        assertEquals(2, execute(words.split(" ")), said);
        assertTrue(said.contains(complaint), said);
    }

    @Test
    void shouldNameOnlyScenariosThatTheBenchHasToo() throws Exception {
        assertEquals(0, execute("--help"));
        for (final String name : List.of("udp-64", "udp-1400", "pps-64")) {
            assertTrue(said.contains(name), said);
            assertEquals(name, BuiltInScenarios.registry().find(List.of(name)).getFirst().name());
        }
    }
}

package io.caracal.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.lab.LabSweep;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole demo as a person starts it: a JVM, an engine in another, real packets; and every way in which it ends. */
@Timeout(180)
class DemoTest {
    private static final Pattern ENGINE = Pattern.compile("\\(process (\\d+)\\)");

    @TempDir
    private Path directory;
    private Process demo;
    private long enginePid;

    private void start(final String... options) throws IOException {
        final List<String> command = new ArrayList<>(JavaCommand.ofThisProcess());
        command.add("demo");
        command.addAll(List.of(options));
        demo = new ProcessBuilder(command).redirectError(directory.resolve("errors").toFile()).start();
    }

    /** Reads what the demo says until the engine takes traffic. */
    private void awaitEngine() throws IOException {
        final BufferedReader output = demo.inputReader(StandardCharsets.UTF_8);
        final StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            final Matcher matcher = ENGINE.matcher(line);
            if (matcher.find()) {
                enginePid = Long.parseLong(matcher.group(1));
                return;
            }
        }
        throw new AssertionError("the demo ended before the engine was ready:\n" + said + errors());
    }

    private String errors() throws IOException {
        return Files.readString(directory.resolve("errors"));
    }

    /** Namespaces, folders and mounts of this demo. */
    private Set<String> leftovers() throws IOException {
        final Set<String> left = new TreeSet<>();
        final String id = "demo-" + demo.pid() + "-";
        for (final String folder : List.of("/run/netns", "/dev/shm/caracal-lab")) {
            if (Files.isDirectory(Path.of(folder))) {
                try (Stream<Path> entries = Files.list(Path.of(folder))) {
                    entries.map(Path::toString).filter(name -> name.contains(id)).forEach(left::add);
                }
            }
        }
        Files.readAllLines(Path.of("/proc/self/mounts")).stream()
            .filter(line -> line.contains("/" + id)).forEach(left::add);
        return left;
    }

    private void awaitEngineEnd() throws Exception {
        final var engine = ProcessHandle.of(enginePid);
        if (engine.isPresent()) {
            engine.get().onExit().get(30, TimeUnit.SECONDS);
        }
    }

    @AfterEach
    void endDemo() throws InterruptedException {
        if (demo != null) {
            demo.destroyForcibly().waitFor();
            LabSweep.sweep();
        }
    }

    @Test
    void shouldShowEverythingAndLeaveNothing() throws Exception {
        start("--json", "--seconds", "1", "--pods", "4");
        final JsonNode json = new JsonMapper().readTree(demo.getInputStream());
        assertTrue(demo.waitFor(60, TimeUnit.SECONDS));
        final String people = errors();
        assertEquals(0, demo.exitValue(), people);
        assertTrue(json.get("passed").asBoolean(), people);
        final List<String> names = new ArrayList<>();
        json.get("steps").forEach(step -> {
            names.add(step.get("name").asText());
            assertTrue(step.get("passed").asBoolean(), step.toString());
        });
        assertEquals(DemoSteps.all().stream().map(DemoStep::name).toList(), names);
        final JsonNode counters = json.get("counters");
        assertTrue(counters.get("rxPackets").asLong() > 100, json.toString());
        assertTrue(counters.get("rxPackets").asLong() + counters.get("cachedPackets").asLong() > 10_000,
            json.toString());
        final JsonNode latency = json.get("steps").get(names.indexOf("latency")).get("figures");
        assertTrue(latency.get("p50Us").asDouble() > 0
            && latency.get("p99Us").asDouble() >= latency.get("p50Us").asDouble(), latency.toString());
        assertEquals(0, json.get("steps").get(names.indexOf("checksums")).at("/figures/tcpInCsumErrors").asLong());
        assertEquals(Set.of(), leftovers());
        assertFalse(people.contains("\u001b"), "colour where no terminal is");
    }

    @Test
    void shouldFailWithCode1WhenTheEngineDies() throws Exception {
        start("--seconds", "1");
        awaitEngine();
        ProcessHandle.of(enginePid).orElseThrow().destroyForcibly();
        final String said = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(demo.waitFor(60, TimeUnit.SECONDS));
        assertEquals(1, demo.exitValue(), said);
        assertTrue(said.contains("✗"), said);
        assertEquals(Set.of(), leftovers());
    }

    @Test
    void shouldRemoveEverythingOnSigterm() throws Exception {
        start("--seconds", "60");
        awaitEngine();
        demo.toHandle().destroy();
        final String said = new String(demo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(demo.waitFor(60, TimeUnit.SECONDS));
        assertEquals(128 + 15, demo.exitValue(), said);
        assertTrue(said.endsWith("Stopped: removing the engine, the pods and the node.\n"), said);
        awaitEngineEnd();
        assertEquals(Set.of(), leftovers());
    }

    @Test
    void shouldLeaveNoProcessWhenKilledAndNothingAfterASweep() throws Exception {
        start("--seconds", "60");
        awaitEngine();
        demo.destroyForcibly().waitFor();
        awaitEngineEnd();
        assertFalse(leftovers().isEmpty(), "SIGKILL leaves the namespaces to the sweep");
        final LabSweep.Swept swept = LabSweep.sweep();
        assertTrue(swept.isAnything());
        assertEquals(Set.of(), leftovers());
    }

    @Test
    void shouldRefuseOptionsOutOfRange() throws Exception {
        start("--pods", "1");
        assertTrue(demo.waitFor(60, TimeUnit.SECONDS));
        assertEquals(2, demo.exitValue(), errors());
        assertTrue(errors().startsWith("--pods 1 is not 2 to 50"), errors());
    }
}

package io.caracal.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caracal.perf.report.Bar;
import io.caracal.perf.report.ResultRow;
import io.caracal.perf.report.ScenarioResult;
import io.caracal.perf.stats.Sample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class BenchCommandTest {
    private static final Bar BAR = new Bar("speed", "caracal", "c-twin", Bar.Direction.AT_LEAST, 0.95, "");

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<BenchSettings> seen = new ArrayList<>();
    @TempDir
    private Path results;

    /** Finds a given ratio without measuring. */
    private final class FixedScenario implements Scenario {
        private final String name;
        private final double ratio;

        FixedScenario(final String name, final double ratio) {
            this.name = name;
            this.ratio = ratio;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String sentence() {
            return "finds what it was told";
        }

        @Override
        public List<String> contenders() {
            return List.of("caracal", "c-twin");
        }

        @Override
        public List<Bar> bars() {
            return List.of(BAR);
        }

        @Override
        public ScenarioResult run(final BenchSettings settings) {
            seen.add(settings);
            if (ratio < 0) {
                throw new BenchException("compile cfwd with cc: there is no such compiler");
            }
            return new ScenarioResult(List.of(ResultRow.of("speed", "caracal", "pps", Sample.of(3, 1, 2))),
                List.of(BAR.judge(ratio)), List.of("3 rounds count."),
                List.of(new ScenarioResult.Series("speed", "caracal", "pps", List.of(3.0, 1.0, 2.0))));
        }
    }

    private int execute(final String... args) {
        final ScenarioRegistry registry = new ScenarioRegistry(List.of(new FixedScenario("good", 0.97),
            new FixedScenario("bad", 0.5), new FixedScenario("broken", -1)));
        final CommandLine command = BenchCommand.commandLine(registry);
        command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        final List<String> all = new ArrayList<>(List.of("--results", results.toString()));
        all.addAll(List.of(args));
        return command.execute(all.toArray(String[]::new));
    }

    @Test
    void shouldPrintExactlyTheDocumentedJson() throws IOException {
        assertEquals(0, execute("good", "--json"));
        final JsonNode report = new ObjectMapper().readTree(out.toString());
        assertEquals(List.of("name", "machine", "rows", "ratios"), names(report));
        assertEquals("good", report.get("name").asText());
        assertTrue(report.get("machine").asText().contains("JDK"), report.get("machine").asText());
        final JsonNode row = report.get("rows").get(0);
        assertEquals(List.of("scenario", "who", "unit", "median", "low", "high", "runs"), names(row));
        assertEquals("speed caracal pps 2.0 1.0 3.0 3", values(row));
        final JsonNode ratio = report.get("ratios").get(0);
        assertEquals(List.of("scenario", "of", "to", "value", "bar", "met"), names(ratio));
        assertEquals("speed caracal c-twin 0.97 0.95 true", values(ratio));
    }

    private static List<String> names(final JsonNode object) {
        final List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static String values(final JsonNode object) {
        final List<String> values = new ArrayList<>();
        object.forEach(value -> values.add(value.asText()));
        return String.join(" ", values);
    }

    @Test
    void shouldSayWithItsExitCodeWhetherEveryBarWasReached() {
        assertEquals(0, execute("good"));
        assertEquals(1, execute("bad"));
        assertEquals(1, execute("good", "bad"));
    }

    @Test
    void shouldEndWithThreeAndTheReasonWhenTheEnvironmentFails() {
        assertEquals(3, execute("broken"));
        assertEquals("caracal: compile cfwd with cc: there is no such compiler",
            err.toString().lines().reduce((first, last) -> last).orElse(""));
    }

    @Test
    void shouldNameTheScenariosThereAreWhenOneIsUnknown() {
        assertEquals(2, execute("fast"));
        assertTrue(err.toString().contains("no scenario 'fast'; there are good, bad, broken"), err.toString());
        assertEquals(List.of(), seen);
    }

    @Test
    void shouldRefuseRoundsOutOfRangeAndUnknownOptions() {
        assertEquals(2, execute("good", "--rounds", "0"));
        assertTrue(err.toString().contains("rounds must be within 1 and 1000: 0"), err.toString());
        assertEquals(2, execute("good", "--rounds", "many"));
        assertEquals(2, execute("good", "--fast"));
        assertEquals(List.of(), seen);
    }

    @Test
    void shouldTakeFewerRoundsWhenQuickAndTheGivenNumberWhenGiven() {
        execute("good");
        execute("good", "--quick");
        execute("good", "--quick", "--rounds", "7");
        assertEquals(List.of(BenchSettings.ROUNDS_DEFAULT, BenchSettings.ROUNDS_QUICK, 7),
            seen.stream().map(BenchSettings::rounds).toList());
    }

    @Test
    void shouldListScenariosWithTheirBarsAndRunNone() {
        assertEquals(0, execute("--list"));
        assertTrue(out.toString().contains("good            finds what it was told"), out.toString());
        assertTrue(out.toString().contains("bar: speed: caracal / c-twin at least 0.95"), out.toString());
        assertEquals(List.of(), seen);
    }

    @Test
    void shouldWriteJsonMarkdownAndPlotsBesideEachOther() throws IOException {
        execute("good");
        final String markdown = Files.readString(results.resolve("good.md"));
        assertTrue(markdown.contains("| speed                    | caracal    | pps "), markdown);
        assertTrue(markdown.contains("- 3 rounds count."), markdown);
        assertTrue(markdown.contains("![](speed.svg)"), markdown);
        assertEquals("good", new ObjectMapper().readTree(results.resolve("good.json").toFile()).get("name").asText());
        assertTrue(Files.readString(results.resolve("speed.svg")).contains("<svg"));
        assertEquals((byte)'P', Files.readAllBytes(results.resolve("speed.png"))[1]);
    }

    @Test
    void shouldKeepWhatOthersFoundWhenOneScenarioFails() throws IOException {
        assertEquals(3, execute("good", "broken", "bad"));
        assertEquals(3, seen.size());
        assertTrue(out.toString().contains("| speed "), out.toString());
        assertEquals("caracal: compile cfwd with cc: there is no such compiler",
            err.toString().lines().reduce((first, last) -> last).orElse(""));
        final String report = Files.readString(results.resolve("REPORT.md"));
        assertTrue(report.contains("## good") && report.contains("## bad") && !report.contains("## broken"), report);
    }

    @Test
    void shouldReportEveryScenarioEverRunThereInTheOrderOfTheList() throws IOException {
        execute("bad");
        execute("good");
        final String report = Files.readString(results.resolve("REPORT.md"));
        assertTrue(report.indexOf("## good") < report.indexOf("## bad"), report);
        assertTrue(report.indexOf("| speed                    | caracal / c-twin         |        0.970 |    0.950 |")
            < report.indexOf("## good"), report);
        assertTrue(report.contains("JDK ") && report.contains("![](speed.svg)"), report);
    }

    @Test
    void shouldNameTheReportAllWhenEverythingWasAskedFor() throws IOException {
        execute("--json");
        assertEquals("all", new ObjectMapper().readTree(out.toString()).get("name").asText());
        assertTrue(Files.exists(results.resolve("all.json")));
    }

    @Test
    void shouldRunEveryScenarioOnceWhenAskedForAll() {
        execute("good", "good", "bad");
        assertEquals(2, seen.size());
    }
}

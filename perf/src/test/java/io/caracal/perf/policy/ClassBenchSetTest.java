package io.caracal.perf.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.perf.report.ResultRow;
import io.caracal.perf.stats.Sample;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The format, the verdict about a trace, and the plot. */
class ClassBenchSetTest {
    private static final List<String> RULES = List.of(
        "@10.0.0.0/8\t192.0.2.1/32\t0 : 65535\t80 : 80\t0x06/0xFF\t0x0000/0x0000",
        "@0.0.0.0/0\t192.0.2.0/24\t0 : 65535\t1024 : 65535\t0x11/0xFF\t0x0000/0x0000",
        "@0.0.0.0/0\t192.0.2.0/24\t0 : 65535\t0 : 65535\t0x00/0x00\t0x0000/0x0000");
    private static final List<String> TRACE = List.of(
        "167772161\t3221225985\t40000\t80\t6\t0",
        "167772161\t3221225985\t40000\t5000\t17\t1",
        "1\t3221226239\t1\t1\t6\t2",
        "1\t1\t1\t1\t6\t-1");

    @TempDir
    private Path directory;

    @Test
    void shouldFindTheRulesOfTheTraceByBothSearches() throws IOException {
        final ClassBenchSet set = read(RULES, TRACE);
        final LinearSearch linear = new LinearSearch(set);
        for (int header = 0; header < set.headerCount(); header++) {
            assertEquals(set.expected(header), linear.find(set.header(header)), "header " + header);
        }
        assertEquals(List.of(), BuildFigures.of(set).wrong());
    }

    @Test
    void shouldNameHeadersWithAnotherRule() throws IOException {
        final ClassBenchSet set = read(RULES, List.of(TRACE.getFirst(), "167772161\t3221225985\t40000\t80\t6\t1"));
        final List<String> wrong = BuildFigures.of(set).wrong();
        assertEquals(1, wrong.size());
        assertTrue(wrong.getFirst().contains("header 2") && wrong.getFirst().endsWith("rule 0 instead of 1"),
            wrong.getFirst());
    }

    @Test
    void shouldNameTheLineThatIsNoHeader() {
        final IOException refused = assertThrows(IOException.class, () -> read(RULES, List.of("1 2 3")));
        assertTrue(refused.getMessage().contains("line 1"), refused.getMessage());
    }

    @Test
    void shouldDrawAllSetsBesideEachOther() throws IOException {
        ClassifierPlot.write(List.of(ResultRow.of("a", "caracal", "ns/lookup", Sample.of(50)),
            ResultRow.of("a-cold", "caracal", "ns/lookup", Sample.of(200)),
            ResultRow.of("a", "linear", "ns/lookup", Sample.of(9000))), directory);
        assertTrue(Files.readString(directory.resolve("classifier.svg")).contains("</svg>"));
        assertTrue(Files.size(directory.resolve("classifier.png")) > 1000);
    }

    private ClassBenchSet read(final List<String> rules, final List<String> trace) throws IOException {
        return ClassBenchSet.read("test", Files.write(directory.resolve("rules"), rules),
            Files.write(directory.resolve("trace"), trace));
    }
}

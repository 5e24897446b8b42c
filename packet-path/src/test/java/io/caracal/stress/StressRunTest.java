package io.caracal.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs every jcstress test of {@code src/jcstress} for a few seconds each, in a virtual machine of its own. Goal: no
 * forbidden outcome; and the one test that is built to show a lost wake-up does show it, so that a harness which sees
 * nothing cannot pass. {@code -Djcstress.time.ms=60000} makes each iteration longer.
 */
class StressRunTest {
    private static final Pattern RESULTS =
        Pattern.compile("Results: (\\d+) planned; (\\d+) passed, (\\d+) failed, (\\d+) soft errs, (\\d+) hard errs");
    private static final Pattern INTERESTING = Pattern.compile("Interesting tests: 1 matching");
    private static final int MORE_CHANCES = 6;

    @TempDir
    Path reportFolder;

    @Test
    @Timeout(600)
    void shouldSeeNoForbiddenOutcome() throws Exception {
        final String output = run("io.caracal.stress", Integer.getInteger("jcstress.time.ms", 500));
        System.out.println(output.substring(Math.max(0, output.indexOf("RUN RESULTS"))));
        final Matcher results = RESULTS.matcher(output);
        int planned = -1;
        int passed = -1;
        int bad = -1;
        while (results.find()) {
            planned = Integer.parseInt(results.group(1));
            passed = Integer.parseInt(results.group(2));
            bad = Integer.parseInt(results.group(3)) + Integer.parseInt(results.group(4))
                + Integer.parseInt(results.group(5));
        }
        assertEquals(stressTestCount(), planned, output);
        assertEquals(planned, passed, output);
        assertEquals(0, bad, output);
        assertTrue(showsLostWakeUp(output), "the unfenced test must show its lost wake-up: " + output);
    }

    /** On a crowded machine two threads seldom run at the same moment, so it is given some more chances. */
    private boolean showsLostWakeUp(final String firstOutput) throws IOException, InterruptedException {
        String output = firstOutput;
        for (int chance = 0; chance < MORE_CHANCES && !INTERESTING.matcher(output).find(); chance++) {
            output = run("io.caracal.stress.Unfenced", 2000);
        }
        return INTERESTING.matcher(output).find();
    }

    private String run(final String tests, final int iterationMs) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), "org.openjdk.jcstress.Main",
            "-m", "quick", "-f", "1", "-iters", "3", "-time", Integer.toString(iterationMs), "-hs", "256",
            "-sc", "false", "-af", "NONE", "-v", "-t", tests, "-r", reportFolder.toString(),
            "-jvmArgs", "--add-opens java.base/jdk.internal.misc=ALL-UNNAMED"))
            .directory(reportFolder.toFile()).redirectErrorStream(true).start();
        try {
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), output);
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    private static int stressTestCount() throws IOException {
        try (Stream<Path> sources = Files.list(Path.of("src/jcstress/java/io/caracal/stress"))) {
            return (int)sources.filter(path -> path.getFileName().toString().endsWith("Stress.java")).count();
        }
    }
}

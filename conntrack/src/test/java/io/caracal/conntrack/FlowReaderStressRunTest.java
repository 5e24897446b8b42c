package io.caracal.conntrack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs the jcstress test of the outside reader in a virtual machine of its own: no forbidden outcome. */
class FlowReaderStressRunTest {
    @TempDir
    Path reportFolder;

    @Test
    @Timeout(300)
    void shouldSeeNoForbiddenOutcome() throws Exception {
        final int iterationMs = Integer.getInteger("jcstress.time.ms", 400);
        final Process process = new ProcessBuilder(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp", System.getProperty("java.class.path"), "org.openjdk.jcstress.Main",
            "-m", "quick", "-f", "1", "-iters", "3", "-time", Integer.toString(iterationMs), "-hs", "256",
            "-sc", "false", "-af", "NONE", "-v", "-t", "io.caracal.conntrack", "-r", reportFolder.toString(),
            "-jvmArgs", "--add-opens java.base/jdk.internal.misc=ALL-UNNAMED --enable-native-access=ALL-UNNAMED"))
            .directory(reportFolder.toFile()).redirectErrorStream(true).start();
        try {
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), output);
            assertTrue(output.contains("Results: 1 planned; 1 passed, 0 failed, 0 soft errs, 0 hard errs"), output);
            System.out.println(output.substring(Math.max(0, output.indexOf("RUN RESULTS"))));
        } finally {
            process.destroyForcibly();
        }
    }
}

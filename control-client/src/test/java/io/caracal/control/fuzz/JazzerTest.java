package io.caracal.control.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.control.Fuzzing;
import io.caracal.control.felix.FelixBytes;
import io.caracal.control.manifest.Manifests;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Coverage-guided fuzzing of what strangers send, by Jazzer in a JVM of its own: a minute each, half an hour and more in
 * {@code caracal test --long}. A finding's bytes are printed in base64 by Jazzer.
 */
class JazzerTest {
    private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs");
    private static final int RUNS_MIN = 100;

    @TempDir
    private Path folder;

    @Test
    void shouldTakeOrEndWhateverComesInFelixsPlace() throws Exception {
        final byte[] good = FelixBytes.goodStream();
        Files.write(folder.resolve("good"), good);
        for (int length = 8; length < good.length; length += good.length / 8) {
            Files.write(folder.resolve("cut" + length), java.util.Arrays.copyOf(good, length));
        }
        fuzz(FelixStreamTarget.class);
    }

    @Test
    void shouldCompileOrRefuseWhateverAManifestHolds() throws Exception {
        Files.writeString(folder.resolve("web"), Manifests.WEB);
        Files.writeString(folder.resolve("both"), Manifests.WEB + "---\n" + Manifests.DB);
        Files.writeString(folder.resolve("policy"), """
            apiVersion: projectcalico.org/v3
            kind: GlobalNetworkPolicy
            metadata: {name: g}
            spec:
              selector: app in {"a", "b"} && !has(c)
              types: [Ingress]
              ingress: [{action: Deny, protocol: TCP, source: {nets: [10.0.0.0/8], ports: [1, "2:3", http]}}]
            """);
        fuzz(ManifestTarget.class);
    }

    private void fuzz(final Class<?> target) throws Exception {
        final List<String> command = List.of(ProcessHandle.current().info().command().orElseThrow(), "-Xmx768m",
            "-XX:+UseSerialGC", "-XX:+EnableDynamicAgentLoading", "--enable-native-access=ALL-UNNAMED", "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "com.code_intelligence.jazzer.Jazzer", "--target_class=" + target.getName(),
            "--instrumentation_includes=io.caracal.control.**", "--custom_hook_includes=io.caracal.control.**",
            /* Generated, a hundred thousand edges that say little: instrumenting them takes longer than a minute. */
            "--instrumentation_excludes=io.caracal.control.proto.**", "--custom_hook_excludes=io.caracal.control.proto.**",
            "-max_total_time=" + Fuzzing.jazzerSeconds(), "-max_len=4096", "-timeout=20", "-rss_limit_mb=3000",
            "-print_final_stats=1", folder.toString());
        final Path log = Files.createTempFile("jazzer", ".log");
        final Process jazzer = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
            .redirectOutput(log.toFile()).start();
        final int exitCode = jazzer.waitFor();
        final String said = Files.readString(log, StandardCharsets.UTF_8);
        Files.delete(log);
        assertEquals(0, exitCode, said);
        final Matcher runs = RUNS.matcher(said);
        assertTrue(runs.find(), said);
        System.out.println("Jazzer " + target.getSimpleName() + ": " + runs.group() + ", "
            + said.lines().filter(line -> line.contains("cov: ")).reduce((one, last) -> last).orElse(""));
        assertTrue(Integer.parseInt(runs.group(1)) >= RUNS_MIN, said);
        assertTrue(said.lines().anyMatch(line -> line.matches("#\\d+.*cov: [1-9]\\d+.*")), "nothing was covered: " + said);
    }
}

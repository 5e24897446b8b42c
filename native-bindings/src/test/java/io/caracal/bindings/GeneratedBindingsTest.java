package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedBindingsTest {
    private static final Path INPUTS = Path.of("src/main/jextract");
    private static final Path GENERATED = Path.of("src/main/java/io/caracal/bindings/gen");

    /** Where there is no jextract the checksums still show an edit by hand, or a header changed without generating. */
    @Test
    void shouldBeWhatGenerateShWroteFromTheseHeaders() throws IOException {
        final Map<String, String> recorded = new TreeMap<>();
        for (final String line : Files.readAllLines(INPUTS.resolve("generated.sha256"))) {
            recorded.put(line.substring(line.lastIndexOf('/') + 1).replaceFirst("^\\w{64} [ *]", ""),
                line.substring(0, line.indexOf(' ')));
        }
        final Map<String, String> found = new TreeMap<>(checksums(GENERATED));
        found.putAll(checksums(INPUTS));
        found.remove("generated.sha256");

        assertTrue(found.size() > 40, found.keySet().toString());
        assertEquals(recorded, found, "run src/main/jextract/generate.sh and commit what it writes");
    }

    @Test
    void shouldComeOutTheSameWhenGeneratedAgain(@TempDir final Path output) throws Exception {
        final boolean isInstalled = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "jextract")));
        if (!isInstalled) {
            shouldBeWhatGenerateShWroteFromTheseHeaders();
            return;
        }
        final Process process = new ProcessBuilder(INPUTS.resolve("generate.sh").toAbsolutePath().toString(),
            output.toString()).redirectErrorStream(true).start();
        final String log = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), log);

        assertEquals(checksums(GENERATED), checksums(output.resolve("io/caracal/bindings/gen")),
            "run src/main/jextract/generate.sh and commit what it writes");
    }

    @Test
    void shouldNameNoPathOfAMachine() throws IOException {
        try (Stream<Path> files = Files.list(GENERATED)) {
            for (final Path file : files.toList()) {
                final String text = Files.readString(file);
                assertFalse(text.contains("/usr/") || text.contains("/home/"), file.toString());
            }
        }
    }

    private static Map<String, String> checksums(final Path folder) throws IOException {
        final Map<String, String> checksums = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (final Path file : files.toList()) {
                checksums.put(file.getFileName().toString(), checksum(Files.readAllBytes(file)));
            }
        }
        return checksums;
    }

    private static String checksum(final byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

package io.caracal.perf.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code src/test/c/selftest.c}: checksums, stamps and histogram of the generator, under sanitizers. */
class GeneratorPartsTest {
    @Test
    void shouldFindNothingWrongInTheGeneratorsParts(@TempDir final Path directory) throws Exception {
        final Path program = directory.resolve("selftest");
        assertEquals("", run("cc", "-std=gnu11", "-g", "-O1", "-fsanitize=address,undefined", "-Wall", "-Wextra",
            "-Werror", "-Isrc/main/c", "src/test/c/selftest.c", "src/main/c/packet.c", "-o", program.toString()));
        assertEquals("ok\n", run(program.toString()));
    }

    private static String run(final String... command) throws Exception {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }
}

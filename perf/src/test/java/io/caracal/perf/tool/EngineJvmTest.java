package io.caracal.perf.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.caracal.perf.BenchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineJvmTest {
    private static final Pattern FLAGS = Pattern.compile("FLAGS=\\((-XX[^)]*)\\)");

    @Test
    void shouldUseTheLaunchersFlags() throws IOException {
        final Matcher flags = FLAGS.matcher(Files.readString(Path.of("..", "caracal")));
        assertTrue(flags.find(), "the launcher sets FLAGS=(…)");
        assertEquals(List.of(flags.group(1).split("\\s+")), EngineJvm.FLAGS);
    }

    @Test
    void shouldSayWhatIsNotBuilt(@TempDir final Path home) throws IOException {
        final Path target = Files.createDirectories(home.resolve("dataplane/target"));
        Files.createFile(target.resolve("caracal.jar"));
        final BenchException missing = assertThrows(BenchException.class, () -> EngineJvm.command(home));
        assertTrue(missing.getMessage().contains("caracal.aot is not there (run ./caracal build)"),
            missing.getMessage());
        Files.createFile(target.resolve("caracal.aot"));
        final List<String> command = EngineJvm.command(home);
        assertEquals(List.of("-jar", target.resolve("caracal.jar").toString()),
            command.subList(command.size() - 2, command.size()));
    }
}

package io.caracal.perf.tool;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchDirectoryTest {
    @TempDir
    private Path parent;

    @Test
    void shouldRemoveWhatDeadProcessesLeftAndNothingElse() throws Exception {
        final Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        final Path left = Files.createDirectory(parent.resolve("caracal-bench-" + ended.pid() + "-1"));
        Files.writeString(left.resolve("podgen"), "");
        final Path own =
            Files.createDirectory(parent.resolve("caracal-bench-" + ProcessHandle.current().pid() + "-2"));
        final Path foreign = Files.createDirectory(parent.resolve("somebody-" + ended.pid() + "-3"));
        final Path made = BenchDirectory.create(parent);
        assertFalse(Files.exists(left), "left by " + ended.pid());
        assertTrue(Files.isDirectory(own) && Files.isDirectory(foreign) && Files.isDirectory(made));
    }

    @Test
    void shouldRemoveADirectoryWithItsContent() throws Exception {
        final Path made = BenchDirectory.create(parent);
        Files.writeString(Files.createDirectory(made.resolve("sub")).resolve("file"), "x");
        BenchDirectory.remove(made);
        assertFalse(Files.exists(made));
    }
}

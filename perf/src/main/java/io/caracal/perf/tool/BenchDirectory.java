package io.caracal.perf.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Temporary directories that carry their process's id, so that those of killed benchmarks can be told and removed. */
public final class BenchDirectory {
    private static final Pattern NAME = Pattern.compile("caracal-bench-(\\d+)-.*");

    private BenchDirectory() {
    }

    /**
     * Removes what dead processes have left, and makes a directory of this process's own.
     *
     * @param parent where; the system's temporary directory.
     * @return a new one; the caller removes it.
     * @throws IOException if it cannot be made, or another's not removed.
     */
    public static Path create(final Path parent) throws IOException {
        try (Stream<Path> entries = Files.list(parent)) {
            for (final Path left : entries.filter(BenchDirectory::isLeft).toList()) {
                remove(left);
            }
        }
        return Files.createTempDirectory(parent, "caracal-bench-" + ProcessHandle.current().pid() + '-');
    }

    private static boolean isLeft(final Path entry) {
        final Matcher name = NAME.matcher(entry.getFileName().toString());
        return name.matches() && Files.isDirectory(entry)
            && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
    }

    /**
     * Removes a directory with everything in it.
     *
     * @param directory what to remove; need not be there any more.
     * @throws IOException if something in it cannot be removed.
     */
    public static void remove(final Path directory) throws IOException {
        final List<Path> content;
        try (Stream<Path> files = Files.walk(directory)) {
            content = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (final Path file : content) {
            Files.deleteIfExists(file);
        }
    }
}

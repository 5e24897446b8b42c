package io.caracal.control;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where recordings are: the whole collection beside the project if it is there, else the part in the resources. */
public final class SharedFiles {
    private SharedFiles() {
    }

    /** A file or folder of that name, as {@code felix/verdicts}. */
    public static Path path(final String name) {
        for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
            final Path shared = root.resolve("shared").resolve(name);
            if (Files.exists(shared)) {
                return shared;
            }
        }
        return resource(name);
    }

    /** The same out of the test's own resources. */
    public static Path resource(final String name) {
        try {
            return Path.of(SharedFiles.class.getResource("/" + name).toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What is in a folder, by a part of the names, sorted. */
    public static List<Path> entries(final Path folder, final String glob) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(path -> folder.getFileSystem().getPathMatcher("glob:" + glob)
                .matches(path.getFileName())).sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.caracal.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where recorded cases are: the whole collection beside the project if it is there, else the part in the resources. */
final class SharedFiles {
    private SharedFiles() {
    }

    /** The folder of that name, as {@code classbench} or {@code felix/verdicts}. */
    static Path folder(final String name) {
        for (Path root = Path.of("").toAbsolutePath(); root != null; root = root.getParent()) {
            final Path shared = root.resolve("shared").resolve(name);
            if (Files.isDirectory(shared)) {
                return shared;
            }
        }
        try {
            return Path.of(SharedFiles.class.getResource("/" + name).toURI());
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<Path> entries(final String name) {
        try (Stream<Path> entries = Files.list(folder(name))) {
            return entries.sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

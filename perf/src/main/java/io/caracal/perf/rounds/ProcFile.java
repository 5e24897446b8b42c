package io.caracal.perf.rounds;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file of a process or thread under {@code /proc}, which may end at any moment. Any thread. */
public final class ProcFile {
    private ProcFile() {
    }

    /**
     * Reads a file.
     *
     * @param file under {@code /proc}.
     * @return its text; empty if its process or thread has ended.
     * @throws UncheckedIOException naming the file, for any other reason.
     */
    public static String read(final Path file) {
        try {
            return Files.readString(file);
        } catch (final NoSuchFileException ended) {
            return "";
        } catch (final IOException e) {
            if (e.getMessage() != null && e.getMessage().contains("No such process")) {
                return "";
            }
            throw new UncheckedIOException("read " + file, e);
        }
    }
}

package io.caracal.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * The file from which the CNI plugin takes the MTU of new pods; without it they get 1500, whatever the overlay needs.
 * The CNI plugin reads it as a bare decimal number (cni-plugin/pkg/plugin), so there is no newline at its end. Any one
 * thread at a time.
 *
 * @param path where it is, {@link #DEFAULT_PATH} as a rule.
 */
public record MtuFile(Path path) {
    /** Where the CNI plugin looks. */
    public static final Path DEFAULT_PATH = Path.of("/var/lib/calico/mtu");

    /**
     * Writes the file in one step, if it says something else.
     *
     * @param mtu bytes.
     * @return false where it was right already.
     * @throws UncheckedIOException when it cannot be read or written.
     */
    public boolean write(final int mtu) {
        if (read().filter(found -> found.equals(Integer.toString(mtu))).isPresent()) {
            return false;
        }
        try {
            Files.createDirectories(path.getParent());
            final Path draft = path.resolveSibling("." + path.getFileName() + ".new");
            Files.writeString(draft, Integer.toString(mtu), StandardCharsets.US_ASCII);
            Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (final IOException e) {
            throw new UncheckedIOException("write MTU " + mtu + " for the CNI plugin to " + path, e);
        }
    }

    /**
     * What the file says.
     *
     * @return its text, or nothing where there is no file.
     * @throws UncheckedIOException when it cannot be read.
     */
    public Optional<String> read() {
        try {
            return Files.exists(path) ? Optional.of(Files.readString(path, StandardCharsets.US_ASCII))
                : Optional.empty();
        } catch (final IOException e) {
            throw new UncheckedIOException("read MTU file " + path, e);
        }
    }

    /**
     * Removes the file.
     *
     * @return whether there was one.
     * @throws UncheckedIOException when it cannot be removed.
     */
    public boolean remove() {
        try {
            return Files.deleteIfExists(path);
        } catch (final IOException e) {
            throw new UncheckedIOException("remove MTU file " + path, e);
        }
    }
}

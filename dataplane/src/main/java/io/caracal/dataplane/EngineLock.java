package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One engine per state directory: a lock that ends with the process, however it ends. */
final class EngineLock implements AutoCloseable {
    /**
     * Of this process. NB: a process that closes any descriptor of a file loses its locks on it (fcntl(2)), so a second
     * embedded engine must not even open the file.
     */
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private static final String FILE = "engine.lock";

    private final Path file;
    private final FileChannel channel;
    private boolean isTemporary;

    private EngineLock(final Path file, final FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @param directory the state directory; made if it is not there.
     * @return the lock, until it is closed.
     * @throws IllegalStateException if another engine has it, of this process or of another.
     */
    static EngineLock take(final Path directory) {
        return tryTake(directory).orElseThrow(() -> new IllegalStateException("lock " + directory.resolve(FILE)
            + ": another engine holds it (one engine per node; see caracal status, take its place with --replace, "
            + "or give another --state)"));
    }

    /**
     * Takes the lock if nobody has it.
     *
     * @param directory the state directory; made if it is not there.
     * @return the lock, until it is closed; nothing if another engine has it, of this process or of another.
     */
    static Optional<EngineLock> tryTake(final Path directory) {
        try {
            final Path file = Files.createDirectories(directory).toRealPath().resolve(FILE);
            return HELD_HERE.add(file) ? tryTakeFile(file) : Optional.empty();
        } catch (final IOException failure) {
            throw new UncheckedIOException("lock " + directory + ": " + failure.getMessage(), failure);
        }
    }

    private static Optional<EngineLock> tryTakeFile(final Path file) throws IOException {
        FileChannel channel = null;
        boolean isTaken = false;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            isTaken = channel.tryLock() != null;
            return isTaken ? Optional.of(new EngineLock(file, channel)) : Optional.empty();
        } finally {
            if (!isTaken) {
                if (channel != null) {
                    channel.close();
                }
                HELD_HERE.remove(file);
            }
        }
    }

    /** Removes the file with the close: nothing of Caracal is to stay. */
    void deleteOnClose() {
        isTemporary = true;
    }

    @Override
    public void close() {
        try {
            if (isTemporary) {
                Files.deleteIfExists(file);
            }
            channel.close();
        } catch (final IOException failure) {
            throw new UncheckedIOException("unlock " + file, failure);
        } finally {
            HELD_HERE.remove(file);
        }
    }
}

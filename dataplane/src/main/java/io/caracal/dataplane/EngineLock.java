package io.caracal.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** One engine per state directory: a lock that ends with the process, however it ends. */
final class EngineLock implements AutoCloseable {
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
     * @throws IllegalStateException if another process has it.
     */
    static EngineLock take(final Path directory) {
        final Path file = directory.resolve("engine.lock");
        try {
            Files.createDirectories(directory);
            final FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            final FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new IllegalStateException("lock " + file + ": another engine holds it (one engine per node; "
                    + "see caracal status, or give another --state)");
            }
            return new EngineLock(file, channel);
        } catch (final IOException failure) {
            throw new UncheckedIOException("lock " + file + ": " + failure.getMessage(), failure);
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
        }
    }
}

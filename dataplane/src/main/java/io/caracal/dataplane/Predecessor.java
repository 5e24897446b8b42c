package io.caracal.dataplane;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The engine that runs on this node already and whose place another takes. It is asked to end by its admin socket, not
 * by a signal, since it may be in another container; that it has ended is seen by the lock that it held, and by nothing
 * before.
 *
 * <p>The thread that starts the engine.</p>
 */
final class Predecessor {
    /** What it is asked. */
    static final String END = "end";

    private static final long END_TIMEOUT_MS = 30_000;
    private static final long POLL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private Predecessor() {
    }

    /**
     * Takes its place; where none runs, this is {@link EngineLock#take}.
     *
     * @param config state directory and admin socket, which are the same for both.
     * @param log says that there was one.
     * @return the lock, until it is closed.
     * @throws IllegalStateException if it cannot be asked, or does not end within 30 s: it goes on then.
     */
    static EngineLock replace(final DataplaneConfig config, final EngineLog log) {
        final Path directory = config.path(ConfigKey.STATE_DIRECTORY).orElseThrow();
        final Optional<EngineLock> free = EngineLock.tryTake(directory);
        if (free.isPresent()) {
            return free.get();
        }
        askToEnd(config.path(ConfigKey.ADMIN_SOCKET).orElseThrow());
        final long askedNs = System.nanoTime();
        while (System.nanoTime() - askedNs < TimeUnit.MILLISECONDS.toNanos(END_TIMEOUT_MS)) {
            final Optional<EngineLock> lock = EngineLock.tryTake(directory);
            if (lock.isPresent()) {
                log.info("took the place of the engine before, which ended within "
                    + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - askedNs) + " ms");
                return lock.get();
            }
            LockSupport.parkNanos(POLL_NS);
        }
        throw new IllegalStateException("replace the engine whose lock is in " + directory + ": it said that it would "
            + "end and has not within " + END_TIMEOUT_MS / 1000 + " s (its log may say why; then stop it)");
    }

    private static void askToEnd(final Path socket) {
        try (AdminClient engine = AdminClient.connect(socket)) {
            engine.ask(END);
        } catch (final IOException failure) {
            throw new IllegalStateException("replace the engine that runs here: " + failure.getMessage()
                + "; give its --admin and --state, or stop it", failure);
        }
    }
}

package io.caracal.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Processes inside a lab's network namespaces: how they are started, and how those that are left are ended. */
final class LabProcesses {
    /** Long enough for an engine to detach its programs and for a JVM to run its hooks. */
    private static final long TERM_GRACE_MS = 5_000;
    private static final long POLL_INTERVAL_MS = 20;
    private static final Path NAMESPACES = Path.of("/run/netns");

    private LabProcesses() {
    }

    /**
     * The command that runs a command in a namespace, and ends it with the thread that starts it: a killed lab leaves
     * no server running in a pod. The thread matters, not only the process (prctl(2), PR_SET_PDEATHSIG).
     */
    static List<String> commandIn(final String namespace, final List<String> command) {
        final List<String> words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
        words.addAll(command);
        return detachedCommandIn(namespace, words);
    }

    /** The command that runs a command in a namespace, which has its own way to end. */
    static List<String> detachedCommandIn(final String namespace, final List<String> command) {
        final List<String> words = new ArrayList<>(List.of("nsenter", "--net=" + NAMESPACES.resolve(namespace), "--"));
        words.addAll(command);
        return words;
    }

    /**
     * Ends every process whose network namespace is one of these: SIGTERM, then SIGKILL for those that do not go.
     *
     * @return how many there were.
     */
    static int endAllIn(final Set<String> namespaces) {
        final Set<Object> keys = new HashSet<>();
        namespaces.forEach(name -> namespaceKey(NAMESPACES.resolve(name)).ifPresent(keys::add));
        final List<ProcessHandle> found = ProcessHandle.allProcesses()
            .filter(process -> namespaceKey(Path.of("/proc", Long.toString(process.pid()), "ns", "net"))
                .filter(keys::contains).isPresent())
            .toList();
        found.forEach(ProcessHandle::destroy);
        awaitEnd(found, TERM_GRACE_MS);
        found.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(found, TERM_GRACE_MS);
        return found.size();
    }

    private static void awaitEnd(final List<ProcessHandle> processes, final long graceMs) {
        final long startNs = System.nanoTime();
        boolean interrupted = false;
        while (processes.stream().anyMatch(ProcessHandle::isAlive)
            && System.nanoTime() - startNs < TimeUnit.MILLISECONDS.toNanos(graceMs)) {
            try {
                Thread.sleep(POLL_INTERVAL_MS);
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Device and inode; empty where the process or the namespace has gone. */
    private static Optional<Object> namespaceKey(final Path path) {
        try {
            return Optional.of(Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino"));
        } catch (final IOException e) {
            return Optional.empty();
        }
    }
}

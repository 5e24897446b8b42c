package io.caracal.control;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Workloads from Calico v3 YAML on disk, without a cluster: one file, or the {@code *.yaml}, {@code *.yml} and
 * {@code *.json} of one directory, read at start and again whenever one of them changes.
 *
 * <p>A load is taken whole or not at all: if any file or object is wrong, the last good state stays and the listener
 * hears what is wrong, with file, line and object. Of a good load only the differences are delivered. Kinds and fields
 * that this version does nothing about are reported as not applied, never silently skipped. Endpoints of other nodes
 * are checked and left out.
 *
 * <p>Any thread may start and close; updates after the start come from the thread {@code caracal-manifests}, which
 * looks at the files' sizes and times once per poll interval (a watch by inotify would miss the symbolic links by
 * which Kubernetes swaps a mounted ConfigMap).
 *
 * <pre>{@code
 * try (ControlSource source = new ManifestSource(Path.of("/etc/caracal/manifests"), "node1")) {
 *     source.start(listener);
 *     …
 * }
 * }</pre>
 */
public final class ManifestSource implements ControlSource {
    /** A second: what a person who saves a file takes for at once, and nothing measurable for an idle node. */
    public static final int POLL_INTERVAL_MS_DEFAULT = 1000;

    private final ManifestFiles files;
    private final String node;
    private final int pollIntervalMs;

    private ControlListener listener;
    private Thread watcher;
    private volatile boolean isClosed;

    /* Of the starting thread until the watcher starts, of the watcher then; null: the path could not be read. */
    private List<ManifestFiles.Stamp> stamps;
    private ManifestSnapshot snapshot = ManifestSnapshot.EMPTY;
    private List<ControlProblem> problems = List.of();

    /**
     * A source that looks for changes every second.
     *
     * @param path a file or a directory.
     * @param node this node's name, as in {@code spec.node}.
     */
    public ManifestSource(final Path path, final String node) {
        this(path, node, POLL_INTERVAL_MS_DEFAULT);
    }

    /**
     * A source with its own poll interval.
     *
     * @param path           a file or a directory.
     * @param node           this node's name, as in {@code spec.node}.
     * @param pollIntervalMs how often to look for changes, 10 to 3,600,000 ms.
     * @throws IllegalArgumentException when the interval is out of range or the node has no name.
     */
    public ManifestSource(final Path path, final String node, final int pollIntervalMs) {
        if (pollIntervalMs < 10 || pollIntervalMs > 3_600_000) {
            throw new IllegalArgumentException("pollIntervalMs " + pollIntervalMs + " is not 10 to 3600000");
        }
        if (node.isBlank()) {
            throw new IllegalArgumentException("node has no name");
        }
        this.files = new ManifestFiles(path);
        this.node = node;
        this.pollIntervalMs = pollIntervalMs;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Reads once and delivers all of it on the calling thread: endpoints in the order of their ids, then
     * {@link ControlUpdate.InSync}, then the problems if there are any.
     */
    @Override
    public synchronized void start(final ControlListener listener) {
        if (this.listener != null || isClosed) {
            throw new IllegalStateException("a manifest source starts once");
        }
        final List<ManifestFiles.Stamp> seen = files.stamps();
        final ManifestSnapshot first = ManifestSnapshot.compile(files.read(seen), node);
        this.listener = Objects.requireNonNull(listener, "listener");
        stamps = seen;
        deliver(first);
        listener.onUpdate(new ControlUpdate.InSync());
        tell(first.problems());
        watcher = Thread.ofPlatform().name("caracal-manifests").daemon(true).start(this::watch);
    }

    @Override
    public void close() {
        isClosed = true;
        final Thread running;
        synchronized (this) {
            running = watcher;
        }
        if (running != null && running != Thread.currentThread()) {
            running.interrupt();
            joinUninterruptibly(running);
        }
    }

    private static void joinUninterruptibly(final Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void watch() {
        while (!isClosed) {
            try {
                Thread.sleep(pollIntervalMs);
            } catch (final InterruptedException e) {
                return;
            }
            reloadIfChanged();
        }
    }

    private void reloadIfChanged() {
        try {
            final List<ManifestFiles.Stamp> seen = stampsOrForget();
            if (seen.equals(stamps)) {
                return;
            }
            stamps = seen;
            final ManifestSnapshot next = ManifestSnapshot.compile(files.read(seen), node);
            deliver(next);
            tell(next.problems());
        } catch (final ControlException e) {
            tell(e.problems());
        }
    }

    /** A path that cannot be read now is read anew when it can be again, even if nothing in it has changed. */
    private List<ManifestFiles.Stamp> stampsOrForget() {
        try {
            return files.stamps();
        } catch (final ControlException e) {
            stamps = null;
            throw e;
        }
    }

    private void deliver(final ManifestSnapshot next) {
        for (final ControlUpdate update : next.differencesFrom(snapshot)) {
            if (isClosed) {
                return;
            }
            listener.onUpdate(update);
        }
        snapshot = next;
    }

    private void tell(final List<ControlProblem> now) {
        if (!now.equals(problems) && !isClosed) {
            problems = now;
            listener.onProblems(now);
        }
    }
}

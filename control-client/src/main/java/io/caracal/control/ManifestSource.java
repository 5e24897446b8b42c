package io.caracal.control;

import io.caracal.control.felix.ChangeFeed;
import io.caracal.control.felix.FelixKey;
import io.caracal.control.manifest.ManifestLoader;
import io.caracal.control.proto.ToDataplane;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * A node's state from Calico and Kubernetes YAML on disk, without a cluster: files, or the {@code *.yaml}, {@code
 * *.yml} and {@code *.json} of directories, compiled to what Felix would send, at start and again whenever one of them
 * changes.
 *
 * <p>A load is taken whole or not at all: if any file or object is wrong, the last good state stays and the listener
 * hears what is wrong, with file, line and object. Of a good load only the differences are delivered. Kinds and fields
 * that this version does nothing about are reported as not applied, never silently skipped.
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

    private final ManifestLoader loader;
    private final int pollIntervalMs;
    /** Held while what the feed wants is changed or read. */
    private final Object stateLock = new Object();

    private SourceOutlet outlet;
    private ChangeFeed feed;
    private Thread watcher;
    private volatile boolean isClosed;

    /* Of the starting thread until the watcher starts, of the watcher then; null: the path could not be read. */
    private ManifestLoader.Stamps stamps;
    private Function<FelixKey, String> places = FelixKey::toString;
    private List<ControlProblem> notes = List.of();

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
        this(List.of(path), node, Map.of(), pollIntervalMs);
    }

    /**
     * A source of several paths.
     *
     * @param paths          files and directories.
     * @param node           this node's name.
     * @param felixSettings  Felix settings that win over the manifests', as Felix's environment does.
     * @param pollIntervalMs how often to look for changes, 10 to 3,600,000 ms.
     * @throws IllegalArgumentException when the interval is out of range, the node has no name or there is no path.
     */
    public ManifestSource(final List<Path> paths, final String node, final Map<String, String> felixSettings,
        final int pollIntervalMs) {
        if (pollIntervalMs < 10 || pollIntervalMs > 3_600_000) {
            throw new IllegalArgumentException("pollIntervalMs " + pollIntervalMs + " is not 10 to 3600000");
        }
        if (node.isBlank()) {
            throw new IllegalArgumentException("node has no name");
        }
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("no path of manifests is given");
        }
        this.loader = new ManifestLoader(paths, node, felixSettings);
        this.pollIntervalMs = pollIntervalMs;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Reads once and delivers all of it on the calling thread, in the order of {@link PolicyChange}, then
     * {@link ControlUpdate.InSync}, then the problems if there are any.
     */
    @Override
    public synchronized void start(final ControlListener listener) {
        if (outlet != null || isClosed) {
            throw new IllegalStateException("a manifest source starts once");
        }
        final ManifestLoader.Stamps seen = loader.stamps();
        final ManifestLoader.Loaded first = loader.load();
        outlet = new SourceOutlet(Objects.requireNonNull(listener, "listener"), () -> isClosed);
        synchronized (stateLock) {
            feed = new ChangeFeed(outlet, key -> places.apply(key));
        }
        stamps = seen;
        deliver(first);
        watcher = Thread.ofPlatform().name("caracal-manifests").daemon(true).start(this::watch);
    }

    @Override
    public SourceStatus status() {
        synchronized (stateLock) {
            return new SourceStatus("manifests", loader.pathsText(),
                feed == null ? SourceStatus.Phase.WAITING : SourceStatus.Phase.IN_SYNC,
                feed == null ? 0 : feed.changeCount(), Map.of());
        }
    }

    @Override
    public List<ToDataplane> said() {
        synchronized (stateLock) {
            return feed == null ? List.of() : feed.wanted().messages();
        }
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
            ThreadEnd.await(running);
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
            final ManifestLoader.Stamps seen = stampsOrForget();
            if (seen.equals(stamps)) {
                return;
            }
            stamps = seen;
            deliver(loader.load());
        } catch (final ControlException e) {
            outlet.tell(e.problems());
        }
    }

    /** A path that cannot be read now is read anew when it can be again, even if nothing in it has changed. */
    private ManifestLoader.Stamps stampsOrForget() {
        try {
            return loader.stamps();
        } catch (final ControlException e) {
            stamps = null;
            throw e;
        }
    }

    private void deliver(final ManifestLoader.Loaded next) {
        places = next.places();
        notes = next.notes();
        synchronized (stateLock) {
            feed.replace(next.state());
        }
        final List<ControlProblem> all = new ArrayList<>(notes);
        all.addAll(outlet.feedProblems());
        outlet.tell(all);
    }
}

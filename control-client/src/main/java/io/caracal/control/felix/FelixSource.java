package io.caracal.control.felix;

import io.caracal.control.ControlException;
import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlSource;
import io.caracal.control.SourceOutlet;
import io.caracal.control.SourceStatus;
import io.caracal.control.ThreadEnd;
import io.caracal.control.WorkloadEndpointId;
import io.caracal.control.proto.FromDataplane;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpoint;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Felix as the source of control: a unix socket that {@code caracal-felix} joins to Felix's pipe. One Felix at a time,
 * a second is refused; when it goes, what it said stays in force, and the next one's in-sync tells only differences.
 * What it said may be kept in a file, by which the engine starts with the last good state before Felix comes.
 *
 * <p>Any thread may start, close and send. The listener is called by the starting thread before {@link #start} returns
 * (only when there is a kept state), then by the thread {@code caracal-felix}.
 */
public final class FelixSource implements ControlSource {
    private static final int IDLE_MS = 1000;
    /** Under a stream of deltas without a pause changes are told this often, so that none waits long. */
    private static final long FLUSH_MAX_NS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long SAVE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(10);
    /** What was said is being applied first: the processors are needed for that. */
    private static final long SAVE_AFTER_IN_SYNC_NS = TimeUnit.SECONDS.toNanos(3);

    private final FelixSourceConfig config;
    private final FelixCounters counters = new FelixCounters();
    /** Held while what Felix has said is changed or read. */
    private final Object stateLock = new Object();
    private ServerSocketChannel server;
    private SourceOutlet outlet;
    private ChangeFeed feed;
    private Thread acceptor;
    private Thread worker;
    private volatile FelixConnection connection;
    private volatile Phase phase = Phase.DISCONNECTED;
    private volatile boolean isClosed;

    /* Of the worker thread, of the starting one before. */
    private ControlProblem connectionProblem;
    private boolean unsaved;
    private long savedNs = System.nanoTime() - SAVE_INTERVAL_NS;

    /** Where the connection stands. */
    public enum Phase {
        /** No Felix; what the last one said is in force. */
        DISCONNECTED,
        /** Felix has connected and not yet said everything. */
        SYNCING,
        /** Felix has said everything, and changes follow. */
        IN_SYNC
    }

    /**
     * A source that listens nowhere yet.
     *
     * @param config where and how.
     */
    public FelixSource(final FelixSourceConfig config) {
        this.config = config;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Makes the socket, mode 0600; in-sync comes before this returns only if a kept state could be read.
     *
     * @throws ControlException when the socket cannot be made.
     */
    @Override
    public synchronized void start(final ControlListener listener) {
        if (outlet != null || isClosed) {
            throw new IllegalStateException("a Felix source starts once");
        }
        server = bind();
        outlet = new SourceOutlet(listener, () -> isClosed);
        synchronized (stateLock) {
            feed = new ChangeFeed(outlet, key -> "felix");
            replayKeptState();
        }
        acceptor = Thread.ofPlatform().name("caracal-felix-accept").daemon(true).start(this::accept);
    }

    /** Its socket is one engine's at a time. */
    @Override
    public boolean isExclusive() {
        return true;
    }

    private ServerSocketChannel bind() {
        final Path socket = config.socket();
        try {
            removeStale(socket);
            final ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.bind(UnixDomainSocketAddress.of(socket));
                Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            } catch (final IOException e) {
                channel.close();
                throw e;
            }
            return channel;
        } catch (final IOException e) {
            throw new ControlException(List.of(problem(socket.toString(), "cannot listen for Felix: " + e.getMessage()
                + " (does the directory exist, and does another engine run?)")));
        }
    }

    /** A socket that nobody answers on is what a killed engine left. */
    private static void removeStale(final Path socket) throws IOException {
        if (!Files.exists(socket)) {
            return;
        }
        try {
            SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
        } catch (final ConnectException e) {
            Files.delete(socket);
            return;
        }
        throw new IOException("another process listens there");
    }

    private void replayKeptState() {
        if (config.stateFile().isEmpty()) {
            return;
        }
        try {
            if (new StateFile(config.stateFile().get()).replay(new FelixSession(feed, new FelixCounters()))) {
                counters.count("state.reloaded");
            }
        } catch (final IOException e) {
            counters.count("state.unreadable");
            connectionProblem =
                problem(config.stateFile().get().toString(), "the kept state is not used: " + e.getMessage());
            tellProblems();
        }
    }

    private static ControlProblem problem(final String place, final String reason) {
        return new ControlProblem(ControlProblem.Kind.REFUSED, place, "", reason);
    }

    private void accept() {
        while (!isClosed) {
            try {
                take(server.accept());
            } catch (final ClosedChannelException e) {
                return;
            } catch (final IOException e) {
                /* Out of descriptors, as a rule: the next Felix shall still find somebody who listens. */
                counters.count("accept-errors");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(IDLE_MS));
            }
        }
    }

    private synchronized void take(final SocketChannel channel) throws IOException {
        if (connection != null || isClosed) {
            counters.count("connections.refused");
            channel.close();
            return;
        }
        final FelixConnection accepted = new FelixConnection(channel, config.frameMaxBytes(), counters);
        connection = accepted;
        phase = Phase.SYNCING;
        counters.count("connections");
        worker = Thread.ofPlatform().name("caracal-felix").daemon(true).start(() -> serve(accepted));
    }

    private void serve(final FelixConnection felix) {
        final FelixSession session = new FelixSession(feed, counters);
        connectionProblem = null;
        try {
            run(felix, session);
        } catch (final FelixProtocolException e) {
            counters.count("protocol-errors");
            connectionProblem = problem("felix", "the connection was ended: " + e.getMessage());
        } catch (final IOException e) {
            counters.count("connection-errors");
            connectionProblem = problem("felix", "the connection broke: " + e.getMessage());
        } catch (final RuntimeException | Error e) {
            counters.count("connection-errors");
            connectionProblem = problem("felix", "a message could not be taken: " + e);
            throw e;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            end(felix, session);
        }
    }

    private void end(final FelixConnection felix, final FelixSession session) {
        try {
            felix.close();
        } catch (final IOException e) {
            counters.count("close-errors");
        }
        if (session.isInSync()) {
            save(session);
        }
        tellProblems();
        phase = Phase.DISCONNECTED;
        connection = null;
    }

    private void run(final FelixConnection felix, final FelixSession session) throws IOException, InterruptedException {
        long pendingSinceNs = 0;
        while (!isClosed) {
            final FelixConnection.Event event = felix.next(session.hasPending() ? config.coalesceMs() : IDLE_MS);
            final long nowNs = System.nanoTime();
            if (event == null || session.hasPending() && nowNs - pendingSinceNs > FLUSH_MAX_NS) {
                flush(session, nowNs, event == null);
            }
            if (event == null) {
                continue;
            }
            if (event.isEnd()) {
                flush(session, nowNs, false);
                if (event.failure() != null) {
                    throw event.failure();
                }
                return;
            }
            pendingSinceNs = session.hasPending() ? pendingSinceNs : nowNs;
            takeMessage(session, event);
        }
    }

    private void takeMessage(final FelixSession session, final FelixConnection.Event event)
        throws FelixProtocolException {
        synchronized (stateLock) {
            session.take(event.message());
        }
        if (session.isInSync() && phase != Phase.IN_SYNC) {
            phase = Phase.IN_SYNC;
            unsaved = true;
            savedNs = System.nanoTime() - SAVE_INTERVAL_NS + SAVE_AFTER_IN_SYNC_NS;
            tellProblems();
        }
    }

    private void flush(final FelixSession session, final long nowNs, final boolean isIdle) {
        if (session.isInSync() && session.hasPending()) {
            synchronized (stateLock) {
                session.flush();
            }
            unsaved = true;
            tellProblems();
        } else if (isIdle && session.isInSync() && nowNs - savedNs > SAVE_INTERVAL_NS) {
            save(session);
        }
    }

    private void save(final FelixSession session) {
        if (config.stateFile().isEmpty() || !unsaved) {
            return;
        }
        savedNs = System.nanoTime();
        unsaved = false;
        try {
            new StateFile(config.stateFile().get()).write(session.said());
            counters.count("state.saved");
        } catch (final IOException e) {
            counters.count("state.save-errors");
            connectionProblem = problem(config.stateFile().get().toString(), "cannot be written: " + e.getMessage());
            tellProblems();
        }
    }

    private void tellProblems() {
        final List<ControlProblem> now = new ArrayList<>(outlet.feedProblems());
        if (connectionProblem != null) {
            now.add(connectionProblem);
        }
        outlet.tell(now);
    }

    /**
     * Tells Felix something: process status, endpoints' states.
     *
     * @param message without sequence number.
     * @return whether there is a Felix that it was sent to.
     */
    public boolean send(final FromDataplane message) {
        final FelixConnection felix = connection;
        if (felix == null) {
            return false;
        }
        try {
            felix.send(message);
            counters.count("sent." + message.getPayloadCase().name().toLowerCase(Locale.ROOT));
            return true;
        } catch (final IOException e) {
            counters.count("send-errors");
            return false;
        }
    }

    /**
     * Where the connection stands.
     *
     * @return as of now.
     */
    public Phase phase() {
        return phase;
    }

    @Override
    public SourceStatus status() {
        synchronized (stateLock) {
            final long revision = feed == null ? 0 : feed.changeCount();
            final SourceStatus.Phase stands = switch (phase) {
                case DISCONNECTED -> revision == 0 ? SourceStatus.Phase.WAITING : SourceStatus.Phase.LAST_GOOD;
                case SYNCING -> SourceStatus.Phase.CONNECTED;
                case IN_SYNC -> SourceStatus.Phase.IN_SYNC;
            };
            return new SourceStatus("felix", config.socket().toString(), stands, revision, counters.values());
        }
    }

    @Override
    public List<ToDataplane> said() {
        synchronized (stateLock) {
            return feed == null || feed.changeCount() == 0 ? List.of() : feed.wanted().messages();
        }
    }

    /**
     * A workload endpoint as Felix said it, which it wants to see again with the endpoint's status.
     *
     * @param id which.
     * @return the endpoint, if Felix has said one of that id; any thread may ask.
     */
    public Optional<WorkloadEndpoint> endpoint(final WorkloadEndpointId id) {
        synchronized (stateLock) {
            final ToDataplane said = feed == null ? null
                : feed.wanted().object(new FelixKey(FelixObjectKind.WORKLOAD_ENDPOINT, id.toString()));
            return said == null ? Optional.empty() : Optional.of(said.getWorkloadEndpointUpdate().getEndpoint());
        }
    }

    /**
     * What was counted, over all connections.
     *
     * @return live; any thread may read.
     */
    public FelixCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        isClosed = true;
        final Thread running;
        synchronized (this) {
            closeQuietly();
            running = worker;
        }
        if (running != null && running != Thread.currentThread()) {
            running.interrupt();
            ThreadEnd.await(running);
        }
    }

    private void closeQuietly() {
        try {
            if (server != null && server.isOpen()) {
                server.close();
                Files.deleteIfExists(config.socket());
            }
            if (connection != null) {
                connection.close();
            }
        } catch (final IOException e) {
            counters.count("close-errors");
        }
    }
}

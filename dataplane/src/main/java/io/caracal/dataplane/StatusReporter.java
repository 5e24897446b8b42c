package io.caracal.dataplane;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlSource;
import io.caracal.control.ControlUpdate;
import io.caracal.control.NodeChange;
import io.caracal.control.felix.FelixSource;

/**
 * Tells others how the endpoints are: Felix by messages, the CNI plugin by files, kubelet by HTTP. A thread of its own,
 * since each of them may be slow; it wakes when something changed, and once a second.
 */
final class StatusReporter implements AutoCloseable {
    private static final int WAKE_MS = 1_000;
    /** Felix's DataplaneWatchdogTimeout; a thousand interfaces at once are half a minute of work. */
    private static final long HEARTBEAT_NS_MAX = TimeUnit.SECONDS.toNanos(90);

    private final ControlLoop control;
    private final FelixStatusSender felix;
    private final EndpointStatusFiles files = new EndpointStatusFiles();
    private final HealthEndpoint health;
    private final EngineLog log;
    private final Semaphore changed = new Semaphore(0);
    private final Thread thread;
    private volatile Map<String, String> settings = Map.of();
    private volatile EndpointSnapshot snapshot = EndpointSnapshot.NONE;
    private volatile long heartbeatNs = System.nanoTime();
    private volatile boolean isClosed;
    private String lastFailure = "";

    private StatusReporter(final ControlSource source, final ControlLoop control, final int healthPort,
                           final EngineLog log) {
        this.control = control;
        this.log = log;
        felix = source instanceof final FelixSource said ? new FelixStatusSender(said) : null;
        health = new HealthEndpoint(healthPort, this::notLive, () -> control.readiness().reasons(), log);
        control.afterEachBatch(() -> onBatch(control.endpoints()));
        thread = Thread.ofPlatform().name("caracal-status").daemon(true).start(this::run);
    }

    /**
     * Starts the thread, in the calling thread's network namespace.
     *
     * @param source told of endpoints if it is Felix.
     * @param control whose heartbeat is liveness.
     * @param healthPort in place of Felix's HealthPort; 0 = Felix's.
     * @param log where failures go.
     * @return the reporter, closed before the control loop.
     */
    static StatusReporter start(final ControlSource source, final ControlLoop control, final int healthPort,
                                final EngineLog log) {
        return new StatusReporter(source, control, healthPort, log);
    }

    /**
     * Listens in on what the source tells, for Felix's settings.
     *
     * @param listener who is told.
     */
    ControlListener tap(final ControlListener listener) {
        return new ControlListener() {
            @Override
            public void onUpdate(final ControlUpdate update) {
                if (update instanceof NodeChange.FelixSettings(var said)) {
                    settings = said;
                    changed.release();
                }
                listener.onUpdate(update);
            }

            @Override
            public void onProblems(final List<ControlProblem> problems) {
                listener.onProblems(problems);
            }
        };
    }

    /** On the control thread. */
    private void onBatch(final EndpointSnapshot next) {
        heartbeatNs = System.nanoTime();
        if (!next.equals(snapshot)) {
            snapshot = next;
            changed.release();
        }
    }

    private List<String> notLive() {
        final long silentNs = System.nanoTime() - heartbeatNs;
        return silentNs < HEARTBEAT_NS_MAX ? List.of()
            : List.of("the control thread has done nothing for " + TimeUnit.NANOSECONDS.toSeconds(silentNs) + " s");
    }

    private void run() {
        while (!isClosed) {
            try {
                changed.tryAcquire(WAKE_MS, TimeUnit.MILLISECONDS);
                changed.drainPermits();
                control.tell(() -> heartbeatNs = System.nanoTime());
                report();
            } catch (final InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return;
            } catch (final RuntimeException failure) {
                log.error("report the endpoints' status", failure);
            }
        }
    }

    private void report() {
        final EndpointSnapshot now = snapshot;
        if (felix != null) {
            felix.report(now, settings);
        }
        health.configure(settings);
        try {
            files.update(now, settings);
            lastFailure = "";
        } catch (final IOException failure) {
            if (!failure.toString().equals(lastFailure)) {
                lastFailure = failure.toString();
                log.error("write the endpoints' status files (tried again)", failure);
            }
        }
    }

    @Override
    public void close() {
        isClosed = true;
        changed.release();
        try {
            if (!thread.join(Duration.ofMillis(WAKE_MS))) {
                thread.interrupt();
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        health.close();
    }
}

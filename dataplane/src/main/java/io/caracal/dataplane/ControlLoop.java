package io.caracal.dataplane;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.NodeChange;
import io.caracal.control.PolicyChange;
import io.caracal.network.NetworkControl;
import io.caracal.policy.CompiledPolicy;

/**
 * The control thread: everything that changes what is attached runs here, one event after the other, in the order it
 * was told. After a batch of events the workers are told once. Any thread may tell; nobody waits, but {@link
 * #awaitIdle}.
 */
final class ControlLoop implements ControlListener, AutoCloseable {
    private static final long CLOSE_TIMEOUT_SECONDS = 10;

    private final BlockingQueue<Runnable> events = new LinkedBlockingQueue<>();
    private final WorkloadRegistry registry;
    private final PolicyControl policy;
    private final NetworkControl network;
    private final Consumer<CompiledPolicy> policyInForce;
    private final Readiness readiness;
    private final EngineLog log;
    private final Thread thread;
    private volatile List<AttachedWorkload> attached = List.of();
    private volatile List<String> problems = List.of();
    private volatile List<String> waiting = List.of();
    private volatile List<String> attachProblems = List.of();
    private volatile boolean inSync;
    private long updateCount;
    private volatile long revisionInForce;
    private volatile boolean closing;
    private volatile Runnable afterBatch = () -> { };

    /**
     * Starts the thread, in the calling thread's network namespace.
     *
     * @param registry touched by the control thread only from now on.
     * @param policy likewise.
     * @param network likewise.
     * @param policyInForce told of each policy that the workers see, on the control thread.
     * @param readiness told after each batch.
     * @param log where a failed event goes; the loop goes on.
     */
    ControlLoop(final WorkloadRegistry registry, final PolicyControl policy, final NetworkControl network,
                final Consumer<CompiledPolicy> policyInForce, final Readiness readiness, final EngineLog log) {
        this.registry = registry;
        this.policy = policy;
        this.network = network;
        this.policyInForce = policyInForce;
        this.readiness = readiness;
        this.log = log;
        thread = Thread.ofPlatform().name("caracal-control").daemon(true).start(this::run);
    }

    private void run() {
        try {
            while (!closing) {
                final Runnable first = registry.isSettled() ? events.take() : events.poll();
                if (first == null) {
                    runOne(registry::settleOne);
                    continue;
                }
                runOne(first);
                for (Runnable next = events.poll(); next != null && !closing; next = events.poll()) {
                    runOne(next);
                }
                runOne(this::publish);
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Policy first: a pod is policed from its first packet on. */
    private void publish() {
        publishPolicy();
        if (policy.exemptions().takeChange()) {
            registry.publishAgain();
        }
        registry.publishIfChanged();
        runOne(network::publishIfChanged);
        attached = List.copyOf(registry.attached());
        waiting = registry.waiting();
        attachProblems = Stream.concat(registry.problems().stream(), policy.problems().stream()).toList();
        readiness.update(inSync, policy.notEnforced(), network.missing());
        revisionInForce = updateCount;
        afterBatch.run();
    }

    private void publishPolicy() {
        final CompiledPolicy next = policy.publishIfChanged();
        if (next != null) {
            policyInForce.accept(next);
        }
    }

    private void runOne(final Runnable event) {
        try {
            event.run();
        } catch (final RuntimeException | Error failure) {
            log.error("control event", failure);
        }
    }

    @Override
    public void onUpdate(final ControlUpdate update) {
        tell(() -> apply(update));
    }

    private void apply(final ControlUpdate update) {
        updateCount++;
        switch (update) {
            case final PolicyChange change -> policy.onChange(change);
            case final NodeChange change -> {
                if (change instanceof final NodeChange.FelixSettings felix) {
                    policy.exemptions().onSettings(felix);
                }
                network.onChange(change);
                registry.onIpv6(network.hasIpv6());
            }
            case final ControlUpdate.InSync sync -> {
                policy.onInSync();
                publishPolicy();
                network.onInSync();
                registry.onInSync();
                inSync = true;
            }
            case final ControlUpdate.WorkloadEndpointUpdate endpoint -> registry.onEndpoint(endpoint);
            case ControlUpdate.WorkloadEndpointRemove(var id) -> registry.onEndpointRemoved(id);
        }
    }

    @Override
    public void onProblems(final List<ControlProblem> found) {
        problems = found.stream().map(ControlProblem::toString).toList();
        problems.forEach(log::warn);
    }

    /**
     * Runs something on the control thread, later.
     *
     * @param event what to do; may touch the registry.
     */
    void tell(final Runnable event) {
        events.add(event);
    }

    /** Waits until everything that was told before has been done and the workers know of it. */
    void awaitIdle() {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        tell(() -> {
            runOne(this::publish);
            done.complete(null);
        });
        done.join();
    }

    /**
     * Does something after each batch of changes, on the control thread.
     *
     * @param action must not wait; takes the place of the one before.
     */
    void afterEachBatch(final Runnable action) {
        afterBatch = action;
    }

    /**
     * Runs a question on the control thread, when what was told before is in force. Any other thread.
     *
     * @param question may touch what belongs to the control thread.
     * @param <T> type of the answer.
     * @return the answer.
     * @throws java.util.concurrent.CompletionException if there is none in time, or the question fails.
     */
    <T> T ask(final Supplier<T> question) {
        final CompletableFuture<T> answer = new CompletableFuture<>();
        tell(() -> {
            try {
                publish();
                answer.complete(question.get());
            } catch (final RuntimeException | Error failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer.orTimeout(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
    }

    /**
     * How many of the changes that were told hold: no packet passes any more by what was before them, but as
     * {@code established-flows} says. Any thread.
     */
    long revisionInForce() {
        return revisionInForce;
    }

    /** State of every endpoint. Control thread. */
    EndpointSnapshot endpoints() {
        return new EndpointSnapshot(inSync, registry.endpoints(), policy.hostStates());
    }

    /** Whether the engine is ready. Any thread. */
    Readiness readiness() {
        return readiness;
    }

    /** Endpoints that are not attached, as of the last batch. Any thread. */
    List<String> waiting() {
        return waiting;
    }

    /** What is attached, as of the last batch. Any thread. */
    List<AttachedWorkload> attached() {
        return attached;
    }

    /** What the control source could not apply, and what could not be attached, as it is now. Any thread. */
    List<String> problems() {
        return Stream.concat(problems.stream(), attachProblems.stream()).toList();
    }

    /** Whether the control source has told everything once. Any thread. */
    boolean isInSync() {
        return inSync;
    }

    /** Ends after the event that runs now; a thousand interfaces that wait are the next engine's. */
    @Override
    public void close() {
        closing = true;
        tell(() -> { });
        try {
            if (!thread.join(Duration.ofSeconds(CLOSE_TIMEOUT_SECONDS))) {
                log.warn("the control thread did not end in " + CLOSE_TIMEOUT_SECONDS + " s");
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.caracal.network;

import io.caracal.bindings.NativeCallException;
import io.caracal.port.CounterBlock;
import io.caracal.port.PortCounter;
import io.caracal.xdp.feature.FeatureFinding;
import io.caracal.xdp.feature.KernelFeature;
import io.caracal.xdp.feature.KernelFeatures;
import io.caracal.xdp.uplink.UplinkMode;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which uplinks the workers poll instead of being interrupted by them (docs/decisions/034-busy-polling.md). An uplink
 * that cannot be polled is driven by interrupts as without the setting, and {@link #describe} says why. The control
 * thread's, but for {@link #describe} and {@link #pollCount}, which any thread may call.
 */
final class UplinkPolling implements AutoCloseable {
    /** What an uplink is that is polled. */
    static final String ON = "on";
    private static final String WITHOUT_XDP = "off: driven without XDP, so packets come by no socket";
    private static final String IN_THE_STACK = "off: generic XDP has no receive queue that could be polled";
    private static final String UNKNOWN = "off: the kernel does not know which NAPI serves its sockets. Before Linux"
        + " 6.13 it learns that from the first packets; since 6.14 the driver has to tell (veth does not)";

    private final NetworkLog log;
    private final DeferredInterrupts interrupts;
    private final String obstacle;
    private final UplinkWorkers workers;
    private final List<PollableUplink> waiting = new ArrayList<>();
    private volatile Map<String, String> states = Map.of();
    private volatile List<CounterBlock> counters = List.of();
    private volatile long endedPollCount;

    private UplinkPolling(final DeferredInterrupts interrupts, final String obstacle, final UplinkWorkers workers,
                          final NetworkLog log) {
        this.interrupts = interrupts;
        this.obstacle = obstacle;
        this.workers = workers;
        this.log = log;
    }

    /**
     * Sets back what an earlier engine has left, and finds out whether this kernel can poll. No other engine runs here
     * by now. In the network namespace of the uplinks.
     *
     * @param config whether it is wanted, and where former settings are noted.
     * @param workers who poll.
     * @param log where it tells what it does.
     * @return to be closed after the workers.
     */
    static UplinkPolling start(final NetworkConfig config, final UplinkWorkers workers, final NetworkLog log) {
        try {
            DeferredInterrupts.restoreLeft(config.stateDirectory())
                .forEach(line -> log.info("set back what an engine had left: " + line));
        } catch (final NativeCallException | UncheckedIOException failure) {
            log.warn("set back what an engine had left (caracal cleanup tries again): " + failure.getMessage());
        }
        if (!config.uplinks().busyPoll()) {
            return new UplinkPolling(null, "", workers, log);
        }
        final FeatureFinding finding = KernelFeatures.probe(KernelFeature.BUSY_POLL);
        if (!finding.isPresent()) {
            return new UplinkPolling(null, "off: this kernel cannot (" + finding.detail() + ")", workers, log);
        }
        try {
            return new UplinkPolling(DeferredInterrupts.open(config.stateDirectory()), "", workers, log);
        } catch (final NativeCallException | UncheckedIOException failure) {
            return new UplinkPolling(null, "off: " + failure.getMessage(), workers, log);
        }
    }

    /** Whether sockets of an uplink in such a mode shall be made for it. */
    boolean isFor(final UplinkMode mode) {
        return interrupts != null && mode == UplinkMode.NATIVE;
    }

    /** Begins with an uplink whose sockets are open, or says why not. */
    void begin(final PollableUplink uplink) {
        if (interrupts == null) {
            if (!obstacle.isEmpty()) {
                refuse(uplink, obstacle);
            }
            return;
        }
        switch (uplink.uplinkMode()) {
            case KERNEL -> refuse(uplink, WITHOUT_XDP);
            case GENERIC -> refuse(uplink, IN_THE_STACK);
            case NATIVE -> {
                waiting.add(uplink);
                review();
                if (waiting.contains(uplink) && !stateOf(uplink).startsWith(ON)) {
                    refuse(uplink, UNKNOWN);
                }
            }
        }
    }

    /** Looks again at what the kernel did not know yet. Now and then. */
    void review() {
        for (final PollableUplink uplink : List.copyOf(waiting)) {
            if (uplink.pollableCount() > uplink.polledCount()) {
                poll(uplink);
            }
        }
    }

    private void poll(final PollableUplink uplink) {
        final String name = uplink.name();
        try {
            if (uplink.polledCount() == 0) {
                interrupts.defer(name);
            }
        } catch (final NativeCallException | UncheckedIOException failure) {
            waiting.remove(uplink);
            refuse(uplink, "off: " + failure.getMessage());
            return;
        }
        final List<CounterBlock> more = new ArrayList<>(counters);
        more.addAll(uplink.beginPolling(workers));
        counters = List.copyOf(more);
        final boolean isWhole = uplink.polledCount() == uplink.queueCount();
        if (isWhole) {
            waiting.remove(uplink);
        }
        put(name, isWhole ? ON : ON + ": " + uplink.polledCount() + " of " + uplink.queueCount() + " queues");
        log.info("uplink " + name + " is polled by the workers: " + stateOf(uplink));
    }

    private void refuse(final PollableUplink uplink, final String why) {
        put(uplink.name(), why);
        log.warn("uplink " + uplink.name() + " is not polled (uplink-busy-poll=on); " + why);
    }

    private String stateOf(final PollableUplink uplink) {
        return states.getOrDefault(uplink.name(), "");
    }

    private void put(final String name, final String state) {
        final Map<String, String> more = new TreeMap<>(states);
        more.put(name, state);
        states = Map.copyOf(more);
    }

    /** Before its ports are taken from the workers. */
    void end(final PollableUplink uplink) {
        waiting.remove(uplink);
        final Map<String, String> fewer = new TreeMap<>(states);
        fewer.remove(uplink.name());
        states = Map.copyOf(fewer);
        if (uplink.polledCount() == 0) {
            return;
        }
        final List<CounterBlock> left = new ArrayList<>(counters);
        left.removeAll(uplink.pollCounters());
        counters = List.copyOf(left);
        endedPollCount += sum(uplink.pollCounters());
        try {
            interrupts.restore(uplink.name());
        } catch (final NativeCallException | UncheckedIOException failure) {
            log.warn("interrupts of " + uplink.name() + " stay deferred (caracal cleanup tries again): "
                + failure.getMessage());
        }
    }

    /** How it stands with each uplink, by name: {@link #ON}, or why not; empty where polling is not wanted. */
    Map<String, String> describe() {
        return states;
    }

    /** Polls of all uplinks since the start. */
    long pollCount() {
        return endedPollCount + sum(counters);
    }

    private static long sum(final List<CounterBlock> blocks) {
        return blocks.stream().mapToLong(block -> block.get(PortCounter.BUSY_POLLS.ordinal())).sum();
    }

    /** Sets everything back. After the workers. */
    @Override
    public void close() {
        if (interrupts == null) {
            return;
        }
        try {
            interrupts.restoreAll();
        } catch (final NativeCallException | UncheckedIOException failure) {
            log.warn("interrupts stay deferred (caracal cleanup tries again): " + failure.getMessage());
        } finally {
            interrupts.close();
        }
    }
}

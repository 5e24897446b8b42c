package io.caracal.perf.pods;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.CpuAffinity;
import io.caracal.perf.BenchException;
import io.caracal.perf.rounds.BusyTime;
import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.CpuTimes;
import io.caracal.perf.rounds.Observation;

/** A path under a load: its server waits all the time, its client comes for each window. One thread. */
final class PodContender implements Contender<PodFigures>, AutoCloseable {
    private static final Path PROC = Path.of("/proc");

    private static final int CLIENT = 0;
    private static final int SERVER = 1;
    private static final int SIDES = 2;
    private static final int ATTEMPTS = 3;

    private final PodPath path;
    private final PodLoad load;
    private final Path program;
    private final PodPath.Place aim;
    private final Timing timing;
    private final LoadProcess server;

    /**
     * How long a window is.
     *
     * @param settleMs from the client's start to the window.
     * @param windowMs what counts.
     * @param warmUpMs load before the first window, for what compiles itself while it runs.
     */
    record Timing(int settleMs, int windowMs, int warmUpMs) {
        private static final Timing WHOLE = new Timing(300, 1500, 4000);
        private static final Timing QUICK = new Timing(100, 300, 1000);

        static Timing of(final boolean quick) {
            return quick ? QUICK : WHOLE;
        }
    }

    PodContender(final PodPath path, final PodLoad load, final Path program, final Timing timing)
        throws IOException, InterruptedException {
        this.path = path;
        this.load = load;
        this.program = program;
        this.timing = timing;
        aim = load.isPoliced() ? path.api() : path.database();
        /* The server listens at any address: a service's own is nobody's. */
        server = LoadProcess.start(program, load.server(), withCpu(SERVER, List.of("--netns", aim.namespace(),
            "--address", "0.0.0.0", "--port",
            String.valueOf(load.isPoliced() ? PodPath.API_PORT : aim.port()))));
    }

    @Override
    public String who() {
        return path.who();
    }

    /** Load without counting. */
    void warmUp() throws IOException, InterruptedException {
        try (LoadProcess client = startClient()) {
            Thread.sleep(timing.warmUpMs);
            client.read();
        }
    }

    private LoadProcess startClient() throws IOException, InterruptedException {
        return LoadProcess.start(program, load.client(), withCpu(CLIENT, List.of("--netns",
            path.client().namespace(), "--address", aim.address(), "--port", String.valueOf(aim.port()))));
    }

    /**
     * A lone client and a lone server stay on a processor each: the scheduler would put them together in one round and
     * apart in another, and that alone moves request and answer by a factor of four.
     */
    private List<String> withCpu(final int side, final List<String> options) {
        final int[] cpus = CpuAffinity.allowed().stream().limit(SIDES).toArray();
        if (load.isParallel() || cpus.length < SIDES) {
            return options;
        }
        final List<String> pinned = new ArrayList<>(options);
        pinned.addAll(List.of("--cpu", String.valueOf(cpus[side])));
        return pinned;
    }

    /** A machine that is busy elsewhere may give a short window to nobody here: such a one is taken again. */
    @Override
    public Observation<PodFigures> measure() throws IOException, InterruptedException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try (LoadProcess client = startClient()) {
                final Observation<PodFigures> observation = measure(client);
                if (observation.figures().value() > 0 && Double.isFinite(observation.figures().value())) {
                    return observation;
                }
            }
        }
        throw new BenchException("measure " + who() + ": nothing arrived at " + aim + " from "
            + path.client().namespace() + " in " + ATTEMPTS + " windows of " + timing.windowMs + " ms");
    }

    private Observation<PodFigures> measure(final LoadProcess client) throws IOException, InterruptedException {
        final List<Long> own = new ArrayList<>(path.pids());
        own.addAll(List.of(client.pid(), server.pid(), ProcessHandle.current().pid()));
        Thread.sleep(timing.settleMs);
        final CpuTimes cpuBefore = CpuTimes.read(PROC, own);
        final BusyTime busyBefore = BusyTime.read(PROC);
        final LoadCounters serverBefore = server.read();
        final LoadCounters clientBefore = client.read();
        Thread.sleep(timing.windowMs);
        final LoadCounters serverAfter = server.read();
        final LoadCounters clientAfter = client.read();
        final double busyShare = BusyTime.read(PROC).shareSince(busyBefore);
        final double othersShare = CpuTimes.read(PROC, own).othersShareSince(cpuBefore);
        final double value = load.figure().of(
            new PodLoad.Window(serverBefore, serverAfter, clientBefore, clientAfter, busyShare));
        return new Observation<>(new PodFigures(value, clientAfter.latencies()), othersShare);
    }

    @Override
    public void close() {
        server.close();
    }
}

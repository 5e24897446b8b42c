package io.caracal.perf.pods;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.CpuAffinity;
import io.caracal.perf.BenchException;
import io.caracal.perf.life.ThreadTimes;
import io.caracal.perf.rounds.BusyTime;
import io.caracal.perf.rounds.Contender;
import io.caracal.perf.rounds.CpuTimes;
import io.caracal.perf.rounds.Observation;

/** A path under a load: its server waits all the time, its client comes for each window. One thread. */
final class PodContender implements Contender<PodFigures>, Closeable {
    private static final Path PROC = Path.of("/proc");

    private static final int CLIENT = 0;
    private static final int SERVER = 1;
    private static final int SIDES = 2;
    private static final int ATTEMPTS = 3;
    private static final int STEP_MS = 500;
    /** In the names of HotSpot's compiler threads, as far as the kernel keeps them: 15 characters. */
    private static final String COMPILER_THREAD = "CompilerThre";

    private final Ends ends;
    private final PodLoad load;
    private final Path program;
    private final Timing timing;
    private final LoadProcess server;

    /**
     * Where load comes from and goes to.
     *
     * @param who the contender's name in results.
     * @param pids processes that carry packets.
     * @param carrier let carry only while it is measured.
     * @param serverOptions of {@code podgen}: where the server is.
     * @param clientOptions of {@code podgen}: where the client is and whom it asks.
     */
    record Ends(String who, List<Long> pids, Carrier carrier, List<String> serverOptions,
                List<String> clientOptions) {
        static Ends of(final PodPath path, final PodLoad load) {
            final PodPath.Place aim = load.isPoliced() ? path.api() : path.database();
            final int port = load.isPoliced() ? PodPath.API_PORT : aim.port();
            /* The server listens at any address: a service's own is nobody's. */
            return new Ends(path.who(), path.pids(), path.carrier(),
                List.of("--netns", aim.namespace(), "--address", "0.0.0.0", "--port", String.valueOf(port)),
                List.of("--netns", path.client().namespace(), "--address", aim.address(), "--port",
                    String.valueOf(aim.port())));
        }
    }

    /**
     * How long a window is.
     *
     * @param settleMs from the client's start to the window.
     * @param windowMs what counts.
     * @param warmUpMs load before the first window, for what compiles itself while it runs.
     * @param warmUpMsMax the same while it still gets faster.
     */
    record Timing(int settleMs, int windowMs, int warmUpMs, int warmUpMsMax) {
        private static final Timing WHOLE = new Timing(300, 1500, 4000, 30_000);
        private static final Timing QUICK = new Timing(50, 200, 500, 500);

        static Timing of(final boolean quick) {
            return quick ? QUICK : WHOLE;
        }
    }

    PodContender(final Ends ends, final PodLoad load, final Path program, final Timing timing)
        throws IOException, InterruptedException {
        this.ends = ends;
        this.load = load;
        this.program = program;
        this.timing = timing;
        server = LoadProcess.start(program, load.server(), withCpu(SERVER, ends.serverOptions));
    }

    @Override
    public String who() {
        return ends.who;
    }

    /**
     * Load until it gets no faster and the engine's compilers rest: compiled code comes by the number of packets, and
     * the compilers want the processors that the load keeps busy. Until then it would be they that are measured.
     */
    void warmUp() throws IOException, InterruptedException {
        ends.carrier.resume();
        try (LoadProcess client = startClient()) {
            final Steadiness steadiness = new Steadiness(progress(client), compilingMs());
            for (int ms = 0; ms < timing.warmUpMs || !steadiness.isSteady() && ms < timing.warmUpMsMax; ms += STEP_MS) {
                Thread.sleep(STEP_MS);
                steadiness.step(progress(client), compilingMs());
            }
        } finally {
            ends.carrier.pause();
        }
    }

    private long progress(final LoadProcess client) throws IOException, InterruptedException {
        return server.read().bytes() + client.read().operations();
    }

    /** Processor time that compilers have used in the processes that carry packets. */
    private double compilingMs() {
        return ends.pids.stream().mapToDouble(pid -> ThreadTimes.read(PROC, pid).totalMs(COMPILER_THREAD)).sum();
    }

    private LoadProcess startClient() throws IOException, InterruptedException {
        return LoadProcess.start(program, load.client(), withCpu(CLIENT, ends.clientOptions));
    }

    /**
     * A lone client and a lone server of a flow that goes on stay on a processor each: the scheduler would put them
     * together in one round and apart in another, and that alone moves request and answer by a factor of four.
     */
    private List<String> withCpu(final int side, final List<String> options) {
        final int[] cpus = CpuAffinity.allowed().stream().limit(SIDES).toArray();
        if (load.isPlacedFreely() || cpus.length < SIDES) {
            return options;
        }
        final List<String> pinned = new ArrayList<>(options);
        pinned.addAll(List.of("--cpu", String.valueOf(cpus[side])));
        return pinned;
    }

    /** A machine that is busy elsewhere may give a short window to nobody here: such a one is taken again. */
    @Override
    public Observation<PodFigures> measure() throws IOException, InterruptedException {
        ends.carrier.resume();
        try {
            return measureOnceOrAgain();
        } finally {
            ends.carrier.pause();
        }
    }

    private Observation<PodFigures> measureOnceOrAgain() throws IOException, InterruptedException {
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try (LoadProcess client = startClient()) {
                final Observation<PodFigures> observation = measure(client);
                if (observation.figures().value() > 0 && Double.isFinite(observation.figures().value())) {
                    return observation;
                }
            }
        }
        throw new BenchException("measure " + who() + ": nothing arrived in " + ATTEMPTS + " windows of "
            + timing.windowMs + " ms; client " + ends.clientOptions + ", server " + ends.serverOptions);
    }

    private Observation<PodFigures> measure(final LoadProcess client) throws IOException, InterruptedException {
        final List<Long> own = new ArrayList<>(ends.pids);
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

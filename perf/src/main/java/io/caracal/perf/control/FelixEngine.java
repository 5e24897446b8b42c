package io.caracal.perf.control;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.caracal.control.manifest.ManifestLoader;
import io.caracal.control.proto.ToDataplane;
import io.caracal.lab.LabNode;
import io.caracal.perf.BenchException;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.life.ThreadTimes;

/** An engine that waits for Felix, and a Felix that has a large cluster to tell. One thread. */
final class FelixEngine implements AutoCloseable {
    static final Path PROC = Path.of("/proc");

    private static final int SETTLE_SECONDS = 5;
    private static final long SOCKET_WAIT_MS = 30_000;
    private static final double NS_PER_MS = 1e6;
    private static final double KIB_PER_MIB = 1024;
    private static final double BYTES_PER_MIB = 1 << 20;

    private final LabNode node;
    private final EngineUnderTest engine;
    private final FelixDriver felix;

    private FelixEngine(final LabNode node, final EngineUnderTest engine, final FelixDriver felix) {
        this.node = node;
        this.engine = engine;
        this.felix = felix;
    }

    static FelixEngine start(final LabNode node, final Path home, final SafepointLog log)
        throws IOException, InterruptedException {
        final Path socket = node.adminSocket().resolveSibling("felix.sock");
        final EngineUnderTest engine =
            EngineUnderTest.startForFelix(node, home, socket, log.flag(), "--set", "offload=off");
        try {
            awaitFile(socket);
            /* An engine that has just started is still compiling what it does at its start. */
            TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
            return new FelixEngine(node, engine, FelixDriver.start(home, socket));
        } catch (final RuntimeException | IOException | InterruptedException failure) {
            engine.close();
            throw failure;
        }
    }

    private static void awaitFile(final Path file) throws InterruptedException {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SOCKET_WAIT_MS);
        while (!Files.exists(file)) {
            if (System.nanoTime() - endNs > 0) {
                throw new BenchException("wait for " + file + ": the engine has not made it in " + SOCKET_WAIT_MS
                    + " ms");
            }
            Thread.sleep(1);
        }
    }

    /**
     * A cluster that has come into force.
     *
     * @param wallMs Felix's first byte until the engine says that all is in force.
     * @param cpuMs processor time of the engine meanwhile, all threads.
     * @param busiest the threads that used most of it.
     * @param residentMib memory of the process then.
     * @param heapMib of it, Java objects after a collection.
     * @param heapMaxMib what the launcher allows them.
     */
    record InForce(double wallMs, double cpuMs, String busiest, double residentMib, double heapMib,
                   double heapMaxMib) {
    }

    /** Says all of a cluster, and of the node's pods. */
    InForce tell(final LargeCluster cluster) throws IOException, InterruptedException {
        final List<ToDataplane> pods =
            new ManifestLoader(List.of(node.manifests()), node.name(), Map.of()).load().state().messages();
        final List<ToDataplane> messages = new ArrayList<>(pods.subList(0, pods.size() - 1));
        messages.addAll(cluster.messages());
        messages.add(pods.getLast());
        final byte[] frames = felix.frames(messages);
        final ThreadTimes before = ThreadTimes.read(PROC, engine.pid());
        final long startNs = System.nanoTime();
        felix.write(frames);
        engine.awaitReady();
        final double wallMs = (System.nanoTime() - startNs) / NS_PER_MS;
        final ThreadTimes after = ThreadTimes.read(PROC, engine.pid());
        return new InForce(wallMs, after.msSince(before, ""), after.busiestSince(before),
            residentKib(engine.pid()) / KIB_PER_MIB, heapMib("usedAfterCollectionBytes"), heapMib("maxBytes"));
    }

    double heapMib(final String figure) throws IOException {
        return engine.ask("status").path("heap").path(figure).asLong() / BYTES_PER_MIB;
    }

    private static long residentKib(final long pid) throws IOException {
        return Files.readAllLines(PROC.resolve(pid + "/status")).stream()
            .filter(line -> line.startsWith("VmRSS:")).mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
            .findFirst().orElseThrow(() -> new BenchException("read the memory of process " + pid + ": no VmRSS"));
    }

    EngineUnderTest engine() {
        return engine;
    }

    FelixDriver felix() {
        return felix;
    }

    @Override
    public void close() throws IOException {
        felix.close();
        engine.close();
    }
}

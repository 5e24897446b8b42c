package io.caracal.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.caracal.dataplane.AdminClient;
import io.caracal.dataplane.Cleanup;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/**
 * {@code caracal rehearse}: starts an engine on a node of its own with pods and an uplink, as {@code caracal run} does,
 * sends packets through it and stops it. The build runs it once, so that the JVM's ahead-of-time cache holds what a
 * start and the first packets need: a class or lambda that is missing there costs a start a millisecond.
 *
 * <p>Not by the command line's parser: it cannot be in the cache, and commands that were there without it had every
 * start open all jars to look for it.</p>
 */
final class Rehearsal {
    /** What the build calls it by. */
    static final String COMMAND = "rehearse";
    /** More than are attached one by one, so that the way of many is rehearsed as well. */
    private static final int PODS = 10;
    private static final long READY_TIMEOUT_MS = 30_000;
    /** Two seconds of them: the kernel's side is looked after behind the first packets, which is part of a start. */
    private static final String PINGS = "20";

    private Rehearsal() {
    }

    /**
     * Runs it.
     *
     * @return {@link ExitCode#OK} when pods were attached and the engine has ended in order.
     * @throws Exception what went wrong.
     */
    static int run() throws Exception {
        try (Lab lab = Lab.create("rehearsal")) {
            final LabNode node = lab.addNode("node1");
            for (int number = 0; number < PODS; number++) {
                node.announce(node.addPod("rehearsal", "pod" + number));
            }
            final RunArguments arguments = RunArguments.plain(List.of(RunArguments.COMMAND, "--node", node.name(),
                RunArguments.MANIFESTS, node.manifests().toString(), "--state", node.state().toString(),
                "--admin", node.adminSocket().toString(), RunArguments.SET, "bpf-file-system=" + node.bpfFileSystem(),
                RunArguments.SET, "mtu-file=" + node.state().resolve("mtu"))).orElseThrow();
            final CountDownLatch stop = new CountDownLatch(1);
            final CountDownLatch ready = new CountDownLatch(1);
            final CompletableFuture<Void> audience = CompletableFuture.runAsync(() -> watch(node, ready, stop),
                task -> Thread.ofPlatform().name("caracal-rehearsal").start(task));
            node.call(() -> EngineRun.run(arguments, stop, ready));
            audience.join();
            node.call(() -> Cleanup.run(arguments.conclude())).forEach(each -> System.err.println("removed " + each));
        }
        return ExitCode.OK;
    }

    /** Waits until the pods are attached, has one of them talk to another, and ends the engine. */
    private static void watch(final LabNode node, final CountDownLatch ready, final CountDownLatch stop) {
        try {
            if (!ready.await(READY_TIMEOUT_MS, TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("rehearse a start: not ready after " + READY_TIMEOUT_MS + " ms");
            }
            final LabPod from = node.pods().getFirst();
            final String to = node.pods().getLast().ipv4();
            final int exitCode = from.call(() ->
                new ProcessBuilder("ping", "-q", "-c", PINGS, "-i", "0.1", to).inheritIO().start().waitFor());
            askAll(node);
            System.err.println("rehearsed with " + PODS + " pods, ping ended with " + exitCode);
        } catch (final IOException | InterruptedException failure) {
            throw new IllegalStateException("rehearse a start", failure);
        } finally {
            stop.countDown();
        }
    }

    private static void askAll(final LabNode node) throws IOException {
        try (AdminClient client = AdminClient.connect(node.adminSocket())) {
            client.ask("counters");
            client.ask("status");
        }
    }
}

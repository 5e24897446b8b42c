package io.caracal.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.caracal.dataplane.Cleanup;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import picocli.CommandLine.Command;

/**
 * {@code caracal rehearse}: starts an engine on a node of its own with pods and an uplink, as {@code caracal run} does,
 * sends packets through it and stops it. The build runs it once, so that the JVM's ahead-of-time cache holds what a
 * start and the first packets need: a class or lambda that is missing there costs a start a millisecond.
 */
@Command(name = "rehearse", hidden = true, mixinStandardHelpOptions = true,
    description = "Start and stop an engine on a node of its own (the build does, for the AOT cache).")
final class RehearseCommand implements Callable<Integer> {
    /** More than are attached one by one, so that the way of many is rehearsed as well. */
    private static final int PODS = 10;
    private static final long READY_TIMEOUT_MS = 30_000;
    private static final long POLL_MS = 20;
    /** Two seconds of them: the kernel's side is looked after behind the first packets, which is part of a start. */
    private static final String PINGS = "20";

    @Override
    public Integer call() throws Exception {
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
            final Thread audience = Thread.ofPlatform().name("caracal-rehearsal").start(() -> watch(node, stop));
            try {
                node.call(() -> EngineRun.run(arguments, stop));
            } finally {
                stop.countDown();
                audience.join();
            }
            node.call(() -> Cleanup.run(arguments.conclude())).forEach(each -> System.err.println("removed " + each));
        }
        return ExitCode.OK;
    }

    /** Waits until the pods are attached, has one of them talk to another, and ends the engine. */
    private static void watch(final LabNode node, final CountDownLatch stop) {
        try {
            awaitPods(node, stop);
            final LabPod from = node.pods().getFirst();
            final String to = node.pods().getLast().ipv4();
            final int exitCode = from.call(() ->
                new ProcessBuilder("ping", "-q", "-c", PINGS, "-i", "0.1", to).inheritIO().start().waitFor());
            System.err.println("rehearsed with " + PODS + " pods, ping ended with " + exitCode);
        } catch (final IOException | InterruptedException failure) {
            throw new IllegalStateException("rehearse a start", failure);
        } finally {
            stop.countDown();
        }
    }

    private static void awaitPods(final LabNode node, final CountDownLatch stop)
        throws IOException, InterruptedException {
        final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(READY_TIMEOUT_MS);
        while (attachedCount(node) < PODS) {
            if (stop.await(POLL_MS, TimeUnit.MILLISECONDS) || System.nanoTime() - deadlineNs > 0) {
                throw new IllegalStateException("rehearse a start: the pods were not attached");
            }
        }
    }

    private static int attachedCount(final LabNode node) throws IOException {
        if (!node.adminSocket().toFile().exists()) {
            return 0;
        }
        try (AdminClient client = AdminClient.connect(node.adminSocket())) {
            client.ask("counters");
            return client.ask("status").path("workloads").size();
        }
    }
}

package io.caracal.cli;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;

import io.caracal.control.ControlSource;
import io.caracal.dataplane.ControlSources;
import io.caracal.dataplane.Dataplane;
import io.caracal.dataplane.DataplaneConfig;
import io.caracal.dataplane.EngineLog;
import io.caracal.dataplane.ServiceNotification;

/** The engine in the foreground, until SIGTERM, SIGINT, or the end of its input where that was asked for. */
final class EngineRun {
    private EngineRun() {
    }

    /**
     * Runs it.
     *
     * @param arguments not checked yet.
     * @return {@link ExitCode#OK} at its orderly end.
     * @throws IllegalArgumentException if a setting is wrong.
     */
    static int run(final RunArguments arguments) throws IOException, InterruptedException {
        return run(arguments, new CountDownLatch(1), new CountDownLatch(1));
    }

    /**
     * The same, until something else says so.
     *
     * @param arguments not checked yet.
     * @param stop counted down when it is to end.
     * @param ready counted down after the line "ready".
     * @return {@link ExitCode#OK} at its orderly end.
     */
    static int run(final RunArguments arguments, final CountDownLatch stop, final CountDownLatch ready)
        throws IOException, InterruptedException {
        final DataplaneConfig config = arguments.conclude();
        final EngineLog log = new EngineLog(System.err);
        final CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopAndWait(stop, closed), "caracal-shutdown"));
        try (ControlSource source = ControlSources.open(config);
            Dataplane dataplane = Dataplane.launch(config, source, log)) {
            if (arguments.exitOnStdinClose()) {
                Thread.ofPlatform().name("caracal-stdin").daemon(true).start(() -> awaitEndOfInput(stop, log));
            }
            dataplane.endAsked().thenRun(stop::countDown);
            dataplane.notReady().forEach(reason -> log.warn("not ready: " + reason));
            dataplane.ready().thenRun(() -> {
                sayReady(dataplane, log);
                ready.countDown();
            });
            stop.await();
            log.info("stopping");
        } finally {
            closed.countDown();
        }
        return ExitCode.OK;
    }

    /** On the starting thread, or later on the control thread. */
    private static void sayReady(final Dataplane dataplane, final EngineLog log) {
        log.info(dataplane.attachedCount() + " workloads attached");
        System.out.println("ready");
        ServiceNotification.ready(log);
    }

    /** Runs as shutdown hook: the JVM halts when hooks return, so it waits until the engine is closed. */
    private static void stopAndWait(final CountDownLatch stop, final CountDownLatch closed) {
        stop.countDown();
        try {
            closed.await();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitEndOfInput(final CountDownLatch stop, final EngineLog log) {
        try {
            while (System.in.read() >= 0) {
                continue;
            }
        } catch (final IOException broken) {
            log.error("read standard input", broken);
        }
        stop.countDown();
    }
}

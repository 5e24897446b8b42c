package io.caracal.dataplane;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Tells systemd that the engine is ready (sd_notify(3)), when systemd asked for it by {@code NOTIFY_SOCKET}. */
public final class ServiceNotification {
    private static final int TIMEOUT_SECONDS = 5;

    private ServiceNotification() {
    }

    /**
     * Sends {@code READY=1}. Java has no unix datagram sockets, so systemd's own tool speaks; nothing is done where
     * nobody asked.
     *
     * @param log where a failure is reported; it never stops the engine.
     */
    public static void ready(final EngineLog log) {
        if (System.getenv("NOTIFY_SOCKET") == null) {
            return;
        }
        try {
            final Process notify = new ProcessBuilder("systemd-notify", "--ready",
                "--pid=" + ProcessHandle.current().pid()).inheritIO().start();
            if (!notify.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || notify.exitValue() != 0) {
                log.warn("systemd-notify did not deliver READY=1");
            }
        } catch (final IOException missing) {
            log.error("run systemd-notify", missing);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.caracal.demo;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

import io.caracal.dataplane.AdminClient;

/**
 * The live line: packets per second through Java, taken from the engine's own counters by a thread of its own while
 * traffic runs. Begin and end from one thread.
 */
final class TrafficMeter {
    private static final long INTERVAL_MS = 250;

    private final EngineProcess engine;
    private final Console console;
    private Thread thread;

    TrafficMeter(final EngineProcess engine, final Console console) {
        this.engine = engine;
        this.console = console;
    }

    void begin(final String what) {
        thread = Thread.ofPlatform().name("caracal-demo-meter").daemon(true).start(() -> run(what));
    }

    void end() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }

    private void run(final String what) {
        try (AdminClient client = engine.connect()) {
            EngineCounters last = EngineCounters.of(client.ask("counters"));
            long lastNs = System.nanoTime();
            while (!Thread.currentThread().isInterrupted()) {
                TimeUnit.MILLISECONDS.sleep(INTERVAL_MS);
                final EngineCounters now = EngineCounters.of(client.ask("counters"));
                final long nowNs = System.nanoTime();
                console.live(describe(what, last, now, nowNs - lastNs));
                last = now;
                lastNs = nowNs;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final IOException e) {
            if (!Thread.currentThread().isInterrupted()) {
                console.line("    (no live figures: " + e.getMessage() + ')');
            }
        }
    }

    static String describe(final String what, final EngineCounters last, final EngineCounters now,
                           final long elapsedNs) {
        final double seconds = elapsedNs / 1e9;
        final double packets = (now.rxPackets() - last.rxPackets()) / seconds;
        final double cached = (now.cachedPackets() - last.cachedPackets()) / seconds;
        final double bits = (now.rxBytes() - last.rxBytes()) * 8 / seconds;
        return "    " + what + ": " + Text.padded(Text.count(Math.round(packets)), 9) + " packets/s through Java, "
            + Text.scaled(bits, "bit/s") + ", " + Text.count(Math.round(cached)) + " by its flow cache, "
            + Text.count(now.dropCount() - last.dropCount()) + " dropped";
    }
}

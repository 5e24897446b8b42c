package io.caracal.perf.pods;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.BenchException;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.tool.NamespaceCommand;

/**
 * A pod whose datagrams nobody answers. Its program is there all the time, and stopped but for the attacks: so what is
 * measured meanwhile knows its process. One thread.
 */
final class Attack implements AutoCloseable {
    private static final double NS_PER_SECOND = 1e9;
    /** The victim connects when more flows than there is room for have come before. */
    private static final int LEAD_MS = 500;
    private static final int POLL_MS = 20;
    private static final int EMPTY_MS_MAX = 30_000;

    private final EngineUnderTest engine;
    private final LabPod pod;
    private final Sender sender;
    private Counted before;
    private long beginNs;

    /**
     * What sends.
     *
     * @param process in the attacker's pod; the attack closes it.
     * @param isCarried whether the flow cache has room for its flows; else each of its datagrams comes to Java.
     */
    record Sender(LoadProcess process, boolean isCarried) {
    }

    /**
     * What an engine has counted since its start.
     *
     * @param javaPackets packets of pods that came to Java.
     * @param sentPackets packets of the attacker, whichever way they went.
     */
    record Counted(long javaPackets, long sentPackets) {
        static Counted of(final JsonNode counters, final String interfaceName) {
            long javaPackets = 0;
            for (final JsonNode worker : counters.required("workers")) {
                javaPackets += worker.required("fromWorkloadPackets").asLong();
            }
            for (final JsonNode workload : counters.required("workloads")) {
                if (interfaceName.equals(workload.path("interface").asText())) {
                    return new Counted(javaPackets, workload.required("sentPackets").asLong());
                }
            }
            throw new BenchException("count an attacker's packets: the engine has no workload " + interfaceName);
        }

        /** Packets that came to Java since, without those of the attacker. */
        long othersJavaPacketsSince(final Counted earlier, final Sender sender) {
            return javaPackets - earlier.javaPackets - (sender.isCarried ? 0 : sentPackets - earlier.sentPackets);
        }
    }

    /**
     * An attack that is over.
     *
     * @param othersJavaPackets packets of others that came to Java meanwhile.
     * @param pps datagrams a second that left the attacker's pod.
     */
    record Outcome(long othersJavaPackets, double pps) {
    }

    private Attack(final EngineUnderTest engine, final LabPod pod, final Sender sender) {
        this.engine = engine;
        this.pod = pod;
        this.sender = sender;
    }

    /** One that has not begun. */
    static Attack prepare(final EngineUnderTest engine, final LabPod pod, final Sender sender)
        throws InterruptedException {
        final Attack attack = new Attack(engine, pod, sender);
        try {
            attack.signal("-STOP");
            return attack;
        } catch (final InterruptedException | RuntimeException e) {
            sender.process.close();
            throw e;
        }
    }

    long pid() {
        return sender.process.pid();
    }

    /**
     * Waits until the flow cache is empty, so that every attack finds it alike, and attacks. What comes before the
     * victim does not count; the counters are read while nothing is on its way.
     */
    void begin() throws IOException, InterruptedException {
        awaitEmptyCache();
        signal("-CONT");
        Thread.sleep(LEAD_MS);
        signal("-STOP");
        before = count();
        beginNs = System.nanoTime();
        signal("-CONT");
    }

    /** What it has done since its beginning. Others' packets have come to rest before. */
    Outcome end() throws IOException, InterruptedException {
        /* A program that has ended says why. */
        sender.process.read();
        signal("-STOP");
        final double seconds = (System.nanoTime() - beginNs) / NS_PER_SECOND;
        final Counted after = count();
        return new Outcome(after.othersJavaPacketsSince(before, sender),
            (after.sentPackets - before.sentPackets) / seconds);
    }

    private Counted count() throws IOException {
        return Counted.of(engine.ask("counters"), pod.interfaceName());
    }

    private void awaitEmptyCache() throws IOException, InterruptedException {
        final long startNs = System.nanoTime();
        while (engine.ask("status").required("offload").required("flows").asLong() > 0) {
            if (System.nanoTime() - startNs > TimeUnit.MILLISECONDS.toNanos(EMPTY_MS_MAX)) {
                throw new BenchException("wait for an empty flow cache: not within " + EMPTY_MS_MAX + " ms");
            }
            Thread.sleep(POLL_MS);
        }
    }

    private void signal(final String signal) throws InterruptedException {
        NamespaceCommand.run(pod.namespace().name(), List.of("kill", signal, String.valueOf(pid())), "");
    }

    /** What is stopped would not hear that it shall end. */
    @Override
    public void close() {
        try {
            signal("-CONT");
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sender.process.close();
        }
    }
}

package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.Fd;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;

/** What a test sees of a node from outside: who reaches whom, what the engine says, what the kernel has. */
final class NodeView {
    private static final int COMMAND_SECONDS_MAX = 60;
    private static final int AWAIT_SECONDS_MAX = 30;
    private static final int AWAIT_INTERVAL_MS = 20;

    private final LabNode node;

    NodeView(final LabNode node) {
        this.node = node;
    }

    /** A question that may fail. */
    interface Condition {
        boolean holds() throws Exception;
    }

    static void await(final String what, final Condition condition) throws Exception {
        final long startNs = System.nanoTime();
        while (!condition.holds()) {
            if (System.nanoTime() - startNs > TimeUnit.SECONDS.toNanos(AWAIT_SECONDS_MAX)) {
                throw new AssertionError("not within " + AWAIT_SECONDS_MAX + " s: " + what);
            }
            Thread.sleep(AWAIT_INTERVAL_MS);
        }
    }

    /** Waits for a thread's end; an interrupt is kept for whoever looks for it. */
    static void join(final Thread thread) {
        try {
            thread.join();
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Exit code and output of a program that ran to its end. */
    record Ran(int exitCode, String output) {
    }

    static Ran run(final List<String> command) throws Exception {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS)) {
                throw new AssertionError(command + " did not end");
            }
            return new Ran(process.exitValue(), output);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs a program in the node's network and expects it to succeed. */
    String onNode(final String... words) throws Exception {
        final Ran ran = run(node.command(words));
        assertEquals(0, ran.exitCode(), String.join(" ", words) + "\n" + ran.output());
        return ran.output();
    }

    /** Whether at least one of two pings is answered. */
    static boolean reaches(final LabPod from, final String address) throws Exception {
        return run(from.command("ping", "-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", address)).exitCode() == 0;
    }

    /** So many pings and answers, as fast as they come. */
    static void flood(final LabPod from, final String address, final int count) throws Exception {
        final Ran ran = run(from.command("ping", "-n", "-q", "-f", "-c", String.valueOf(count), address));
        assertEquals(0, ran.exitCode(), ran.output());
    }

    JsonNode ask(final String command) throws IOException {
        try (AdminClient client = AdminClient.connect(node.adminSocket())) {
            return client.ask(command);
        }
    }

    JsonNode worker() throws IOException {
        return ask("counters").path("workers").path(0);
    }

    long bpfCounter(final String label) throws IOException {
        return ask("counters").path("bpf").path(label).asLong(-1);
    }

    /** Interface names as the engine's status tells them. */
    Set<String> attached() throws IOException {
        final Set<String> names = new TreeSet<>();
        ask("status").path("workloads").forEach(workload -> names.add(workload.path("interface").asText()));
        return names;
    }

    List<String> problems() throws IOException {
        final List<String> problems = new ArrayList<>();
        ask("status").path("problems").forEach(problem -> problems.add(problem.asText()));
        return problems;
    }

    void awaitAttached(final LabPod... pods) throws Exception {
        final Set<String> wanted = new TreeSet<>();
        for (final LabPod pod : pods) {
            wanted.add(pod.interfaceName());
        }
        await("attached: " + wanted, () -> attached().equals(wanted));
    }

    /** Every endpoint was told of the policy, and what was told is in force: no packet passes by what was before. */
    void awaitInForce(final String policy) throws Exception {
        await("every endpoint has " + policy, () -> {
            for (final JsonNode endpoint : ask("policy").path("workloadEndpoints")) {
                if (!endpoint.path("tiers").toString().contains(policy)) {
                    return false;
                }
            }
            return true;
        });
        awaitRevisionTold();
    }

    /** What the control source has told until now is in force. */
    void awaitRevisionTold() throws Exception {
        final long told = ask("status").path("source").path("revisionTold").asLong();
        await("revision " + told, () -> ask("status").path("source").path("revision").asLong() >= told);
    }

    int ifindex(final LabPod pod) throws Exception {
        final String links = onNode("ip", "-j", "link", "show", "dev", pod.interfaceName());
        return new JsonMapper().readTree(links).path(0).path("ifindex").asInt();
    }

    /** What all workers together have counted. */
    long counted(final String counter) throws IOException {
        long sum = 0;
        for (final JsonNode worker : ask("counters").path("workers")) {
            sum += worker.required(counter).asLong();
        }
        return sum;
    }

    /** Packets of pods that came to Java: those that the flow cache did not carry on. */
    long javaPackets() throws IOException {
        return counted("fromWorkloadPackets");
    }

    /** Closing ones leave it soon, and of a burst some may come to Java first. */
    void awaitOffloaded(final long count, final String log) throws Exception {
        await(count + " flows in the cache: " + log, () -> offloadedFlows() == count);
    }

    /** How many flows the flow cache carries. */
    long offloadedFlows() throws IOException {
        return ask("status").path("offload").path("flows").asLong(-1);
    }

    /** Packets that the guard's rules have dropped. */
    long guardDrops() throws Exception {
        long dropCount = 0;
        final JsonNode table = new JsonMapper().readTree(onNode("nft", "-j", "list", "table", "inet", "caracal"));
        for (final JsonNode counter : table.findValues("counter")) {
            dropCount += counter.path("packets").asLong();
        }
        return dropCount;
    }

    /**
     * Interfaces that the guard lets pass: nft prints the name of an index, or the index if nothing has it any more.
     */
    Set<String> armed() throws Exception {
        final Set<String> armed = new TreeSet<>();
        final JsonNode set = new JsonMapper().readTree(onNode("nft", "-j", "list", "set", "inet", "caracal", "armed"));
        set.findValues("elem").forEach(elements -> elements.forEach(element -> armed.add(element.asText())));
        return armed;
    }

    /** What the pins of links tie to which hook; the name is the pin's. */
    Map<String, BpfLinks.LinkInfo> pinnedLinks() throws IOException {
        final Path folder = node.bpfFileSystem().resolve("caracal").resolve("links");
        final Map<String, BpfLinks.LinkInfo> links = new TreeMap<>();
        try (Stream<Path> pins = Files.list(folder)) {
            for (final Path pin : pins.toList()) {
                try (Fd link = BpfLinks.openPinned(pin)) {
                    links.put(pin.getFileName().toString(), BpfLinks.info(link.number()));
                }
            }
        }
        return links;
    }

    /** Makes a pod's interface again, as the CNI plugin would after its host end was deleted. */
    void plugAgain(final LabPod pod) throws Exception {
        onNode("ip", "link", "add", pod.interfaceName(), "address", LabPod.HOST_END_MAC, "type", "veth",
            "peer", "name", "eth0", "address", pod.mac(), "netns", pod.namespace().name());
        final String script = """
            ip link set eth0 up
            ip address add %s/32 dev eth0
            ip route add 169.254.1.1/32 dev eth0
            ip route add default via 169.254.1.1
            """.formatted(pod.ipv4());
        final Ran ran = run(pod.command("sh", "-e", "-c", script));
        assertEquals(0, ran.exitCode(), ran.output());
        onNode("ip", "link", "set", pod.interfaceName(), "up");
    }
}

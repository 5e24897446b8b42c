package io.caracal.perf.pods;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.life.EngineUnderTest;
import io.caracal.perf.tool.NamespaceCommand;

/**
 * A node full of pods, and who carries packets between them.
 *
 * @param who its name in results.
 * @param peers a file that {@code podgen --peers} reads.
 * @param pids processes that carry packets.
 * @param carrier closed with the path.
 */
record ManyPodsPath(String who, Path peers, List<Long> pids, Carrier carrier) implements Closeable {
    private static final String NAMESPACE = "app";

    static ManyPodsPath ofEngine(final PodSetting setting, final int count) throws IOException, InterruptedException {
        final LabNode node = setting.lab().addNode("caracal");
        final List<LabPod> pods = addPods(node, count);
        pods.forEach(node::announce);
        final EngineUnderTest engine = EngineUnderTest.start(node, setting.settings().home());
        try {
            engine.awaitReady();
            return new ManyPodsPath("caracal", peersFile(pods), List.of(engine.pid()), engine::close);
        } catch (final IOException | InterruptedException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    static ManyPodsPath ofIptables(final PodSetting setting, final int count) throws IOException, InterruptedException {
        final LabNode node = setting.lab().addNode("iptables");
        final List<LabPod> pods = addPods(node, count);
        final String namespace = node.namespace().name();
        NamespaceCommand.run(namespace, List.of("ipset", "restore"), FelixRules.recorded("node1.ipset-save"));
        NamespaceCommand.run(namespace, List.of("iptables-legacy-restore"),
            ManyPodRules.of(FelixRules.recorded("node1.iptables-save"),
                pods.stream().map(LabPod::interfaceName).toList()));
        return new ManyPodsPath("iptables", peersFile(pods), List.of(), Carrier.KERNEL);
    }

    private static List<LabPod> addPods(final LabNode node, final int count) {
        final List<LabPod> pods = new ArrayList<>();
        for (int number = 1; number <= count; number++) {
            pods.add(node.addPod(NAMESPACE, "many-" + number));
        }
        return pods;
    }

    private static Path peersFile(final List<LabPod> pods) throws IOException {
        return Files.writeString(Files.createTempFile("caracal-bench-", ".peers"), pods.stream()
            .map(pod -> pod.namespace().name() + ' ' + pod.ipv4()).collect(Collectors.joining("\n", "", "\n")));
    }

    @Override
    public void close() throws IOException {
        Files.delete(peers);
        carrier.close();
    }
}

package io.caracal.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.caracal.bindings.NetNamespace;
import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.ManifestSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lab itself, without an engine: the kernel forwards, so what does not work here is the lab's own fault. */
@Timeout(120)
class LabTest {
    private static String run(final List<String> command) throws Exception {
        final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), command.toString());
        return process.exitValue() + "\n" + output;
    }

    private static void assertPings(final List<String> command) throws Exception {
        final String output = run(command);
        assertTrue(output.startsWith("0\n"), command + "\n" + output);
    }

    @Test
    void shouldLetPodsAndNodesTalkByTheKernelAlone() throws Exception {
        try (Lab lab = Lab.create("test")) {
            final LabNode node = lab.addNode("node1");
            final LabPod web = node.addPod("shop", "web");
            final LabPod client = node.addPod("shop", "client");
            for (final String address : List.of(web.ipv4(), web.ipv6(), node.ipv4(), node.ipv6())) {
                assertPings(client.command("ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", address));
            }
            assertPings(node.command("ping", "-n", "-c", "1", "-W", "2", web.ipv4()));
            assertPings(node.command("ping", "-n", "-c", "1", "-W", "2", web.ipv6()));
            try (ServerSocket server = web.call(() -> new ServerSocket(80));
                Socket socket = client.call(() -> connect(web.ipv4(), 80));
                Socket accepted = server.accept()) {
                accepted.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
                assertEquals("hello", new BufferedReader(
                    new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8)).readLine());
                assertEquals(client.ipv4(), ((InetSocketAddress)accepted.getRemoteSocketAddress()).getHostString());
            }
        }
    }

    private static Socket connect(final String address, final int port) throws Exception {
        final Socket socket = new Socket();
        socket.connect(new InetSocketAddress(address, port), 5_000);
        return socket;
    }

    @Test
    void shouldJoinNodesByTheirUplinks() throws Exception {
        try (Lab lab = Lab.create("test")) {
            final LabNode one = lab.addNode("node1");
            final LabNode two = lab.addNode("node2");
            assertPings(one.command("ping", "-n", "-c", "1", "-W", "2", two.ipv4()));
            assertPings(two.command("ping", "-n", "-c", "1", "-W", "2", one.ipv6()));
            assertEquals(List.of(one, two), lab.nodes());
        }
    }

    @Test
    void shouldLayPodsOutAsTheCniPluginDoes() throws Exception {
        try (Lab lab = Lab.create("test")) {
            final LabNode node = lab.addNode("node1");
            final LabPod pod = node.addPod("app", "web-api-1", 1400);
            assertEquals("cali013afae62ef", pod.interfaceName());
            final String inPod = run(pod.command("ip", "addr", "show", "dev", "eth0"));
            assertTrue(inPod.contains(" mtu 1400 ") && inPod.contains("inet 10.65.0.2/32 ")
                && inPod.contains("inet6 fd00:10:65::2/128 ") && inPod.contains("link/ether " + pod.mac()), inPod);
            assertFalse(inPod.contains("tentative"), inPod);
            assertEquals(List.of("0", "default via 169.254.1.1 dev eth0", "169.254.1.1 dev eth0 scope link"),
                run(pod.command("ip", "route")).lines().map(String::strip).toList());
            final String inPod6 = run(pod.command("ip", "-6", "route"));
            assertTrue(inPod6.contains("default via fe80::ecee:eeff:feee:eeee dev eth0 "), inPod6);
            final String onHost = run(node.command("ip", "addr", "show", "dev", "cali013afae62ef"));
            assertTrue(onHost.contains("link/ether ee:ee:ee:ee:ee:ee") && !onHost.contains("inet ")
                && onHost.contains("inet6 fe80::ecee:eeff:feee:eeee/64"), onHost);
            assertTrue(run(node.command("ip", "route")).contains("10.65.0.2 dev cali013afae62ef scope link"));
            final String offloads = run(pod.command("ethtool", "-k", "eth0"));
            assertTrue(offloads.contains("tx-checksumming: on") && offloads.contains("tcp-segmentation-offload: on"),
                offloads);
        }
    }

    @Test
    void shouldAnnouncePodsByManifestsThatTheEngineReads() {
        final List<ControlUpdate> heard = new ArrayList<>();
        try (Lab lab = Lab.create("test")) {
            final LabNode node = lab.addNode("node1");
            final LabPod web = node.addPod("shop", "web-1");
            final LabPod stranger = node.addPod("shop", "stranger");
            node.announce(web);
            node.announce(stranger);
            node.withdraw(stranger);
            try (ManifestSource source = new ManifestSource(node.manifests(), "node1")) {
                source.start(new ControlListener() {
                    @Override
                    public void onUpdate(final ControlUpdate update) {
                        heard.add(update);
                    }

                    @Override
                    public void onProblems(final List<ControlProblem> problems) {
                        throw new AssertionError(problems.toString());
                    }
                });
            }
            final List<ControlUpdate.WorkloadEndpointUpdate> endpoints = heard.stream()
                .filter(ControlUpdate.WorkloadEndpointUpdate.class::isInstance)
                .map(ControlUpdate.WorkloadEndpointUpdate.class::cast).toList();
            assertEquals(1, endpoints.size(), heard.toString());
            final ControlUpdate.WorkloadEndpointUpdate update = endpoints.getFirst();
            assertEquals("k8s/shop/web-1/eth0", update.id().toString());
            assertEquals(web.interfaceName(), update.interfaceName());
            assertEquals(web.mac(), update.mac().orElseThrow().toString());
            assertEquals("[10.65.0.2/32] [fd00:10:65::2/128]", update.ipv4Networks() + " " + update.ipv6Networks());
            assertTrue(heard.stream().anyMatch(ControlUpdate.InSync.class::isInstance), heard.toString());
        }
    }

    @Test
    void shouldLeaveNothingBehind() throws Exception {
        final Lab lab = Lab.create("test");
        final LabNode node = lab.addNode("node1");
        final LabPod gone = node.addPod("shop", "gone");
        final LabPod web = node.addPod("shop", "web");
        final Process server = new ProcessBuilder(web.command("sleep", "1000")).start();
        final boolean[] closed = new boolean[1];
        lab.own(() -> closed[0] = Files.exists(node.bpfFileSystem()));
        final String prefix = node.namespace().name();
        node.removePod(gone);
        assertFalse(NetNamespace.exists(gone.namespace().name()));
        assertFalse(run(node.command("ip", "link")).contains(gone.interfaceName()));
        assertNotEquals(Set.of(), LabSweep.namespacesBeginningWith(prefix));
        lab.close();
        lab.close();
        assertTrue(closed[0], "what the lab owns is closed while the namespaces are still there");
        assertTrue(server.waitFor(10, TimeUnit.SECONDS));
        assertEquals(Set.of(), LabSweep.namespacesBeginningWith(prefix));
        assertFalse(Files.exists(node.manifests()));
        assertFalse(Files.readString(Path.of("/proc/self/mounts")).contains(node.bpfFileSystem().toString()));
        assertThrows(IllegalStateException.class, () -> lab.addNode("node2"));
    }

    @Test
    void shouldRemoveTheRestThoughOneThingFails() {
        final Lab lab = Lab.create("test");
        final LabNode node = lab.addNode("node1");
        lab.own(() -> {
            throw new IOException("stuck");
        });
        final IllegalStateException failure = assertThrows(IllegalStateException.class, lab::close);
        assertEquals("stuck", failure.getSuppressed()[0].getMessage());
        assertEquals(Set.of(), LabSweep.namespacesBeginningWith(node.namespace().name()));
    }

    @Test
    void shouldLeaveALivingLabAloneWhenSweeping() {
        try (Lab lab = Lab.create("test")) {
            final LabNode node = lab.addNode("node1");
            LabSweep.sweep();
            assertTrue(NetNamespace.exists(node.namespace().name()));
            assertTrue(Files.isDirectory(node.manifests()));
        }
    }

    /** A lab whose process is killed with SIGKILL: what a next start finds, it removes. */
    @Test
    void shouldSweepWhatAKilledLabLeft() throws Exception {
        final Process owner = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
            AbandonedLab.class.getName()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output = owner.inputReader()) {
            final String prefix = output.readLine();
            final Path folder = Path.of(output.readLine());
            assertTrue(Files.isDirectory(folder));
            assertEquals(2, LabSweep.namespacesBeginningWith(prefix).size());
            owner.destroyForcibly().waitFor();
            final LabSweep.Swept swept = LabSweep.sweep();
            assertTrue(swept.labCount() >= 1 && swept.namespaceCount() >= 3, swept.toString());
            assertEquals(Set.of(), LabSweep.namespacesBeginningWith(prefix));
            assertFalse(Files.exists(folder));
        } finally {
            owner.destroyForcibly();
        }
    }

    /** Makes a lab, says where it is, and waits to be killed. */
    static final class AbandonedLab {
        private AbandonedLab() {
        }

        @SuppressWarnings("resource")
        public static void main(final String[] args) throws Exception {
            final LabNode node = Lab.create("test").addNode("node1");
            final LabPod pod = node.addPod("shop", "web");
            new ProcessBuilder(pod.command("sleep", "1000")).start();
            System.out.println(node.namespace().name() + "\n" + node.manifests());
            Thread.sleep(100_000);
        }
    }

    @ParameterizedTest
    @CsvSource({"Web", "web_1", "-web", "''", "a.b", "../x", "abcdefghijabcdefghijabcdefghijabc"})
    void shouldRefuseNamesThatKubernetesWouldRefuse(final String name) {
        assertThrows(IllegalArgumentException.class, () -> Lab.requireName(name));
    }

    @Test
    void shouldTellAProcessFromALaterOneWithTheSameId(@TempDir final Path directory) {
        final LabOwner self = LabOwner.current();
        assertTrue(self.isAlive());
        assertEquals(self, LabOwner.parse(self.text()));
        assertFalse(new LabOwner(self.pid(), self.startTicks() - 1).isAlive());
        assertFalse(new LabOwner(Integer.MAX_VALUE, self.startTicks()).isAlive());
        assertFalse(new LabDirectory(directory.resolve("gone")).isOwnerAlive());
    }
}

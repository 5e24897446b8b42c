package io.caracal.perf.forward;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.NetNamespace;
import io.caracal.lab.Lab;
import io.caracal.perf.tool.EngineJvm;
import io.caracal.perf.tool.NativeTools;
import io.caracal.xdp.XdpLink;
import io.caracal.xdp.punt.PuntPrograms;

/**
 * Starts forwarders, each in a topology of its own. Both sides get their packets from the same XDP program, the
 * engine's: it runs on the generator's CPU, and a simpler one would make the other side look faster than it is.
 */
final class ForwarderLauncher {
    private static final int WORKLOADS_MAX = 64;
    /** On the class path they are named here, not in a manifest. */
    private static final List<String> CLASS_PATH_ARGUMENTS = List.of("--enable-native-access=ALL-UNNAMED",
        "--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED");

    private final NativeTools tools;
    private final Lab lab;
    private final int cpu;

    ForwarderLauncher(final NativeTools tools, final Lab lab, final int cpu) {
        this.lab = lab;
        this.tools = tools;
        this.cpu = cpu;
    }

    LaunchedForwarder launchJava(final String who, final String name) throws IOException, InterruptedException {
        final VethTopology topology = VethTopology.create(lab, name);
        try {
            final List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            command.addAll(EngineJvm.FLAGS);
            command.addAll(CLASS_PATH_ARGUMENTS);
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), JavaForwarder.class.getName()));
            command.addAll(commonOptions(topology));
            return new LaunchedForwarder(who, topology, Forwarder.start(who, command), List.of());
        } catch (final IOException | InterruptedException | RuntimeException e) {
            topology.close();
            throw e;
        }
    }

    LaunchedForwarder launchTwin(final String who, final String name) throws IOException, InterruptedException {
        final VethTopology topology = VethTopology.create(lab, name);
        PuntPrograms programs = null;
        Forwarder forwarder = null;
        try {
            programs = PuntPrograms.load(WORKLOADS_MAX);
            final List<String> command = new ArrayList<>(List.of(tools.twin().toString()));
            command.addAll(commonOptions(topology));
            command.addAll(List.of("--socket-map", String.valueOf(programs.sockets().handle().id())));
            forwarder = Forwarder.start(who, command);
            return new LaunchedForwarder(who, topology, forwarder, List.of(programs, attach(topology, programs)));
        } catch (final IOException | InterruptedException | RuntimeException e) {
            for (final AutoCloseable made : new AutoCloseable[] {forwarder, programs, topology}) {
                if (made != null) {
                    Closing.close(made);
                }
            }
            throw e;
        }
    }

    private static XdpLink attach(final VethTopology topology, final PuntPrograms programs) {
        try (NetNamespace dut = NetNamespace.open(topology.dutNamespace())) {
            return dut.call(() -> XdpLink.attach(programs.toEngine(), topology.ingressIfindex(),
                XdpLink.NATIVE_ONLY));
        }
    }

    private List<String> commonOptions(final VethTopology topology) {
        return List.of("--netns", topology.dutNamespace(), "--in", VethTopology.INGRESS, "--out", VethTopology.EGRESS,
            "--ingress-ifindex", String.valueOf(topology.ingressIfindex()), "--source", LaunchedForwarder.SOURCE,
            "--destination", LaunchedForwarder.DESTINATION, "--cpu", String.valueOf(cpu));
    }
}

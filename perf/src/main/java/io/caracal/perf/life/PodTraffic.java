package io.caracal.perf.life;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import io.caracal.perf.tool.ToolProcess;
import io.caracal.perf.tool.TrafficSpec;

/**
 * 64-byte UDP packets from one pod to another, by the pods' own interfaces.
 *
 * @param generator path of {@code xskgen}.
 * @param from the sending pod.
 * @param to the receiving pod.
 */
public record PodTraffic(Path generator, LabPod from, LabPod to) {
    private static final String INTERFACE = "eth0";
    private static final int PACKET_LENGTH = 64;
    private static final int ANY_CPU = -1;

    /**
     * Starts a sender; it begins at once.
     *
     * @param flows told apart by source port.
     * @param ratePps packets a second; 0 = as fast as it goes.
     * @param seconds its bound in time.
     * @return the sender; the caller closes it.
     * @throws IOException if it cannot be started.
     */
    public ToolProcess send(final int flows, final long ratePps, final int seconds) throws IOException {
        final TrafficSpec spec = new TrafficSpec(from.namespace().name(), INTERFACE, "packet", flows, PACKET_LENGTH,
            ratePps, seconds, 0, true, ANY_CPU,
            new TrafficSpec.Addresses(from.mac(), LabPod.HOST_END_MAC, from.ipv4(), to.ipv4()));
        return ToolProcess.start("sender in " + from, spec.command(generator));
    }

    /**
     * Starts a receiver, and waits until it listens.
     *
     * @param seconds its bound in time.
     * @param options more of xskgen's options.
     * @return the receiver; the caller closes it.
     * @throws IOException if it cannot be started.
     * @throws InterruptedException if the benchmark is being ended.
     */
    public ToolProcess receive(final int seconds, final String... options) throws IOException, InterruptedException {
        return receiveAt(to.namespace().name(), INTERFACE, seconds, options);
    }

    /**
     * As {@link #receive}, at the other end of the sending pod's wire: what generator and machine do by themselves.
     *
     * @param node the pod's node.
     */
    ToolProcess receiveAtHostEnd(final LabNode node, final int seconds, final String... options)
        throws IOException, InterruptedException {
        return receiveAt(node.namespace().name(), from.interfaceName(), seconds, options);
    }

    private ToolProcess receiveAt(final String namespace, final String device, final int seconds,
                                  final String... options) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(generator.toString(), "receive", "--netns",
            namespace, "--interface", device, "--seconds", String.valueOf(seconds)));
        command.addAll(List.of(options));
        final ToolProcess receiver = ToolProcess.start("receiver on " + device + " in " + namespace, command);
        receiver.awaitLine("ready", seconds * 1000L);
        return receiver;
    }
}

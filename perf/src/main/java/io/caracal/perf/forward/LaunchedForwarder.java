package io.caracal.perf.forward;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

import io.caracal.perf.tool.TrafficSpec;

/**
 * A forwarder in its topology, and whatever else must be closed with it. Closes in the opposite order of making.
 *
 * @param who its name in results.
 * @param topology where it stands.
 * @param forwarder its process, paused.
 * @param attachments what steers packets to it, if somebody else does that.
 */
record LaunchedForwarder(String who, VethTopology topology, Forwarder forwarder, List<AutoCloseable> attachments)
    implements ForwardPath {
    private static final String SOURCE_MAC = "02:ca:ca:00:00:01";
    /** Where the engine's other workloads would be; the forwarders' tables have these two and more. */
    static final String SOURCE = "10.65.0.2";
    static final String DESTINATION = "10.65.0.3";
    private static final int BYTE_BITS = 8;
    private static final int BYTE_MASK = 0xff;

    /** Packets as the punt programs would deliver them: direction and interface in the destination MAC. */
    @Override
    public TrafficSpec traffic(final int cpu, final int flows, final int length) {
        final int ifindex = topology.ingressIfindex();
        final String puntMac = String.format("02:01:%02x:%02x:%02x:%02x", ifindex >> 3 * BYTE_BITS & BYTE_MASK,
            ifindex >> 2 * BYTE_BITS & BYTE_MASK, ifindex >> BYTE_BITS & BYTE_MASK, ifindex & BYTE_MASK);
        return new TrafficSpec(topology.generatorNamespace(), VethTopology.GENERATOR, "xdp", flows, length, 0, 1, 0,
            false, cpu, new TrafficSpec.Addresses(SOURCE_MAC, puntMac, SOURCE, DESTINATION));
    }

    @Override
    public List<Long> pids() {
        return List.of(forwarder.pid());
    }

    @Override
    public void resume() throws IOException, InterruptedException {
        forwarder.run(false);
    }

    @Override
    public void pause() throws IOException, InterruptedException {
        forwarder.pause();
    }

    @Override
    public void close() {
        final List<AutoCloseable> all = new ArrayList<>(List.of(topology));
        all.addAll(attachments);
        all.add(forwarder);
        for (final AutoCloseable one : all.reversed()) {
            Closing.close(one);
        }
    }
}

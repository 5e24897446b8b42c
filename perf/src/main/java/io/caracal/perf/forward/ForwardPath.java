package io.caracal.perf.forward;

import java.io.IOException;
import java.util.List;

import io.caracal.perf.tool.TrafficSpec;

/** Who carries packets from a topology's generator to its sink. One thread. */
interface ForwardPath extends AutoCloseable {
    /** Its name in results. */
    String who();

    /** Where it stands. */
    VethTopology topology();

    /** Packets that it carries, as fast as they can be sent. */
    TrafficSpec traffic(int cpu, int flows, int length);

    /** Processes that carry packets. */
    List<Long> pids();

    /** Lets it carry. What uses no CPU without packets need not do anything. */
    default void resume() throws IOException, InterruptedException {
    }

    /** Stops it, so that it uses no CPU while another is measured. */
    default void pause() throws IOException, InterruptedException {
    }

    @Override
    void close();
}

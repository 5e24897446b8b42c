package io.caracal.network;

import io.caracal.port.CounterBlock;
import io.caracal.xdp.uplink.UplinkMode;
import java.util.List;

/** An uplink as far as polling goes. The control thread's. */
interface PollableUplink {
    /** Of its interface. */
    String name();

    /** How its packets are taken. */
    UplinkMode uplinkMode();

    /** Receive queues, each with a socket. */
    int queueCount();

    /** Queues that the kernel can poll: it knows their NAPI. */
    int pollableCount();

    /** Queues that are polled. */
    int polledCount();

    /** Has the workers poll those queues that the kernel can poll and that were not polled; what their ports count. */
    List<CounterBlock> beginPolling(UplinkWorkers workers);

    /** What the ports of all polled queues count. */
    List<CounterBlock> pollCounters();
}

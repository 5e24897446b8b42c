package io.caracal.xdp.uplink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.xdp.cache.CachedFlowSpec;
import io.caracal.xdp.cache.FlowCache;
import io.caracal.xdp.punt.FlowQueue;
import io.caracal.xdp.punt.PuntConfig;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xdp.testing.TestXdp;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;

/** An uplink with XDP, and a cache of flows that is on. */
abstract class OffloadedUplink extends SteeredUplink {
    static final int QUEUES = 3;
    static final int OVERLAY = 88;
    static final int OVERLAY6 = 89;
    private static final int PUNT0 = 4711;
    private static final int SEED = 0x1234567;

    private final FlowQueue queue = new FlowQueue(SEED, QUEUES);
    FlowCache cache;

    void open(final OnEngineLoss onEngineLoss, final byte[] mac, final UplinkConfig config) {
        final PuntPrograms configured = PuntPrograms.load(16, 64);
        configured.configure(new PuntConfig(PUNT0, QUEUES, PuntConfig.HANDED_MARK_DEFAULT,
            PuntConfig.APPROVED_MARK_DEFAULT, onEngineLoss, SEED));
        open(configured, false, mac, config);
        cache = FlowCache.map(punt, queue);
        cache.switchOn();
    }

    @Override
    @AfterEach
    void unload() {
        cache.close();
        super.unload();
    }

    static CachedFlowSpec toPod(final int ingressIfindex, final String source, final String destination,
        final int protocol, final int ports) {
        final CachedFlowSpec spec = new CachedFlowSpec();
        spec.ipVersion = source.contains(":") ? 6 : 4;
        final ByteBuffer from = ByteBuffer.wrap(ip(source).getAddress());
        final ByteBuffer to = ByteBuffer.wrap(ip(destination).getAddress());
        if (spec.ipVersion == 6) {
            spec.sourceHigh = from.getLong();
            spec.sourceLow = from.getLong();
            spec.destinationHigh = to.getLong();
            spec.destinationLow = to.getLong();
        } else {
            spec.sourceLow = from.getInt() & 0xffff_ffffL;
            spec.destinationLow = to.getInt() & 0xffff_ffffL;
        }
        spec.protocol = protocol;
        spec.ports = ports;
        spec.ingressIfindex = ingressIfindex;
        spec.action = CachedFlowSpec.TO_WORKLOAD;
        spec.targetIfindex = POD_IFINDEX;
        spec.mtu = 1450;
        return spec;
    }

    /** In the part of the worker whom the flow's own hash names. */
    void put(final CachedFlowSpec spec) {
        cache.part(spec.ipVersion == 4
            ? queue.ofIpv4((int)spec.sourceLow, (int)spec.destinationLow, spec.protocol, spec.ports)
            : queue.ofIpv6(spec.sourceHigh, spec.sourceLow, spec.destinationHigh, spec.destinationLow, spec.protocol,
                spec.ports)).insert(spec);
    }

    void steers(final String what, final int verdict, final UplinkCounter counter, final byte[] frame) {
        final long before = programs.counter(counter);
        assertEquals(verdict, TestXdp.run(programs.steer(), frame), what);
        assertEquals(1, programs.counter(counter) - before, what);
    }
}

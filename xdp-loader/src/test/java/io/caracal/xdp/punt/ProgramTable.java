package io.caracal.xdp.punt;

import io.caracal.bindings.Fd;
import io.caracal.bindings.Posix;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.punt.Workload.MissLimit;
import io.caracal.xdp.testing.CounterWatch;
import io.caracal.xdp.testing.Packet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the tables of packets have in common: freshly loaded programs, one workload on the loopback interface
 * (BPF_PROG_TEST_RUN wants one that exists), and an AF_XDP socket that stands for the engine. Nothing is attached, so
 * no traffic of the machine is touched.
 */
abstract class ProgramTable {
    /**
     * The loopback interface; the kernel gives it 1 in every namespace, which a test context may not name, but is the
     * default.
     */
    static final int WORKLOAD = 1;
    static final int PUNT0 = 4711;
    static final int SEED = 0x5eed1234;
    static final int QUEUES = 8;
    static final PuntConfig CONFIG = new PuntConfig(PUNT0, QUEUES, PuntConfig.HANDED_MARK_DEFAULT,
        PuntConfig.APPROVED_MARK_DEFAULT, OnEngineLoss.DROP, SEED);
    static final Workload POD = new Workload(Packet.POD_MAC, Packet.HOST_MAC, MissLimit.NONE);

    PuntPrograms programs;
    private Fd socket;
    private CounterWatch counters;

    @BeforeEach
    void load() {
        programs = PuntPrograms.load(16);
        programs.configure(CONFIG);
        programs.putWorkload(WORKLOAD, POD);
        socket = Fd.socket(Posix.AF_XDP, Posix.SOCK_RAW, 0);
        counters = new CounterWatch(programs);
    }

    @AfterEach
    void unload() {
        socket.close();
        programs.close();
    }

    /** An engine on every queue. */
    void bindEngine() {
        for (int queue = 0; queue < QUEUES; queue++) {
            bindEngine(queue);
        }
    }

    /** An engine on one queue only: what is redirected was sent there. */
    void bindEngine(final int queue) {
        programs.sockets().set(queue, socket.number());
    }

    void unbindEngine(final int queue) {
        programs.sockets().clear(queue);
    }

    /** Exactly these counters went up by one since the last call; no others moved. */
    void assertCounted(final PuntCounter... expected) {
        counters.assertCounted(expected);
    }
}

package io.caracal.perf.forward;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.caracal.bindings.NetNamespace;
import io.caracal.netlink.RouteNetlink;
import io.caracal.port.PortSpec;
import io.caracal.port.PuntPort;
import io.caracal.port.XskPort;
import io.caracal.stage.ForwardStage;
import io.caracal.stage.NeighbourStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.FramePool;
import io.caracal.umem.Umem;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.IdleMode;
import io.caracal.worker.PacketWorker;
import io.caracal.worker.WorkerConfig;
import io.caracal.worker.WorkerCounters;
import io.caracal.xdp.XdpLink;
import io.caracal.xdp.punt.PuntPrograms;
import io.caracal.xsk.RingDepths;
import io.caracal.xsk.XskConfig;
import io.caracal.xsk.XskMode;
import io.caracal.xsk.XskSocket;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The Java path as a forwarder process of its own: the engine's sockets, ports, worker and stages between two veth
 * interfaces. Started by the scenario {@code forward}; speaks the same lines as the C twin (see {@code cfwd.c}).
 */
@Command(name = "forwarder")
public final class JavaForwarder implements Callable<Integer> {
    /** As many bytes as a packet of the punt pair may have: MTU 3506 and the Ethernet header. */
    private static final int PACKET_LENGTH_MAX = 3520;
    /** Addresses of pods that get no traffic, so that the table is as large as on a node. */
    private static final String OTHER_POD_FORMAT = "10.128.%d.%d";
    private static final int OTHER_POD_IFINDEX = 1000;
    private static final int ADDRESSES_PER_BYTE = 256;
    private static final int SOCKETS = 2;
    private static final int WORKLOADS_MAX = 64;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Option(names = "--netns", required = true)
    private String namespaceName;
    @Option(names = "--in", required = true)
    private String in;
    @Option(names = "--out", required = true)
    private String out;
    @Option(names = "--ingress-ifindex", required = true)
    private int ingressIfindex;
    @Option(names = "--source", required = true)
    private String source;
    @Option(names = "--destination", required = true)
    private String destination;
    @Option(names = "--cpu", required = true)
    private int cpu;
    @Option(names = "--routes", defaultValue = "256")
    private int routes;

    /** Made by picocli. */
    public JavaForwarder() {
    }

    /**
     * The process's entry.
     *
     * @param args the options.
     */
    public static void main(final String[] args) {
        System.exit(new CommandLine(new JavaForwarder()).execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try (NetNamespace namespace = NetNamespace.open(namespaceName);
            Umem umem = Umem.create("forward", SOCKETS * RingDepths.DEFAULT.frames());
            XskSocket receiver = namespace.call(() -> XskSocket.open(umem, config(in)));
            XskSocket transmitter = namespace.call(() -> receiver.share(config(out)));
            PuntPrograms programs = PuntPrograms.load(WORKLOADS_MAX)) {
            final FramePool pool = new FramePool(new FrameLedger(umem.frameCount()), 0, umem.frameCount());
            final PacketWorker worker = new PacketWorker(WorkerConfig.of(0).withIdle(IdleMode.SPIN), pool,
                umem.buffer(), chain(transmitter.config().ifindex()), new WorkerCounters());
            final XskPort transmitPort = port(transmitter, PuntPort.EGRESS_ACTIONS, pool);
            final ObservedPort ingress = new ObservedPort(port(receiver, 0, pool));
            final ObservedPort egress = new ObservedPort(new PuntPort(transmitPort));
            worker.addPort(ingress);
            worker.addPort(egress);
            fillRings(worker);
            programs.sockets().set(0, receiver.fd());
            try (XdpLink link = namespace.call(() -> XdpLink.attach(programs.toEngine(), receiver.config().ifindex(),
                XdpLink.NATIVE_ONLY))) {
                obeyUntilEndOfInput(new ForwardLoop(worker, ingress, egress, transmitPort, cpu));
                link.detach();
            }
            worker.onClose();
        }
        return 0;
    }

    private static XskConfig config(final String interfaceName) {
        try (RouteNetlink netlink = RouteNetlink.open()) {
            return XskConfig.of(interfaceName, netlink.link(interfaceName).index(), 0).withMode(XskMode.COPY);
        }
    }

    private static XskPort port(final XskSocket socket, final int egressActions, final FramePool pool) {
        return new XskPort(new PortSpec(socket.config().place(), egressActions, PACKET_LENGTH_MAX), socket.rings(),
            socket, pool);
    }

    private StageChain chain(final int egressIfindex) {
        final WorkloadTable.Builder table = new WorkloadTable.Builder()
            .put(Workload.of(ingressIfindex, source)).put(Workload.of(egressIfindex, destination));
        for (int pod = 2; pod < routes; pod++) {
            table.put(Workload.of(OTHER_POD_IFINDEX + pod,
                String.format(OTHER_POD_FORMAT, pod / ADDRESSES_PER_BYTE, pod % ADDRESSES_PER_BYTE)));
        }
        final WorkloadTablePublisher tables = new WorkloadTablePublisher();
        tables.publish(table.build());
        return new StageChain(new ParseStage(SymmetricFlowHash.random()), new NeighbourStage(tables),
            new ForwardStage(tables));
    }

    /** Packets that come before there are frames to receive into would be lost: as many cycles as a ring has bursts. */
    private static void fillRings(final PacketWorker worker) {
        for (int cycle = 0; cycle < RingDepths.DEFAULT.fill() / 32; cycle++) {
            worker.doWork();
        }
    }

    private static void obeyUntilEndOfInput(final ForwardLoop loop) throws IOException, InterruptedException {
        System.out.println("ready");
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            switch (line) {
                case "run", "measure" -> {
                    loop.run("measure".equals(line));
                    System.out.println("ok");
                }
                case "pause" -> System.out.println(JSON.writeValueAsString(loop.pause()));
                default -> throw new IOException("unknown command " + line);
            }
        }
        loop.end();
    }
}

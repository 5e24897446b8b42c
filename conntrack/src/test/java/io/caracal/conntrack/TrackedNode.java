package io.caracal.conntrack;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Tracking;
import io.caracal.burst.Verdict;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTarget;
import io.caracal.route.RouteWord;
import io.caracal.stage.FragmentStage;
import io.caracal.stage.PacketStage;
import io.caracal.stage.ParseStage;
import io.caracal.stage.StageChain;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.umem.FrameLedger;
import io.caracal.umem.Umem;
import io.caracal.wire.EtherType;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A node with tracking and a policy that the test chooses, without kernel and clock: parse, track, policy, commit.
 * Pods: interface 12 with 10.0.0.1 and fd00::1, interface 13 with 10.0.0.9 and fd00::9.
 */
final class TrackedNode implements AutoCloseable {
    static final int POD = 12;
    static final int PEER = 13;
    static final int UPLINK = 2;
    static final int POD_IPV4 = 0x0a000001;
    static final int PEER_IPV4 = 0x0a000009;
    static final int HOST_SIDE_IPV4 = 0x0a000002;
    private static final long NS_PER_MS = 1_000_000;
    private static final int HEADROOM = 256;

    /** What policy says: rows that are NEW and still undecided. */
    interface Policy {
        void judge(PacketBurst burst, int row, Conntrack conntrack);
    }

    static final Policy ALLOW = (burst, row, conntrack) -> {
        conntrack.approvals().approveSource(row, 1, 7);
        conntrack.approvals().approveDestination(row, 1, 8);
    };

    final PacketBurst burst = new PacketBurst(
        new UnsafeBuffer(ByteBuffer.allocateDirect(PacketBurst.MAX_PACKETS * Umem.FRAME_SIZE)));
    final WorkloadTablePublisher workloads = new WorkloadTablePublisher();
    final ForwardingPublisher forwarding = new ForwardingPublisher();
    final Conntrack conntrack;
    Policy policy = ALLOW;
    long nowNs;

    private final FlowImage ipv4Image;
    private final FlowImage ipv6Image;
    private final StageChain chain;
    /** Numbers of the rules by which the kernel has opened connections, added up. */
    int hits;

    TrackedNode(final Path directory, final ConntrackConfig config) {
        this(directory, config, null);
    }

    /** With a kernel that carries flows on, unless it is null: pods' addresses have routes then, others what is published. */
    TrackedNode(final Path directory, final ConntrackConfig config, final FlowOffload kernel) {
        workloads.publish(new WorkloadTable.Builder().put(Workload.of(POD, "10.0.0.1", "fd00::1"))
            .put(Workload.of(PEER, "10.0.0.9", "fd00::9")).build());
        ipv4Image = Tables.image(directory, 4, config.ipv4Capacity());
        ipv6Image = Tables.image(directory, 6, config.ipv6Capacity());
        nowNs = System.nanoTime();
        conntrack = Conntrack.open(config, ipv4Image, ipv6Image, BootClock.at(Tables.START_MS, nowNs), workloads,
            FlowRemovalListener.NONE);
        final PacketStage judging = (rows, cycleNs) -> {
            for (int row = 0; row < rows.count; row++) {
                if (rows.tracking(row) == Tracking.NEW && rows.verdict(row) == Verdict.UNDECIDED) {
                    policy.judge(rows, row, conntrack);
                }
            }
        };
        final PacketStage routing = (rows, cycleNs) -> {
            for (int row = 0; kernel != null && row < rows.count; row++) {
                route(rows, row);
            }
        };
        final PacketStage offload = kernel == null ? (rows, cycleNs) -> { }
            : conntrack.openOffload(kernel, forwarding, (source, destination) -> hits += source + destination);
        chain = new StageChain(new ParseStage(new SymmetricFlowHash(7)),
            new FragmentStage(new FrameLedger(PacketBurst.MAX_PACKETS), 7), routing, conntrack.stage(), judging,
            conntrack.commitStage(), offload);
    }

    private void route(final PacketBurst rows, final int row) {
        if (rows.ipVersion(row) == 4) {
            final int destination =
                Ipv4Header.destination(rows.umem(), rows.offset(row) + rows.l3Offset(row));
            final int ifindex = workloads.current().ipv4Ifindex(destination);
            final long elsewhere = forwarding.current().routes().ipv4(destination);
            rows.route(row, ifindex != WorkloadTable.NONE ? RouteTarget.localWorkload(ifindex, 0).word()
                : elsewhere == RouteWord.NONE ? RouteTarget.of(RouteKind.HOST).word() : elsewhere);
        }
    }

    static ConntrackConfig config(final int capacity) {
        final ConntrackConfig defaults = ConntrackConfig.ofShard(0, 1);
        return new ConntrackConfig(capacity, capacity, 64, capacity, defaults.evictionIdle(), defaults.timeouts(),
            defaults.tcp(), true, EstablishedFlows.KEEP);
    }

    void advanceMs(final long ms) {
        nowNs += ms * NS_PER_MS;
    }

    /** Begins a burst. */
    TrackedNode begin() {
        burst.clear();
        return this;
    }

    /** Adds a packet that a pod sends. */
    TrackedNode from(final int ifindex, final byte[] packet) {
        return add(Direction.FROM_WORKLOAD, ifindex, packet);
    }

    /** Adds a packet that the host's stack sends to a pod. */
    TrackedNode to(final int ifindex, final byte[] packet) {
        return add(Direction.TO_WORKLOAD, ifindex, packet);
    }

    /** Adds a packet that the host's stack sends on to a pod, from another interface. */
    TrackedNode forwarded(final int origin, final int ifindex, final byte[] packet) {
        add(Direction.TO_WORKLOAD, ifindex, packet);
        PuntHeader.writeOrigin(burst.umem(), burst.offset(burst.count - 1), origin);
        return this;
    }

    /** Adds a packet that an uplink brings. */
    TrackedNode fromUplink(final byte[] packet) {
        add(Direction.TO_WORKLOAD, UPLINK, packet);
        burst.direction(burst.count - 1, Direction.FROM_UPLINK);
        burst.ingressIfindex(burst.count - 1, UPLINK);
        return this;
    }

    /** Adds a packet of a pod that the host's stack sends to an uplink. */
    TrackedNode toUplink(final byte[] packet) {
        return add(Direction.TO_UPLINK, UPLINK, packet);
    }

    private TrackedNode add(final byte direction, final int ifindex, final byte[] packet) {
        final int at = burst.count * Umem.FRAME_SIZE + HEADROOM;
        PuntHeader.write(burst.umem(), at, direction, ifindex);
        if (direction != Direction.FROM_WORKLOAD) {
            PuntHeader.writeOrigin(burst.umem(), at, 0);
        }
        burst.umem().putShort(at + 12, (short)(packet[0] >> 4 == 4 ? EtherType.IPV4 : EtherType.IPV6),
            ByteOrder.BIG_ENDIAN);
        burst.umem().putBytes(at + 14, packet);
        burst.add(at, packet.length + 14);
        return this;
    }

    /** Runs the burst through the chain. */
    TrackedNode run() {
        chain.process(burst, nowNs);
        return this;
    }

    /** What became of a row: "new", "established", "related", "untracked", or its drop reason's label. */
    String outcome(final int row) {
        if (burst.verdict(row) == Verdict.DROP) {
            return DropReason.byId(burst.dropReason(row)).label();
        }
        return switch (burst.tracking(row)) {
            case Tracking.NEW -> "new";
            case Tracking.ESTABLISHED -> "established";
            case Tracking.RELATED -> "related";
            case Tracking.INVALID -> "invalid";
            default -> "untracked";
        };
    }

    /** A burst of one packet from a pod. */
    String send(final int ifindex, final byte[] packet) {
        return begin().from(ifindex, packet).run().outcome(0);
    }

    /** A burst of one packet from the host's stack to a pod. */
    String deliver(final int ifindex, final byte[] packet) {
        return begin().to(ifindex, packet).run().outcome(0);
    }

    /** Lets timers run. */
    void idle() {
        begin().run();
    }

    long count(final ConntrackCounter counter) {
        return conntrack.counters().get(counter);
    }

    @Override
    public void close() {
        conntrack.close();
        ipv4Image.close();
        ipv6Image.close();
    }
}

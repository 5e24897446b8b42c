package io.caracal.overlay;

import io.caracal.burst.Direction;
import io.caracal.burst.DropReason;
import io.caracal.burst.EgressAction;
import io.caracal.nat.NatBindingListener;
import io.caracal.nat.NatConfig;
import io.caracal.nat.NatTable;
import io.caracal.port.FaultInjectingPort;
import io.caracal.port.FaultSpec;
import io.caracal.port.LoopbackPort;
import io.caracal.port.PathFixture;
import io.caracal.port.PortSpec;
import io.caracal.port.PuntPort;
import io.caracal.port.UplinkPort;
import io.caracal.route.ForwardingOptions;
import io.caracal.route.ForwardingPublisher;
import io.caracal.route.ForwardingTables;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.NodePorts;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.route.VxlanSettings;
import io.caracal.stage.IcmpErrorLimit;
import io.caracal.stage.SourcePrefixes;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.stage.WorkloadTablePublisher;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.worker.ForwardingChain;
import io.caracal.worker.PacketWorker;
import io.caracal.worker.WorkerConfig;
import io.caracal.worker.WorkerCounters;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A whole node without a kernel: punt pair and uplink as loopback ports, one worker with the full chain, two pods, and
 * a cluster around it.
 *
 * <pre>
 *  this node   192.168.1.10, 2001:db8:1::10, uplink 2 (02:00:00:00:00:0a), tunnel 10.65.0.1, fd00:10:65::1
 *   pods       12: 10.65.0.7, fd00:10:65::7      13: 10.65.0.9, fd00:10:65::9     block 10.65.0.0/26, fd00:10:65::/122
 *              14: 10.65.0.11, fd00:10:65::b, exempt for 203.0.113.0/24, 192.168.1.10/31, 127.0.0.0/8, 224.0.0.0/4, 0.0.0.0/8,
 *              10.65.0.9, 2001:db8:5::/48, 2001:db8:1::10/127, ::/127, fe80::/10, ff00::/8, fd00:10:65::9
 *  node b      192.168.1.11, 2001:db8:1::11: VXLAN   10.65.1.0/26 over IPv4, fd00:10:65:1::/122 over IPv6
 *  node c      192.168.1.12: same subnet             10.65.2.0/26, fd00:10:65:2::/122
 *  node d      its neighbour does not answer         10.65.3.0/26
 *  node e      gone                                  10.65.4.0/26
 *  10.65.5.0/26: VXLAN over IPv4 with UDP checksum and DSCP;   10.65.6.0/26: by the kernel's device 9
 *  100.64.0.0/10: by the same router, with the source kept
 *  outside     router 02:00:00:00:00:01;   198.18.0.0/15, fd99::/16: no route;   10.96.0.0/12, fd00:96::/112: services
 * </pre>
 */
final class OverlayNode {
    static final int FRAMES = 2048;
    static final int UPLINK = 2;
    static final long UPLINK_MAC = 0x0200_0000_000AL;
    static final int WORKLOAD_MTU = 1450;
    static final int UPLINK_MTU = 1500;

    final PathFixture path = new PathFixture(FRAMES);
    final LoopbackPort punt = new LoopbackPort(
        new PortSpec("punt", PuntPort.EGRESS_ACTIONS, 3520), path.pool, path.umem, 256);
    final LoopbackPort uplink = new LoopbackPort(
        new PortSpec("uplink", UplinkPort.EGRESS_ACTIONS, UPLINK_MTU + 14, UPLINK), path.pool, path.umem, 256);
    final WorkerCounters counters = new WorkerCounters();
    final WorkloadTablePublisher workloads = new WorkloadTablePublisher();
    final ForwardingPublisher forwarding = new ForwardingPublisher();
    final NatTable bindings = new NatTable(1024, new NatConfig(Ipv4Address.parse("192.168.1.10"),
        Ipv6Text.parse("2001:db8:1::10"), 61_000, 65_535, 0, 1), 99, NatBindingListener.NONE);
    final PacketWorker worker;
    final List<byte[]> toPunt = new ArrayList<>();
    final List<byte[]> toUplink = new ArrayList<>();
    private final int[] tags;
    private long nowNs = 1_000_000_000L;

    OverlayNode() {
        this(FaultSpec.NONE, 0);
    }

    OverlayNode(final FaultSpec faults, final long seed, final int... vlanTags) {
        tags = vlanTags;
        publish();
        worker = new PacketWorker(WorkerConfig.of(0), path.pool, path.umem,
            new ForwardingChain(new SymmetricFlowHash(7), path.pool, workloads, forwarding).withNat(bindings)
                .completingChecksums().verifyingOuterChecksums()
                .withErrorLimit(new IcmpErrorLimit(1_000_000, 1_000_000, 1000)).build(), counters, () -> nowNs);
        worker.addPort(new PuntPort(new FaultInjectingPort(punt.port(), path.pool, faults, seed)));
        worker.addPort(new UplinkPort(new FaultInjectingPort(uplink.port(), path.pool, faults, seed + 1), UPLINK));
        punt.onTransmit((buffer, offset, length) -> toPunt.add(copy((UnsafeBuffer)buffer, offset, length)));
        uplink.onTransmit((buffer, offset, length) -> toUplink.add(copy((UnsafeBuffer)buffer, offset, length)));
        worker.doWork();
    }

    private static byte[] copy(final UnsafeBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    private void publish() {
        workloads.publish(new WorkloadTable.Builder().put(Workload.of(12, "10.65.0.7", "fd00:10:65::7"))
            .put(Workload.of(13, "10.65.0.9", "fd00:10:65::9"))
            .put(Workload.of(14, "10.65.0.11", "fd00:10:65::b").withExemptSources(SourcePrefixes.of("203.0.113.0/24",
                "192.168.1.10/31", "127.0.0.0/8", "224.0.0.0/4", "0.0.0.0/8", "10.65.0.9", "2001:db8:5::/48",
                "2001:db8:1::10/127", "::/127", "fe80::/10", "ff00::/8", "fd00:10:65::9"))).build());
        forwarding.publish(new ForwardingTables(routes(), nextHops(0), vteps(), new ForwardingOptions(
            WORKLOAD_MTU, Ipv4Address.parse("10.65.0.1"), Ipv6Text.parse("fd00:10:65::1"), 4789, false, false,
            NodePorts.NONE)));
    }

    private static RouteTable routes() {
        final int pod = RouteFlags.IN_POOL | RouteFlags.NAT_OUTGOING;
        final int pool = RouteFlags.IN_POOL;
        return new RouteTable.Builder()
            .put("10.65.0.7", RouteTarget.localWorkload(12, pod)).put("10.65.0.9", RouteTarget.localWorkload(13, pod))
            .put("fd00:10:65::7", RouteTarget.localWorkload(12, pod)).put("fd00:10:65::9", RouteTarget.localWorkload(13, pod))
            .put("10.65.0.11", RouteTarget.localWorkload(14, pod)).put("fd00:10:65::b", RouteTarget.localWorkload(14, pod))
            .put("10.65.0.0/26", RouteTarget.of(RouteKind.BLACKHOLE))
            .put("fd00:10:65::/122", RouteTarget.of(RouteKind.BLACKHOLE))
            .put("10.65.0.1", RouteTarget.of(RouteKind.HOST)).put("fd00:10:65::1", RouteTarget.of(RouteKind.HOST))
            .put("192.168.1.10", RouteTarget.of(RouteKind.HOST)).put("2001:db8:1::10", RouteTarget.of(RouteKind.HOST))
            .put("169.254.0.0/16", RouteTarget.of(RouteKind.HOST))
            .put("10.96.0.0/12", RouteTarget.of(RouteKind.SERVICE)).put("fd00:96::/112", RouteTarget.of(RouteKind.SERVICE))
            .put("10.65.1.0/26", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1, pool))
            .put("fd00:10:65:1::/122", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 2, pool))
            .put("10.65.2.0/26", RouteTarget.via(RouteKind.REMOTE_SAME_SUBNET, 3, pool))
            .put("fd00:10:65:2::/122", RouteTarget.via(RouteKind.REMOTE_SAME_SUBNET, 3, pool))
            .put("10.65.3.0/26", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 4, pool))
            .put("10.65.4.0/26", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 77, pool))
            .put("fd00:10:65:4::/122", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 77, pool))
            .put("10.65.5.0/26", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 6, pool))
            .put("10.65.6.0/26", RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 7, pool))
            .put("192.168.1.11", RouteTarget.via(RouteKind.REMOTE_HOST, 5, 0))
            .put("2001:db8:1::11", RouteTarget.via(RouteKind.REMOTE_HOST, 5, 0))
            .put("10.65.0.0/16", RouteTarget.via(RouteKind.OUTSIDE, 5, pool))
            .put("fd00:10:65::/48", RouteTarget.via(RouteKind.OUTSIDE, 5, pool))
            .put("0.0.0.0/0", RouteTarget.via(RouteKind.OUTSIDE, 5, 0)).put("::/0", RouteTarget.via(RouteKind.OUTSIDE, 5, 0))
            .put("203.0.113.0/24", RouteTarget.of(RouteKind.OUTSIDE))
            .put("100.64.0.0/10", RouteTarget.via(RouteKind.OUTSIDE, 5, RouteFlags.KEEPS_SOURCE))
            .put("198.18.0.0/15", RouteTarget.of(RouteKind.NONE)).put("fd99::/16", RouteTarget.of(RouteKind.NONE)).build();
    }

    /** Node d's neighbour is answered for by {@code neighbourMac}, if that is not 0. */
    static NextHopTable nextHops(final long neighbourMac) {
        final VxlanSettings careful = new VxlanSettings(4096, 4789, 63, true, true, true);
        return new NextHopTable.Builder()
            .put(1, tunnel(link(0x0200_0000_000BL), "192.168.1.10", "192.168.1.11", VxlanSettings.DEFAULT))
            .put(2, tunnel(link(0x0200_0000_000BL), "2001:db8:1::10", "2001:db8:1::11", VxlanSettings.DEFAULT))
            .put(3, new NextHop.Direct(link(0x0200_0000_000CL)))
            .put(4, tunnel(link(neighbourMac), "192.168.1.10", "192.168.1.13", VxlanSettings.DEFAULT))
            .put(5, new NextHop.Direct(link(0x0200_0000_0001L)))
            .put(6, tunnel(link(0x0200_0000_000BL), "192.168.1.10", "192.168.1.11", careful))
            .put(7, new NextHop.Device(9, 1450)).build();
    }

    private static NextHop.Link link(final long mac) {
        return new NextHop.Link(UPLINK, UPLINK_MAC, mac, UPLINK_MTU);
    }

    private static NextHop tunnel(
        final NextHop.Link link, final String source, final String destination, final VxlanSettings settings) {
        return new NextHop.Tunnel(
            link, inet(source), inet(destination), 0x6600_0000_000AL, 0x6600_0000_000BL, settings);
    }

    private static VtepTable vteps() {
        return new VtepTable(new VtepTable.Device(4096, 4789, Ipv4Address.parse("192.168.1.10"),
            Ipv6Text.parse("2001:db8:1::10"), 0x6600_0000_000AL, 0x6600_0000_000AL),
            List.of(inet("192.168.1.11"), inet("192.168.1.13"), inet("2001:db8:1::11")));
    }

    private static InetAddress inet(final String address) {
        try {
            return InetAddress.getByAddress(PacketText.address(address));
        } catch (final UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    /** Lets time pass between cycles. */
    void pass(final long durationNs) {
        nowNs += durationNs;
    }

    /** Receives a packet: {@code pod12}, {@code host12}, {@code uplink}, {@code out2} and then its text. */
    void receive(final String line) {
        final byte[] frame = frameOf(line, tags);
        final boolean taken = line.trim().startsWith("uplink") ? receiveFromUplink(frame) : receiveFromPunt(frame);
        if (!taken) {
            throw new IllegalStateException("no room for " + line);
        }
    }

    /** The bytes of a line, as they lie on the punt pair or the uplink. */
    static byte[] frameOf(final String line, final int... vlanTags) {
        final String[] parts = line.trim().split("\\s+", 2);
        final byte[] packet = PacketText.write(parts[1]);
        if ("uplink".equals(parts[0])) {
            return PacketText.frame(UPLINK_MAC, 0x0200_0000_000BL, packet, vlanTags);
        }
        final byte[] frame = PacketText.frame(0, 0x0A58_0000_0001L, packet);
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        final String where = parts[0].replaceAll("[0-9]", "");
        final byte code = switch (where) {
            case "pod" -> Direction.FROM_WORKLOAD;
            case "host" -> Direction.TO_WORKLOAD;
            case "out" -> Direction.TO_UPLINK;
            default -> throw new IllegalArgumentException(line);
        };
        PuntHeader.write(buffer, 0, code, Integer.parseInt(parts[0].substring(where.length())));
        if (code != Direction.FROM_WORKLOAD) {
            PuntHeader.writeOrigin(buffer, 0, 0);
        }
        return frame;
    }

    boolean receiveFromPunt(final byte[] frame) {
        return punt.receive(new UnsafeBuffer(frame), 0, frame.length);
    }

    boolean receiveFromUplink(final byte[] frame) {
        return uplink.receive(new UnsafeBuffer(frame), 0, frame.length);
    }

    /** Runs packets, separated by {@code &}, through the node and says what came out and which drops were counted. */
    String run(final String lines) {
        for (final String line : lines.split("&")) {
            if (line.isBlank()) {
                continue;
            }
            if (line.trim().startsWith("wait")) {
                worker.doWork();
                pass(Long.parseLong(line.trim().substring(5)) * 1_000_000L);
            } else {
                receive(line);
            }
        }
        final long[] before = drops();
        worker.doWork();
        worker.doWork();
        return outcome(before);
    }

    private long[] drops() {
        final long[] drops = new long[DropReason.maxId() + 1];
        for (final DropReason reason : DropReason.values()) {
            drops[reason.id()] = counters.drops(reason);
        }
        return drops;
    }

    private String outcome(final long[] before) {
        final List<String> out = new ArrayList<>();
        for (final byte[] frame : toPunt) {
            final long word = PuntHeader.word(new UnsafeBuffer(frame), 0);
            final String where = switch (PuntHeader.code(word)) {
                case EgressAction.TO_WORKLOAD -> "pod";
                case EgressAction.TO_HOST -> "host";
                case EgressAction.TO_HOST_APPROVED -> "approved";
                default -> "device";
            };
            out.add(where + PuntHeader.ifindex(word) + ' ' + PacketReader.frame(frame));
        }
        for (final byte[] frame : toUplink) {
            out.add("uplink " + PacketReader.macs(frame) + ' ' + PacketReader.frame(frame));
        }
        for (final DropReason reason : DropReason.values()) {
            final long count = counters.drops(reason) - before[reason.id()];
            if (count > 0) {
                out.add(reason.name() + (count > 1 ? "*" + count : ""));
            }
        }
        toPunt.clear();
        toUplink.clear();
        return String.join(" + ", out);
    }

    /** Received and locally made packets less sent, held and dropped ones: 0, or a packet is lost or counted twice. */
    long imbalance() {
        return counters.rxPackets() + counters.get(io.caracal.worker.WorkerCounter.LOCALLY_MADE) - counters.txPackets()
            - counters.get(io.caracal.worker.WorkerCounter.HELD) - counters.drops();
    }
}

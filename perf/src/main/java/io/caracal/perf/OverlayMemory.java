package io.caracal.perf;

import io.caracal.burst.PacketBurst;
import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Profile;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.WorkloadEndpoint;
import io.caracal.route.NextHop;
import io.caracal.route.NextHopTable;
import io.caracal.route.RouteFlags;
import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.route.VtepTable;
import io.caracal.route.VxlanSettings;
import io.caracal.stage.Workload;
import io.caracal.stage.WorkloadTable;
import io.caracal.umem.Umem;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.TransportPorts;
import io.caracal.wire.UdpHeader;
import io.caracal.wire.VxlanHeader;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * 4096 packets of an overlay in a UMEM, as {@link PacketMemory} has them, and the cluster that they belong to: 200 pods
 * here, blocks of 64 addresses on 250 other nodes. Off-heap; freed by {@link #close()}. Belongs to one benchmark
 * thread.
 */
final class OverlayMemory implements AutoCloseable {
    /** First address of the first remote block. */
    static final int FIRST_BLOCK_IPV4 = Ipv4Address.parse("10.66.0.0");
    /** Upper half of all IPv6 addresses of pods. */
    static final long POOL_IPV6_HIGH = Ipv6Text.parse("fd00:10:65::").high();
    /** Lower half of the first address of the first remote block. */
    static final long FIRST_BLOCK_IPV6_LOW = 1L << 32;

    private static final int PODS = 200;
    private static final int BLOCKS = 1000;
    private static final int NODES = 250;
    private static final int FIRST_POD_IPV4 = Ipv4Address.parse("10.65.0.2");
    private static final int FIRST_IFINDEX = 10;
    /** UDP payload of a 64-byte frame over IPv4, without its check sequence. */
    private static final int PAYLOAD_LENGTH = 22;
    /** Where packets leave. */
    static final int UPLINK = 2;
    /** Flows of a packet, told apart by its ports. */
    static final int VARIANTS = 256;

    private static final long SPREAD = 0x9e3779b97f4a7c15L;
    private static final long OWN_MAC = 0x6600_0000_000AL;
    private static final int OWN_IPV4 = Ipv4Address.parse("192.168.0.1");
    private static final int UDP_OFFSET = EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH;
    private static final int TUNNEL_LENGTH = NextHopTable.TUNNEL_IPV4_LENGTH;
    private static final long SEED = 42;

    final UnsafeBuffer buffer;

    private final Umem umem = Umem.create("packets", PacketMemory.PACKETS);
    private final int[] lengths = new int[PacketMemory.PACKETS];
    /** What forwarding overwrites, three words a packet: both MACs and EtherType, and around the TTL. */
    private final long[] overwritten = new long[3 * PacketMemory.PACKETS];

    private OverlayMemory() {
        buffer = umem.buffer();
    }

    /** Packets of pods to remote pods. */
    static OverlayMemory outgoing(final boolean ipv6) {
        final OverlayMemory memory = new OverlayMemory();
        final FrameWriter frames = new FrameWriter(memory.buffer);
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            final int pod = random.nextInt(PODS);
            final int remote = random.nextInt(BLOCKS * 64);
            final int offset = PacketMemory.offset(packet);
            frames.at(offset).fromWorkload(FIRST_IFINDEX + pod);
            if (ipv6) {
                frames.ipv6(POOL_IPV6_HIGH, 2 + pod, POOL_IPV6_HIGH, FIRST_BLOCK_IPV6_LOW + remote);
            } else {
                frames.ipv4(FIRST_POD_IPV4 + pod, FIRST_BLOCK_IPV4 + remote);
            }
            memory.lengths[packet] = frames.udp(random.nextInt(65_536), random.nextInt(4000), PAYLOAD_LENGTH);
            memory.overwritten[3 * packet] = memory.buffer.getLong(offset);
            memory.overwritten[3 * packet + 1] = memory.buffer.getLong(offset + 8);
            memory.overwritten[3 * packet + 2] = memory.buffer.getLong(offset + 20);
        }
        return memory;
    }

    /** Packets of remote pods to pods here, in VXLAN over IPv4. */
    static OverlayMemory tunnelled() {
        final OverlayMemory memory = new OverlayMemory();
        final FrameWriter frames = new FrameWriter(memory.buffer);
        final SplittableRandom random = new SplittableRandom(SEED);
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            final int outer = PacketMemory.offset(packet);
            final int inner = outer + TUNNEL_LENGTH - EthernetHeader.LENGTH;
            final int innerLength = frames.at(inner).fromWorkload(1)
                .ipv4(FIRST_BLOCK_IPV4 + random.nextInt(BLOCKS * 64), FIRST_POD_IPV4 + random.nextInt(PODS))
                .udp(random.nextInt(4000), random.nextInt(65_536), PAYLOAD_LENGTH);
            EthernetHeader.write(memory.buffer, inner, OWN_MAC, 1, EtherType.IPV4);
            writeOuter(
                memory.buffer, outer, innerLength, 49_152 + random.nextInt(16_384), random.nextInt(NODES));
            memory.lengths[packet] = TUNNEL_LENGTH - EthernetHeader.LENGTH + innerLength;
        }
        return memory;
    }

    private static void writeOuter(
        final UnsafeBuffer buffer, final int offset, final int innerLength, final int sourcePort, final int node) {
        final int ip = offset + EthernetHeader.LENGTH;
        final int udp = ip + Ipv4Header.MIN_LENGTH;
        final int udpLength = UdpHeader.LENGTH + VxlanHeader.LENGTH + innerLength;
        EthernetHeader.write(buffer, offset, 2, 1, EtherType.IPV4);
        Ipv4Header.write(buffer, ip, Ipv4Header.MIN_LENGTH + udpLength, 64 << 8 | IpProtocol.UDP,
            remoteNode(node), OWN_IPV4);
        TransportPorts.write(buffer, udp, sourcePort, VxlanSettings.DEFAULT.port());
        UdpHeader.writeLengthAndChecksum(buffer, udp, udpLength, UdpHeader.NO_CHECKSUM);
        VxlanHeader.write(buffer, udp + UdpHeader.LENGTH, VxlanSettings.DEFAULT.vni());
    }

    static WorkloadTable workloads() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        for (int pod = 0; pod < PODS; pod++) {
            builder.put(Workload.of(FIRST_IFINDEX + pod, Ipv4Address.format(FIRST_POD_IPV4 + pod),
                Ipv6Text.format(POOL_IPV6_HIGH, 2 + pod)));
        }
        return builder.build();
    }

    /** Remote blocks, local pods and a default route of each family. */
    static RouteTable routes(final int blocks) {
        final RouteTable.Builder builder = new RouteTable.Builder();
        for (int block = 0; block < blocks; block++) {
            final int node = block % NODES;
            builder.putIpv4(FIRST_BLOCK_IPV4 + (block << 6), 26,
                RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1 + node, RouteFlags.IN_POOL));
            builder.putIpv6(POOL_IPV6_HIGH, FIRST_BLOCK_IPV6_LOW + ((long)block << 6), 122,
                RouteTarget.via(RouteKind.REMOTE_WORKLOAD, 1 + NODES + node, RouteFlags.IN_POOL));
        }
        for (int pod = 0; pod < PODS; pod++) {
            final RouteTarget local = RouteTarget.localWorkload(FIRST_IFINDEX + pod, RouteFlags.IN_POOL);
            builder.putIpv4(FIRST_POD_IPV4 + pod, 32, local).putIpv6(POOL_IPV6_HIGH, 2 + pod, 128, local);
        }
        return builder.put("0.0.0.0/0", RouteTarget.of(RouteKind.OUTSIDE))
            .put("::/0", RouteTarget.of(RouteKind.OUTSIDE)).build();
    }

    static NextHopTable nextHops() {
        final NextHopTable.Builder builder = new NextHopTable.Builder();
        final NextHop.Link link = new NextHop.Link(UPLINK, 1, 2, 1500);
        for (int node = 0; node < NODES; node++) {
            builder.put(1 + node, new NextHop.Tunnel(link, inet("192.168.0.1"),
                inet(Ipv4Address.format(remoteNode(node))), OWN_MAC, 3 + node, VxlanSettings.DEFAULT));
            builder.put(1 + NODES + node, new NextHop.Tunnel(link, inet("2001:db8::1"),
                inet("2001:db8:1::" + Integer.toHexString(1 + node)), OWN_MAC, 3 + node, VxlanSettings.DEFAULT));
        }
        return builder.build();
    }

    static VtepTable vteps() {
        final List<InetAddress> remotes = new ArrayList<>();
        for (int node = 0; node < NODES; node++) {
            remotes.add(inet(Ipv4Address.format(remoteNode(node))));
        }
        return new VtepTable(new VtepTable.Device(VxlanSettings.DEFAULT.vni(), VxlanSettings.DEFAULT.port(), OWN_IPV4,
            Ipv6Text.parse("2001:db8::1"), OWN_MAC, OWN_MAC), remotes);
    }

    /** Random addresses in the blocks, as distances from the first. */
    static int[] addresses(final int blocks) {
        return new SplittableRandom(SEED).ints(PacketMemory.PACKETS, 0, blocks * 64).toArray();
    }

    private static int remoteNode(final int node) {
        return OWN_IPV4 + 0x100 + node;
    }

    private static InetAddress inet(final String address) {
        try {
            return InetAddress.getByName(address);
        } catch (final UnknownHostException impossible) {
            throw new AssertionError("a number is no name: " + address, impossible);
        }
    }

    /** Writes back what forwarding a burst has overwritten. */
    void restore(final int burstNumber) {
        final int first = burstNumber * PacketBurst.MAX_PACKETS;
        for (int packet = first; packet < first + PacketBurst.MAX_PACKETS; packet++) {
            final long address = buffer.addressOffset() + PacketMemory.offset(packet);
            UnsafeApi.putLong(address, overwritten[3 * packet]);
            UnsafeApi.putLong(address + 8, overwritten[3 * packet + 1]);
            UnsafeApi.putLong(address + 20, overwritten[3 * packet + 2]);
        }
    }

    /** Makes each packet of a burst one of another flow; its UDP checksum is nobody's business on the way. */
    void choosePorts(final int burstNumber, final int variant) {
        final int first = burstNumber * PacketBurst.MAX_PACKETS;
        for (int packet = first; packet < first + PacketBurst.MAX_PACKETS; packet++) {
            final long flow = (long)packet * VARIANTS + variant + 1;
            UnsafeApi.putInt(buffer.addressOffset() + PacketMemory.offset(packet) + UDP_OFFSET,
                (int)(flow * SPREAD >>> Integer.SIZE));
        }
    }

    /** Every pod under a profile that allows everything. */
    static PolicySet policies() {
        final List<WorkloadEndpoint> endpoints = new ArrayList<>();
        final List<NodeInterface> interfaces = new ArrayList<>(List.of(new NodeInterface(UPLINK, "eth0", List.of())));
        for (int pod = 0; pod < PODS; pod++) {
            endpoints.add(new WorkloadEndpoint("pod" + pod, "cali" + pod, true,
                List.of(Prefix.parse(Ipv4Address.format(FIRST_POD_IPV4 + pod))), List.of(), List.of("all")));
            interfaces.add(new NodeInterface(FIRST_IFINDEX + pod, "cali" + pod, List.of()));
        }
        final List<Rule> allow = List.of(new RuleFields().action("allow").rule());
        return new PolicySet(PolicyConfig.DEFAULTS,
            new PolicyObjects(List.of(), List.of(), List.of(new Profile("all", allow, allow))),
            new EndpointSet(endpoints, List.of(), interfaces));
    }

    /** Fills a burst with 64 packets in a row, as a port does. */
    void receive(final PacketBurst burst, final int burstNumber) {
        burst.clear();
        final int first = burstNumber * PacketBurst.MAX_PACKETS;
        for (int packet = first; packet < first + PacketBurst.MAX_PACKETS; packet++) {
            burst.add(PacketMemory.offset(packet), lengths[packet]);
        }
    }

    @Override
    public void close() {
        umem.close();
    }
}

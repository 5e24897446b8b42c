package io.caracal.stage;

import io.caracal.route.RouteKind;
import io.caracal.route.RouteTable;
import io.caracal.route.RouteTarget;
import io.caracal.wire.FrameWriter;
import io.caracal.wire.IcmpHeader;
import io.caracal.wire.Icmpv6Type;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Address;
import io.caracal.wire.Ipv6Text;
import io.caracal.wire.TcpHeader;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Makes frames as the punt pair would bring them: every kind of {@link SyntheticFrame}, between pods, to the host and
 * from it, 64 to 1514 bytes, and malformed ones. The same seed makes the same frames. For the warm-up before an engine
 * takes traffic, for benchmarks and for tests. Belongs to one thread; allocates nothing after its constructor.
 *
 * <pre>{@code
 * final SyntheticTraffic traffic = new SyntheticTraffic(42, 16);
 * publisher.publish(traffic.workloads());
 * burst.add(address, traffic.nextFrame(umem, (int)address, Umem.FRAME_SIZE));
 * }</pre>
 */
public final class SyntheticTraffic {
    /** Bytes of the longest frame: a full packet of a 1500-byte link. */
    public static final int MAX_FRAME_LENGTH = 1514;
    /** Interface of the first pod; the others follow. Kernel numbers begin below, so that 1 is never a pod. */
    public static final int FIRST_IFINDEX = 10;

    private static final SyntheticFrame[] KINDS = SyntheticFrame.values();
    private static final SyntheticFrame[] OPENINGS = {SyntheticFrame.UDP_IPV4, SyntheticFrame.TCP_IPV4,
        SyntheticFrame.UDP_IPV6, SyntheticFrame.TCP_IPV6, SyntheticFrame.ICMP_IPV4, SyntheticFrame.ARP,
        SyntheticFrame.SOLICITATION};
    private static final int FIRST_POD_IPV4 = Ipv4Address.parse("10.65.0.2");
    private static final Ipv6Text FIRST_POD_IPV6 = Ipv6Text.parse("fd00:10:65::2");
    private static final int OUTSIDE_IPV4 = Ipv4Address.parse("192.0.2.0");
    private static final Ipv6Text OUTSIDE_IPV6 = Ipv6Text.parse("2001:db8::");
    private static final Ipv6Text SOLICITED_GATEWAY = Ipv6Text.parse("ff02::1:ffee:eeee");
    /** UDP payloads that make IPv4 frames of 64, 128, 594 and 1514 bytes; also legal behind longer headers. */
    private static final int[] PAYLOAD_LENGTHS = {22, 86, 552, 1472};
    /** What the longest headers (IPv6, an extension, TCP) need more than IPv4 and UDP: payloads are cut by it. */
    private static final int LONGER_HEADERS = 48;
    /** One frame in so many is malformed: a sixteenth warms the drop paths without ruling the mixture. */
    private static final int MALFORMED_ONE_IN = 16;
    private static final int TO_POD_OF_FOUR = 3;

    private final UnsafeBuffer buffer = new UnsafeBuffer();
    private final FrameWriter frames = new FrameWriter(buffer);
    private final int podCount;
    private long state;
    private boolean isOpening;

    /**
     * Makes a source of frames.
     *
     * @param seed of the choices.
     * @param podCount how many pods talk, 2 .. 60000.
     */
    public SyntheticTraffic(final long seed, final int podCount) {
        if (podCount < 2 || podCount > 60_000) {
            throw new IllegalArgumentException("make traffic between " + podCount + " pods: expected 2 .. 60000");
        }
        this.podCount = podCount;
        state = seed;
    }

    /**
     * The workloads between which the traffic flows.
     *
     * @return pods with one address of each family on the interfaces from {@link #FIRST_IFINDEX} on.
     */
    public WorkloadTable workloads() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        for (int pod = 0; pod < podCount; pod++) {
            builder.put(Workload.of(FIRST_IFINDEX + pod, Ipv4Address.format(podIpv4(pod)),
                Ipv6Text.format(FIRST_POD_IPV6.high(), podIpv6Low(pod))));
        }
        return builder.build();
    }

    /**
     * Where the traffic's addresses lead.
     *
     * @return a route to each pod; all else is outside, by the host's stack.
     */
    public RouteTable routes() {
        final RouteTable.Builder builder = new RouteTable.Builder()
            .put("0.0.0.0/0", RouteTarget.of(RouteKind.OUTSIDE)).put("::/0", RouteTarget.of(RouteKind.OUTSIDE));
        for (int pod = 0; pod < podCount; pod++) {
            final RouteTarget target = RouteTarget.localWorkload(FIRST_IFINDEX + pod, 0);
            builder.put(Ipv4Address.format(podIpv4(pod)) + "/32", target)
                .put(Ipv6Text.format(FIRST_POD_IPV6.high(), podIpv6Low(pod)) + "/128", target);
        }
        return builder.build();
    }

    /**
     * Writes the next frame: any kind; now and then one that is malformed.
     *
     * @param target where to.
     * @param offset index of its first byte.
     * @param maxLength bytes that are free there, {@link #MAX_FRAME_LENGTH} or more.
     * @return bytes of the frame.
     */
    public int nextFrame(final MutableDirectBuffer target, final int offset, final int maxLength) {
        final int length = nextFrame(target, offset, maxLength, KINDS[below(KINDS.length)]);
        return below(MALFORMED_ONE_IN) == 0 ? spoil(offset, length) : length;
    }

    /**
     * Writes the next frame of those that pods' flows begin with: what an engine meets first.
     *
     * @param target where to.
     * @param offset index of its first byte.
     * @param maxLength bytes that are free there, {@link #MAX_FRAME_LENGTH} or more.
     * @return bytes of the frame.
     */
    public int nextOpening(final MutableDirectBuffer target, final int offset, final int maxLength) {
        isOpening = true;
        final int length = nextFrame(target, offset, maxLength, OPENINGS[below(OPENINGS.length)]);
        isOpening = false;
        return length;
    }

    /**
     * Writes the next frame of a kind, well-formed.
     *
     * @param target where to.
     * @param offset index of its first byte.
     * @param maxLength bytes that are free there, {@link #MAX_FRAME_LENGTH} or more.
     * @param kind what to write.
     * @return bytes of the frame.
     */
    public int nextFrame(
        final MutableDirectBuffer target, final int offset, final int maxLength, final SyntheticFrame kind) {
        if (maxLength < MAX_FRAME_LENGTH) {
            throw new IllegalArgumentException(
                "write a frame into " + maxLength + " bytes: expected " + MAX_FRAME_LENGTH + " or more");
        }
        buffer.wrap(target);
        final int pod = below(podCount);
        final int other = below(podCount);
        frames.at(offset).fromWorkload(FIRST_IFINDEX + pod);
        return switch (kind) {
            case ARP -> frames.arpRequest(podIpv4(pod), Ipv4Address.GATEWAY);
            case SOLICITATION -> frames
                .ipv6(FIRST_POD_IPV6.high(), podIpv6Low(pod), SOLICITED_GATEWAY.high(), SOLICITED_GATEWAY.low())
                .solicitation(Ipv6Address.GATEWAY_HIGH, Ipv6Address.GATEWAY_LOW);
            case TCP_IPV4, UDP_IPV4, ICMP_IPV4, ICMP_ERROR_IPV4, SCTP_IPV4, FRAGMENT_IPV4, OPTIONS_IPV4 ->
                nextIpv4(offset, kind, pod, other);
            case TCP_IPV6, UDP_IPV6, ICMP_IPV6, ICMP_ERROR_IPV6, FRAGMENT_IPV6, OPTIONS_IPV6 ->
                nextIpv6(offset, kind, pod, other);
        };
    }

    /** Flips a bit of the first 128 bytes, or cuts the end. */
    private int spoil(final int offset, final int length) {
        if (below(2) == 0) {
            return 1 + below(length);
        }
        final int index = offset + below(Math.min(length, 128));
        buffer.putByte(index, (byte)(buffer.getByte(index) ^ 1 << below(8)));
        return length;
    }

    private int nextIpv4(final int offset, final SyntheticFrame kind, final int pod, final int other) {
        final int outside = OUTSIDE_IPV4 + below(256);
        final int destination = below(4) < TO_POD_OF_FOUR ? podIpv4(other) : outside;
        if (below(8) == 0) {
            frames.at(offset).toWorkload(FIRST_IFINDEX + pod, 0).ipv4(outside, podIpv4(pod));
        } else {
            frames.ipv4(podIpv4(pod), destination);
        }
        return switch (kind) {
            case TCP_IPV4 -> tcp();
            case ICMP_IPV4 -> frames.icmp(IcmpHeader.ECHO_REQUEST, port(), payloadLength());
            case ICMP_ERROR_IPV4 -> frames.icmpError(IcmpHeader.UNREACHABLE, 3, port(), port());
            case SCTP_IPV4 -> frames.other(IpProtocol.SCTP, port() << 16 | port(), 40);
            case FRAGMENT_IPV4 -> fragment();
            case OPTIONS_IPV4 -> udp(frames.options());
            default -> udp(frames);
        };
    }

    private int nextIpv6(final int offset, final SyntheticFrame kind, final int pod, final int other) {
        final long high = FIRST_POD_IPV6.high();
        final long outside = OUTSIDE_IPV6.low() + below(256);
        if (below(8) == 0) {
            frames.at(offset).toWorkload(FIRST_IFINDEX + pod, 0)
                .ipv6(OUTSIDE_IPV6.high(), outside, high, podIpv6Low(pod));
        } else if (below(4) < TO_POD_OF_FOUR) {
            frames.ipv6(high, podIpv6Low(pod), high, podIpv6Low(other));
        } else {
            frames.ipv6(high, podIpv6Low(pod), OUTSIDE_IPV6.high(), outside);
        }
        return switch (kind) {
            case TCP_IPV6 -> tcp();
            case ICMP_IPV6 -> frames.icmp(Icmpv6Type.ECHO_REQUEST, port(), payloadLength());
            case ICMP_ERROR_IPV6 -> frames.icmpError(Icmpv6Type.UNREACHABLE, 4, port(), port());
            case FRAGMENT_IPV6 -> fragment();
            case OPTIONS_IPV6 -> udp(frames.options());
            default -> udp(frames);
        };
    }

    private int tcp() {
        final int flags = isOpening || below(8) == 0 ? TcpHeader.SYN : TcpHeader.ACK | TcpHeader.PSH;
        return frames.tcp(port(), port(), flags, payloadLength());
    }

    private int udp(final FrameWriter writer) {
        return writer.udp(port(), port(), payloadLength());
    }

    private int fragment() {
        return below(2) == 0 ? udp(frames.fragment(0, true)) : udp(frames.fragment(64, false));
    }

    private int payloadLength() {
        final int length = PAYLOAD_LENGTHS[below(PAYLOAD_LENGTHS.length)];
        return Math.min(length, PAYLOAD_LENGTHS[PAYLOAD_LENGTHS.length - 1] - LONGER_HEADERS);
    }

    private int port() {
        return 1 + below(65_535);
    }

    private int below(final int bound) {
        return (int)((nextLong() >>> 33) * bound >>> 31);
    }

    /** Splitmix64: every seed has the full period. */
    private long nextLong() {
        state += 0x9E37_79B9_7F4A_7C15L;
        long z = state;
        z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
        return z ^ z >>> 31;
    }

    private static int podIpv4(final int pod) {
        return FIRST_POD_IPV4 + pod;
    }

    private static long podIpv6Low(final int pod) {
        return FIRST_POD_IPV6.low() + pod;
    }
}

package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.Umem;
import io.caracal.wire.GoldenFrames;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.Ipv6Header;
import io.caracal.wire.PuntHeader;
import io.caracal.wire.SymmetricFlowHash;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/**
 * Bytes that strangers send, through all stages: whatever they are, no exception, every row decided, nothing read or
 * written outside the packet. The buffer ends where the packet ends (and in half of the rounds begins where it begins),
 * and Agrona checks bounds, so that one byte too far throws; a canary lies before the packet.
 */
class MalformedPacketsTest {
    private static final int MUTATIONS = 1_200_000;
    private static final int CANARY = 0xA5;
    private static final int MAX_LENGTH = 1600;
    private static final int IFINDEX = SyntheticTraffic.FIRST_IFINDEX;

    private final ByteBuffer frame = ByteBuffer.allocateDirect(Umem.FRAME_SIZE);
    private final UnsafeBuffer memory = new UnsafeBuffer(frame);
    private final UnsafeBuffer umem = new UnsafeBuffer(frame);
    private final PacketBurst burst = new PacketBurst(umem);
    private final WorkloadTablePublisher tables = new WorkloadTablePublisher();
    private final PacketStage parse = new ParseStage(new SymmetricFlowHash(7));
    private final PacketStage neighbour = new NeighbourStage(tables);
    private final PacketStage forward = new ForwardStage(tables);
    private final long[] dropped = new long[DropReason.maxId() + 1];
    private long sent;

    MalformedPacketsTest() {
        final WorkloadTable.Builder builder = new WorkloadTable.Builder();
        for (int pod = 0; pod < 8; pod++) {
            builder.put(Workload.of(IFINDEX + pod, "10.65.0." + (2 + pod), "fd00:10:65::" + (2 + pod)));
        }
        tables.publish(builder.build());
    }

    @Test
    void shouldCheckBoundsInThisTest() {
        assertTrue(UnsafeBuffer.SHOULD_BOUNDS_CHECK, "without bounds checks this class shows nothing");
    }

    @Test
    void shouldSurviveEveryTruncationOfEveryProtocol() {
        for (final byte[] frame : frames(1)) {
            for (int length = 0; length <= frame.length; length++) {
                run(Arrays.copyOf(frame, length), "cut to " + length);
            }
        }
        assertReasonsSeen(DropReason.ETHERNET_TRUNCATED, DropReason.ARP_INVALID, DropReason.IPV4_INVALID,
            DropReason.IPV6_INVALID, DropReason.L4_INVALID);
    }

    /** As truncation, but the IP length fields say what is there: so the transport views see every length. */
    @Test
    void shouldSurviveEveryTruncationThatTheIpHeaderKnowsOf() {
        for (final byte[] frame : frames(2)) {
            for (int length = 15; length <= frame.length; length++) {
                final byte[] cut = Arrays.copyOf(frame, length);
                repairLengths(cut);
                run(cut, "cut and repaired to " + length);
            }
        }
        assertReasonsSeen(DropReason.L4_INVALID, DropReason.ICMPV6_INVALID);
    }

    @Test
    void shouldSurviveEveryValueOfEveryLengthField() {
        for (final byte[] frame : frames(3)) {
            for (int index = 12; index < Math.min(frame.length, 90); index++) {
                for (int value = 0; value < 256; value += 3) {
                    final byte[] changed = frame.clone();
                    changed[index] = (byte)value;
                    repairIpv4Checksum(changed);
                    run(changed, "byte " + index + " = " + value);
                }
            }
        }
    }

    @Test
    void shouldSurviveAMillionMutations() {
        final long seed = System.nanoTime();
        System.out.println("MalformedPacketsTest mutations: seed " + seed);
        final Random random = new Random(seed);
        final List<byte[]> frames = frames(seed);
        for (int round = 0; round < MUTATIONS; round++) {
            byte[] packet = frames.get(random.nextInt(frames.size())).clone();
            for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
                packet[random.nextInt(packet.length)] ^= (byte)(1 << random.nextInt(8));
            }
            if (random.nextInt(4) == 0) {
                packet = Arrays.copyOf(packet, 1 + random.nextInt(MAX_LENGTH));
            }
            // Three of four keep a right checksum, or hardly any mutation would get behind the IPv4 header.
            if (random.nextInt(4) != 0) {
                repairPunt(packet);
                repairIpv4Checksum(packet);
            }
            // As if the host sent it to any of the pods, mostly to one that it is not for. No bit flip finds this often.
            if (packet.length >= 14 && random.nextInt(16) == 0) {
                final UnsafeBuffer buffer = new UnsafeBuffer(packet);
                PuntHeader.write(buffer, 0, (byte)PuntHeader.CODE_TO_WORKLOAD, IFINDEX + random.nextInt(8));
                PuntHeader.writeOrigin(buffer, 0, 0);
            }
            run(packet, "seed " + seed + " round " + round);
        }
        assertReasonsSeen(DropReason.ETHERTYPE_UNSUPPORTED, DropReason.PUNT_HEADER_INVALID, DropReason.ARP_INVALID,
            DropReason.ARP_NOT_FOR_GATEWAY, DropReason.IPV4_INVALID, DropReason.IPV4_CHECKSUM_INVALID,
            DropReason.IPV6_INVALID, DropReason.L4_INVALID, DropReason.SOURCE_SPOOFED, DropReason.INTERFACE_UNKNOWN,
            DropReason.DESTINATION_UNKNOWN, DropReason.TTL_EXPIRED, DropReason.MULTICAST_UNSUPPORTED,
            DropReason.LINK_LOCAL, DropReason.ICMPV6_INVALID, DropReason.NDP_NOT_FOR_GATEWAY);
        assertEquals(MUTATIONS, sent + Arrays.stream(dropped).sum(), "in = out + each drop reason");
        assertTrue(sent > MUTATIONS / 10, "only " + sent + " mutations were forwarded: the mutator spoils too much");
    }

    @Property(tries = 20_000)
    void shouldSurviveAnyBytes(@ForAll @Size(max = 200) final byte[] bytes) {
        run(bytes, HexFormat.of().formatHex(bytes));
    }

    @Property(tries = 20_000)
    void shouldSurviveAnyBytesBehindAValidStart(
        @ForAll @Size(max = 120) final byte[] bytes, @ForAll final boolean ipv6) {
        final byte[] start = HexFormat.of().parseHex(ipv6 ? GoldenFrames.UDP_IPV6 : GoldenFrames.ICMP_RECORD_ROUTE);
        final int keep = ipv6 ? 54 : 34;
        final byte[] packet = Arrays.copyOf(start, keep + bytes.length);
        System.arraycopy(bytes, 0, packet, keep, bytes.length);
        packet[ipv6 ? 20 : 23] = bytes.length > 0 ? bytes[0] : 0;
        repairPunt(packet);
        repairLengths(packet);
        run(packet, HexFormat.of().formatHex(packet));
    }

    private void run(final byte[] packet, final String what) {
        final int offset = memory.capacity() - packet.length;
        memory.putBytes(offset, packet);
        umem.wrap(frame, offset, packet.length);
        final String alone = process(0, packet.length, what, false);
        memory.setMemory(0, offset, (byte)CANARY);
        memory.putBytes(offset, packet);
        umem.wrap(frame);
        final String atEnd = process(offset, packet.length, what, true);
        assertTrue(alone.equals("neighbour") || alone.equals(atEnd), () -> what + ": " + alone + " but " + atEnd);
        for (int i = 0; i < offset; i++) {
            if (memory.getByte(i) != (byte)CANARY) {
                fail(what + ": byte " + (offset - i) + " before the packet was written");
            }
        }
    }

    /** The neighbour stage may use the rest of its frame, so it runs only where the buffer is a whole frame. */
    private String process(final int offset, final int length, final String what, final boolean wholeFrame) {
        burst.clear();
        burst.add(offset, length);
        try {
            parse.process(burst, 0);
            if (wholeFrame) {
                neighbour.process(burst, 0);
            }
            forward.process(burst, 0);
        } catch (final RuntimeException e) {
            return fail(what, e);
        }
        return judge(what, wholeFrame);
    }

    private String judge(final String what, final boolean count) {
        final byte verdict = burst.verdict(0);
        if (!count && verdict == Verdict.UNDECIDED && burst.ipVersion(0) == 0) {
            return "neighbour";
        }
        if (!count && burst.ipVersion(0) == 6 && burst.ipProtocol(0) == 58) {
            return "neighbour";
        }
        if (verdict == Verdict.DROP) {
            dropped[burst.dropReason(0)] += count ? 1 : 0;
            return "drop " + DropReason.byId(burst.dropReason(0));
        }
        assertEquals(Verdict.TRANSMIT, verdict, what);
        assertSentPacketIsWhole(what);
        sent += count ? 1 : 0;
        return "sent " + burst.egressAction(0) + " " + burst.egressIfindex(0);
    }

    /** What leaves is a packet that would be accepted again. */
    private void assertSentPacketIsWhole(final String what) {
        final UnsafeBuffer buffer = burst.umem();
        final int l3 = burst.offset(0) + burst.l3Offset(0);
        final int l3Length = burst.length(0) - burst.l3Offset(0);
        assertTrue(burst.offset(0) + burst.length(0) <= buffer.capacity(), what);
        if (burst.ipVersion(0) == 4) {
            assertTrue(Ipv4Header.isValid(buffer, l3, l3Length) && Ipv4Header.isChecksumValid(buffer, l3), what);
            assertEquals(l3Length, Ipv4Header.totalLength(buffer, l3), what);
        } else if (burst.ipVersion(0) == 6) {
            assertTrue(Ipv6Header.isValid(buffer, l3, l3Length), what);
            assertEquals(l3Length, Ipv6Header.LENGTH + Ipv6Header.payloadLength(buffer, l3), what);
        }
    }

    private void assertReasonsSeen(final DropReason... reasons) {
        for (final DropReason reason : reasons) {
            assertTrue(dropped[reason.id()] > 0, reason + " never happened: this test does not reach it");
        }
    }

    /** Captured frames and one of each synthetic kind, as if pods had sent them. */
    private static List<byte[]> frames(final long seed) {
        final List<byte[]> frames = new ArrayList<>();
        for (final String hex : List.of(GoldenFrames.ARP_REQUEST, GoldenFrames.ARP_REPLY, GoldenFrames.ICMP_ECHO,
            GoldenFrames.ICMP_RECORD_ROUTE, GoldenFrames.UDP_IPV4, GoldenFrames.ICMP_UNREACHABLE,
            GoldenFrames.TCP_SYN_IPV4, GoldenFrames.SOLICITATION, GoldenFrames.ADVERTISEMENT,
            GoldenFrames.DUPLICATE_ADDRESS_PROBE, GoldenFrames.LISTENER_REPORT, GoldenFrames.ICMPV6_ECHO,
            GoldenFrames.UDP_IPV6, GoldenFrames.ICMPV6_UNREACHABLE, GoldenFrames.TCP_SYN_IPV6)) {
            frames.add(HexFormat.of().parseHex(hex));
        }
        final SyntheticTraffic traffic = new SyntheticTraffic(seed, 8);
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[Umem.FRAME_SIZE]);
        for (final SyntheticFrame kind : SyntheticFrame.values()) {
            final byte[] frame = new byte[Math.min(300, traffic.nextFrame(buffer, 0, Umem.FRAME_SIZE, kind))];
            buffer.getBytes(0, frame);
            repairLengths(frame);
            frames.add(frame);
        }
        frames.forEach(MalformedPacketsTest::repairPunt);
        return frames;
    }

    private static void repairPunt(final byte[] frame) {
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        if (frame.length >= 14 && !PuntHeader.isValid(PuntHeader.word(buffer, 0))) {
            PuntHeader.write(buffer, 0, (byte)PuntHeader.CODE_FROM_WORKLOAD, IFINDEX);
        }
    }

    private static void repairLengths(final byte[] frame) {
        final int l3Length = frame.length - 14;
        if (l3Length >= 20 && frame[12] == 8 && frame[13] == 0) {
            frame[16] = (byte)(l3Length >> 8);
            frame[17] = (byte)l3Length;
            repairIpv4Checksum(frame);
        } else if (l3Length >= 40 && frame[12] == (byte)0x86) {
            frame[18] = (byte)(l3Length - 40 >> 8);
            frame[19] = (byte)(l3Length - 40);
        }
    }

    private static void repairIpv4Checksum(final byte[] frame) {
        if (frame.length >= 34 && frame[12] == 8 && frame[13] == 0) {
            final int headerLength = (frame[14] & 0xF) << 2;
            if (headerLength >= 20 && 14 + headerLength <= frame.length) {
                Ipv4Header.completeChecksum(new UnsafeBuffer(frame), 14);
            }
        }
    }
}

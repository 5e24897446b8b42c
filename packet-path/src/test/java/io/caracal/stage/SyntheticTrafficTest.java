package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.caracal.burst.DropReason;
import io.caracal.burst.PacketBurst;
import io.caracal.burst.Verdict;
import io.caracal.umem.Umem;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.TcpHeader;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The traffic for warm-up and benchmarks: same seed, same frames; right checksums; every path of the stages. */
class SyntheticTrafficTest {
    private static final int WARM_UP_BURSTS = 20_000;
    private static final int MEASURED_BURSTS = 2_000;

    private final StageFixture fixture = new StageFixture();

    @Test
    void shouldMakeTheSameFramesFromTheSameSeed() {
        final UnsafeBuffer first = new UnsafeBuffer(new byte[Umem.FRAME_SIZE]);
        final UnsafeBuffer second = new UnsafeBuffer(new byte[Umem.FRAME_SIZE]);
        final SyntheticTraffic one = new SyntheticTraffic(42, 16);
        final SyntheticTraffic two = new SyntheticTraffic(42, 16);
        for (int round = 0; round < 1000; round++) {
            final int length = one.nextFrame(first, 0, Umem.FRAME_SIZE);
            assertEquals(length, two.nextFrame(second, 0, Umem.FRAME_SIZE));
            assertTrue(length >= 1 && length <= SyntheticTraffic.MAX_FRAME_LENGTH, "length " + length);
            assertTrue(Arrays.equals(first.byteArray(), 0, length, second.byteArray(), 0, length));
        }
    }

    @Test
    void shouldMakeWellFormedFramesOfEveryKind() {
        final SyntheticTraffic traffic = new SyntheticTraffic(7, 16);
        fixture.tables.publish(traffic.workloads());
        for (final SyntheticFrame kind : SyntheticFrame.values()) {
            fixture.burst.clear();
            for (int row = 0; row < PacketBurst.MAX_PACKETS; row++) {
                fixture.add(traffic.nextFrame(fixture.umem, fixture.nextOffset(), Umem.MAX_PACKET_LENGTH, kind));
            }
            fixture.run();
            for (int row = 0; row < fixture.burst.count; row++) {
                assertEquals(Verdict.TRANSMIT, fixture.burst.verdict(row), kind + ": " + fixture.outcomeOf(row));
                assertTransportChecksum(row, kind);
            }
        }
    }

    @Test
    void shouldDriveEveryDropReasonThatAPacketCanCause() {
        final SyntheticTraffic traffic = new SyntheticTraffic(7, 16);
        fixture.tables.publish(traffic.workloads());
        final boolean[] seen = new boolean[DropReason.maxId() + 1];
        for (int bursts = 0; bursts < 4_000; bursts++) {
            runBurst(traffic);
            for (int row = 0; row < fixture.burst.count; row++) {
                seen[fixture.burst.dropReason(row)] = true;
            }
        }
        for (final DropReason reason : new DropReason[] {DropReason.ETHERNET_TRUNCATED, DropReason.IPV4_INVALID,
            DropReason.IPV4_CHECKSUM_INVALID, DropReason.IPV6_INVALID, DropReason.L4_INVALID, DropReason.ARP_INVALID,
            DropReason.SOURCE_SPOOFED, DropReason.ICMPV6_INVALID, DropReason.PUNT_HEADER_INVALID}) {
            assertTrue(seen[reason.id()], reason + " never happened");
        }
    }

    @Test
    void shouldAllocateNothingPerBurst() {
        final ThreadMXBean threads = (ThreadMXBean)ManagementFactory.getThreadMXBean();
        final SyntheticTraffic traffic = new SyntheticTraffic(7, 16);
        fixture.tables.publish(traffic.workloads());
        for (int burst = 0; burst < WARM_UP_BURSTS; burst++) {
            runBurst(traffic);
        }
        final long thread = Thread.currentThread().threadId();
        final long before = threads.getThreadAllocatedBytes(thread);
        final long probe = threads.getThreadAllocatedBytes(thread) - before;
        final long start = threads.getThreadAllocatedBytes(thread);
        for (int burst = 0; burst < MEASURED_BURSTS; burst++) {
            runBurst(traffic);
        }
        final long allocated = threads.getThreadAllocatedBytes(thread) - start - probe;
        assertEquals(0, allocated, "bytes in " + MEASURED_BURSTS + " bursts");
    }

    @Test
    void shouldRefuseTooLittleRoomAndTooFewPods() {
        final SyntheticTraffic traffic = new SyntheticTraffic(1, 2);
        assertThrows(IllegalArgumentException.class, () -> traffic.nextFrame(fixture.umem, 0, 1513));
        assertThrows(IllegalArgumentException.class, () -> new SyntheticTraffic(1, 1));
    }

    @Test
    void shouldOpenFlowsOnly() {
        final SyntheticTraffic traffic = new SyntheticTraffic(11, 16);
        final UnsafeBuffer frame = new UnsafeBuffer(new byte[SyntheticTraffic.MAX_FRAME_LENGTH]);
        int synCount = 0;
        for (int n = 0; n < 2000; n++) {
            traffic.nextOpening(frame, 0, frame.capacity());
            final int etherType = EthernetHeader.etherType(frame, 0);
            final int l4 = etherType == EtherType.IPV4 ? 34 : 54;
            if (etherType != EtherType.ARP && frame.getByte(etherType == EtherType.IPV4 ? 23 : 20) == IpProtocol.TCP) {
                assertEquals(TcpHeader.SYN, TcpHeader.flags(frame, l4), "frame " + n);
                synCount++;
            }
        }
        assertTrue(synCount > 400, synCount + " of 2000 open a connection");
    }

    private void runBurst(final SyntheticTraffic traffic) {
        fixture.burst.clear();
        for (int row = 0; row < PacketBurst.MAX_PACKETS; row++) {
            fixture.add(traffic.nextFrame(fixture.umem, fixture.nextOffset(), Umem.MAX_PACKET_LENGTH));
        }
        fixture.run();
    }

    /** Addresses do not change on the way, so the checksum that the generator wrote must still fit. */
    private void assertTransportChecksum(final int row, final SyntheticFrame kind) {
        final PacketBurst burst = fixture.burst;
        final int protocol = burst.ipProtocol(row);
        if (burst.l4Offset(row) == 0 || burst.ipVersion(row) == 0 || protocol == IpProtocol.SCTP) {
            return;
        }
        final int l3 = burst.offset(row) + burst.l3Offset(row);
        final int length = burst.length(row) - burst.l4Offset(row);
        long sum = InternetChecksum.sum(fixture.umem, burst.offset(row) + burst.l4Offset(row), length);
        if (burst.ipVersion(row) == 6) {
            sum += InternetChecksum.pseudoHeaderIpv6(fixture.umem, l3, protocol, length);
        } else if (protocol != IpProtocol.ICMP) {
            sum += InternetChecksum.pseudoHeader(
                Ipv4Header.source(fixture.umem, l3), Ipv4Header.destination(fixture.umem, l3), protocol, length);
        }
        assertEquals(0xFFFF, InternetChecksum.fold(sum), kind + " row " + row);
    }
}

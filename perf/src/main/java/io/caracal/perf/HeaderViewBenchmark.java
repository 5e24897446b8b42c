package io.caracal.perf;

import io.caracal.stage.SyntheticFrame;
import io.caracal.wire.EtherType;
import io.caracal.wire.EthernetHeader;
import io.caracal.wire.InternetChecksum;
import io.caracal.wire.IpProtocol;
import io.caracal.wire.Ipv4Header;
import io.caracal.wire.SymmetricFlowHash;
import io.caracal.wire.TransportPorts;
import io.caracal.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What header views should stand on: one and the same work by different means, per packet, over 4096 different packets
 * in UMEM frames ({@link PacketMemory}): check Ethernet, IPv4 (checksum too) and UDP headers and hash the flow. What
 * you should see: all variants within some 20 % of each other, so that bounds and readability may decide
 * ({@code docs/decisions/001-header-views.md}); 0 B/op everywhere.
 *
 * <pre>java -cp perf/target/caracal-perf.jar org.openjdk.jmh.Main HeaderViewBenchmark -prof gc</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(PacketMemory.PACKETS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"})
public class HeaderViewBenchmark {
    private static final String NO_BOUNDS_CHECKS = "-Dagrona.disable.bounds.checks=true";
    private static final String OPEN_UNSAFE = "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED";
    private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    @SuppressWarnings("restricted")
    private static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private final SymmetricFlowHash hash = new SymmetricFlowHash(7);
    private final Ipv4Flyweight ipv4 = new Ipv4Flyweight();
    private PacketMemory udp;

    /** JMH makes it. */
    public HeaderViewBenchmark() {
    }

    /** Writes the packets. */
    @Setup(Level.Trial)
    public void setUp() {
        udp = new PacketMemory(SyntheticFrame.UDP_IPV4);
    }

    /** Frees the packets. */
    @TearDown(Level.Trial)
    public void tearDown() {
        udp.close();
    }

    /**
     * Views without state over Agrona's buffer, bounds checked.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int agrona() {
        return parseByAgrona();
    }

    /**
     * As {@link #agrona} without bounds checks.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    @Fork(value = 3, jvmArgsAppend = {OPEN_UNSAFE, NATIVE_ACCESS, NO_BOUNDS_CHECKS})
    public int agronaUnchecked() {
        return parseByAgrona();
    }

    /**
     * A flyweight object that is pointed at each header, over Agrona's buffer, bounds checked.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int agronaFlyweight() {
        int sink = 0;
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            final int offset = PacketMemory.offset(packet);
            final int length = udp.lengths[packet];
            if (EthernetHeader.isValid(length) && EthernetHeader.etherType(udp.buffer, offset) == EtherType.IPV4) {
                ipv4.wrap(udp.buffer, offset + EthernetHeader.LENGTH, length - EthernetHeader.LENGTH);
                sink += ipv4.parse(hash);
            }
        }
        return sink;
    }

    /**
     * A {@link MemorySegment} that ends where the UMEM ends.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int segment() {
        return parseBySegment(udp.segment, 0);
    }

    /**
     * One {@link MemorySegment} over the whole address space: no bounds that protect anything.
     *
     * @return what keeps the work alive.
     */
    @Benchmark
    public int segmentGlobal() {
        return parseBySegment(EVERYTHING, udp.segment.address());
    }

    private int parseByAgrona() {
        int sink = 0;
        final UnsafeBuffer buffer = udp.buffer;
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            final int offset = PacketMemory.offset(packet);
            final int length = udp.lengths[packet];
            final int l3 = offset + EthernetHeader.LENGTH;
            if (EthernetHeader.isValid(length) && EthernetHeader.etherType(buffer, offset) == EtherType.IPV4
                && Ipv4Header.isValid(buffer, l3, length - EthernetHeader.LENGTH)
                && Ipv4Header.isChecksumValid(buffer, l3) && Ipv4Header.protocol(buffer, l3) == IpProtocol.UDP) {
                final int headerLength = Ipv4Header.headerLength(buffer, l3);
                final int l4 = l3 + headerLength;
                if (UdpHeader.isValid(buffer, l4, Ipv4Header.totalLength(buffer, l3) - headerLength)) {
                    sink += hash.ipv4(Ipv4Header.source(buffer, l3), Ipv4Header.destination(buffer, l3),
                        IpProtocol.UDP, TransportPorts.both(buffer, l4));
                }
            }
        }
        return sink;
    }

    private int parseBySegment(final MemorySegment memory, final long base) {
        int sink = 0;
        for (int packet = 0; packet < PacketMemory.PACKETS; packet++) {
            final long offset = base + PacketMemory.offset(packet);
            final int length = udp.lengths[packet];
            final short etherType = memory.get(SHORT, offset + EthernetHeader.ETHER_TYPE_OFFSET);
            if (length >= EthernetHeader.LENGTH && etherType == EtherType.IPV4) {
                sink += segmentIpv4(memory, offset + EthernetHeader.LENGTH, length - EthernetHeader.LENGTH);
            }
        }
        return sink;
    }

    private int segmentIpv4(final MemorySegment memory, final long l3, final int length) {
        if (length < Ipv4Header.MIN_LENGTH) {
            return 0;
        }
        final int first = memory.get(INT, l3);
        final int headerLength = (first >>> 24 & 0xF) << 2;
        final int totalLength = first & 0xFFFF;
        final int fragmentStart = (memory.get(SHORT, l3 + 6) & Ipv4Header.FRAGMENT_OFFSET_MASK) << 3;
        if (first >>> 28 != 4 || headerLength < Ipv4Header.MIN_LENGTH || headerLength > totalLength
            || totalLength > length || fragmentStart + totalLength > 0xFFFF) {
            return 0;
        }
        long sum = 0;
        for (int i = 0; i < headerLength; i += 4) {
            sum += memory.get(LITTLE_INT, l3 + i) & LOW_32;
        }
        final long l4 = l3 + headerLength;
        final int udpLength = totalLength - headerLength;
        if (InternetChecksum.fold(sum) != 0xFFFF || memory.get(ValueLayout.JAVA_BYTE, l3 + 9) != IpProtocol.UDP
            || udpLength < UdpHeader.LENGTH) {
            return 0;
        }
        final int lengthField = Short.toUnsignedInt(memory.get(SHORT, l4 + 4));
        if (lengthField < UdpHeader.LENGTH || lengthField > udpLength) {
            return 0;
        }
        return hash.ipv4(memory.get(INT, l3 + Ipv4Header.SOURCE_OFFSET),
            memory.get(INT, l3 + Ipv4Header.DESTINATION_OFFSET), IpProtocol.UDP, memory.get(INT, l4));
    }

    /** The other style of view: an object with a place, as Aeron and Simple Binary Encoding have them. */
    private static final class Ipv4Flyweight {
        private UnsafeBuffer buffer;
        private int offset;
        private int length;

        private void wrap(final UnsafeBuffer newBuffer, final int newOffset, final int newLength) {
            buffer = newBuffer;
            offset = newOffset;
            length = newLength;
        }

        private int parse(final SymmetricFlowHash hash) {
            if (!Ipv4Header.isValid(buffer, offset, length) || !Ipv4Header.isChecksumValid(buffer, offset)
                || Ipv4Header.protocol(buffer, offset) != IpProtocol.UDP) {
                return 0;
            }
            final int headerLength = Ipv4Header.headerLength(buffer, offset);
            final int l4 = offset + headerLength;
            if (!UdpHeader.isValid(buffer, l4, Ipv4Header.totalLength(buffer, offset) - headerLength)) {
                return 0;
            }
            return hash.ipv4(Ipv4Header.source(buffer, offset), Ipv4Header.destination(buffer, offset),
                IpProtocol.UDP, TransportPorts.both(buffer, l4));
        }
    }
}

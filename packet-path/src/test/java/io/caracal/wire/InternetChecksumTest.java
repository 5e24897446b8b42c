package io.caracal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The checksum against an adder that does what RFC 1071's first paragraph says, word by word. */
class InternetChecksumTest {
    private static final int L3 = EthernetHeader.LENGTH;

    @Test
    void shouldAgreeWithTheSlowSumAtEveryLengthAndAlignment() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final byte[] bytes = new byte[1600];
        for (int length = 0; length <= 1518; length++) {
            random.nextBytes(bytes);
            final int offset = random.nextInt(16);
            final UnsafeBuffer exact = new UnsafeBuffer(bytes, offset, length);
            assertEquals(slowChecksum(bytes, offset, length),
                InternetChecksum.finish(InternetChecksum.sum(exact, 0, length)), "seed " + seed + " length " + length);
        }
    }

    @Test
    void shouldFoldTheLargestSums() {
        for (final long sum : new long[] {0, 1, 0xFFFF, 0x1_0000, 0xFFFF_FFFFL, 0x1_FFFF_FFFEL, Long.MAX_VALUE}) {
            long slow = sum;
            while (slow > 0xFFFF) {
                slow = (slow & 0xFFFF) + (slow >>> 16);
            }
            assertEquals(slow, InternetChecksum.fold(sum), Long.toHexString(sum));
        }
    }

    @Test
    void shouldSeeConsistencyAsFoldingDoes() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 100_000; round++) {
            final long sum = 1 + (random.nextLong() >>> 29 + random.nextInt(34));
            final long multiple = 65_535 * (1 + (random.nextLong() >>> 45 + random.nextInt(17)));
            assertEquals(InternetChecksum.fold(sum) == 0xFFFF, InternetChecksum.isConsistent(sum),
                "seed " + seed + " sum " + sum);
            assertTrue(InternetChecksum.isConsistent(multiple), "seed " + seed + " sum " + multiple);
        }
    }

    @Test
    void shouldUpdateAsIfComputedAnew() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final byte[] bytes = new byte[40];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        for (int round = 0; round < 100_000; round++) {
            random.nextBytes(bytes);
            // One word is kept at a value that is not zero: a sum of nothing but zeros has two right checksums.
            bytes[0] = 1;
            final int before = slowChecksum(bytes, 0, bytes.length);
            final int index = 8 * (1 + random.nextInt(4));
            final long oldWord = buffer.getLong(index, java.nio.ByteOrder.BIG_ENDIAN);
            final long newWord = round % 3 == 0 ? 0 : random.nextLong();
            buffer.putLong(index, newWord, java.nio.ByteOrder.BIG_ENDIAN);
            final int after = slowChecksum(bytes, 0, bytes.length);
            final String at = "seed " + seed + " round " + round;
            assertEquals(after, InternetChecksum.update64(before, oldWord, newWord), at);
            final int high = InternetChecksum.update32(before, (int)(oldWord >>> 32), (int)(newWord >>> 32));
            assertEquals(after, InternetChecksum.update32(high, (int)oldWord, (int)newWord), at);
            int words = before;
            for (int shift = 0; shift < 64; shift += 16) {
                words = InternetChecksum.update16(
                    words, (int)(oldWord >>> shift) & 0xFFFF, (int)(newWord >>> shift) & 0xFFFF);
            }
            assertEquals(after, words, at);
        }
    }

    /** The example of RFC 1624 section 4, where RFC 1141's form gives 0xFFFF. */
    @Test
    void shouldGiveTheRightZero() {
        assertEquals(0x0000, InternetChecksum.update16(0xDD2F, 0x5555, 0x3285));
    }

    @Test
    void shouldAgreeWithTheKernelOnEveryTransport() {
        assertConsistentIpv4("UDP", GoldenFrames.UDP_IPV4, IpProtocol.UDP);
        assertConsistentIpv4("SYN", GoldenFrames.TCP_SYN_IPV4, IpProtocol.TCP);
        assertConsistentIpv4("RST", GoldenFrames.TCP_RST_IPV4, IpProtocol.TCP);
        assertConsistentIpv6("UDP", GoldenFrames.UDP_IPV6, IpProtocol.UDP);
        assertConsistentIpv6("SYN", GoldenFrames.TCP_SYN_IPV6, IpProtocol.TCP);
        assertConsistentIpv6("echo", GoldenFrames.ICMPV6_ECHO, IpProtocol.ICMPV6);
        assertConsistentIpv6("error", GoldenFrames.ICMPV6_UNREACHABLE, IpProtocol.ICMPV6);
        for (final String icmp : List.of(GoldenFrames.ICMP_ECHO, GoldenFrames.ICMP_UNREACHABLE)) {
            final UnsafeBuffer frame = GoldenFrames.buffer(icmp);
            final long sum = InternetChecksum.sum(frame, L3 + 20, frame.capacity() - L3 - 20);
            assertEquals(0xFFFF, InternetChecksum.fold(sum), icmp);
        }
    }

    @Test
    void shouldSendAZeroUdpChecksumAsItsOtherForm() {
        assertEquals(0xFFFF, UdpHeader.onWire(0));
        assertEquals(0x1234, UdpHeader.onWire(0x1234));
    }

    private static void assertConsistentIpv4(final String what, final String hex, final int protocol) {
        final UnsafeBuffer frame = GoldenFrames.buffer(hex);
        final int length = frame.capacity() - L3 - Ipv4Header.MIN_LENGTH;
        final long pseudo = InternetChecksum.pseudoHeader(
            Ipv4Header.source(frame, L3), Ipv4Header.destination(frame, L3), protocol, length);
        final long sum = pseudo + InternetChecksum.sum(frame, L3 + Ipv4Header.MIN_LENGTH, length);
        assertTrue(InternetChecksum.fold(sum) == 0xFFFF, what + " over IPv4");
    }

    private static void assertConsistentIpv6(final String what, final String hex, final int protocol) {
        final UnsafeBuffer frame = GoldenFrames.buffer(hex);
        final int length = frame.capacity() - L3 - Ipv6Header.LENGTH;
        final long sum = InternetChecksum.pseudoHeaderIpv6(frame, L3, protocol, length)
            + InternetChecksum.sum(frame, L3 + Ipv6Header.LENGTH, length);
        assertTrue(InternetChecksum.fold(sum) == 0xFFFF, what + " over IPv6");
    }

    static int slowChecksum(final byte[] bytes, final int offset, final int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            final int octet = bytes[offset + i] & 0xFF;
            sum += i % 2 == 0 ? octet << 8 : octet;
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return ~sum & 0xFFFF;
    }
}

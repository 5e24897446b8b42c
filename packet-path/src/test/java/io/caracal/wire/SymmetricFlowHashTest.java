package io.caracal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** The flow hash: both directions equal, every input bit moves every output bit, buckets filled evenly. */
class SymmetricFlowHashTest {
    private static final int POD = Ipv4Address.parse("10.65.0.7");
    private static final int PEER = Ipv4Address.parse("10.65.0.9");
    private static final long HIGH = Ipv6Text.parse("fd00:10:65::").high();

    @Test
    void shouldBeTheSameForBothDirections() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final SymmetricFlowHash hash = new SymmetricFlowHash(random.nextLong());
        for (int round = 0; round < 100_000; round++) {
            final int a = random.nextInt();
            final int b = random.nextInt();
            final int ports = random.nextInt();
            final int protocol = random.nextInt(256);
            final int back = Integer.rotateLeft(ports, 16);
            assertEquals(hash.ipv4(a, b, protocol, ports), hash.ipv4(b, a, protocol, back), "seed " + seed);
            final long low = random.nextLong();
            assertEquals(hash.ipv6(a, low, b, 7, protocol, ports), hash.ipv6(b, 7, a, low, protocol, back),
                "seed " + seed);
        }
    }

    @Test
    void shouldDependOnTheSeedAndOnWhichEndHasWhichPort() {
        final SymmetricFlowHash hash = new SymmetricFlowHash(1);
        final int value = hash.ipv4(POD, PEER, IpProtocol.TCP, 5000 << 16 | 80);
        assertEquals(value, new SymmetricFlowHash(1).ipv4(POD, PEER, IpProtocol.TCP, 5000 << 16 | 80));
        assertNotEquals(value, new SymmetricFlowHash(2).ipv4(POD, PEER, IpProtocol.TCP, 5000 << 16 | 80));
        assertNotEquals(value, hash.ipv4(PEER, POD, IpProtocol.TCP, 5000 << 16 | 80));
        assertNotEquals(value, hash.ipv4(POD, PEER, IpProtocol.UDP, 5000 << 16 | 80));
        assertNotEquals(SymmetricFlowHash.random().seed(), SymmetricFlowHash.random().seed());
    }

    /** Plans that a multiply-and-take-the-top hash is known to fill badly: one varying field at a time. */
    @Test
    void shouldFillBucketsEvenlyByLowAndHighBits() {
        final SymmetricFlowHash hash = SymmetricFlowHash.random();
        assertEven("source port", n -> hash.ipv4(POD, PEER, IpProtocol.TCP, n << 16 | 80));
        assertEven("destination port", n -> hash.ipv4(POD, PEER, IpProtocol.TCP, 5000 << 16 | n & 0xFFFF));
        assertEven("pod address", n -> hash.ipv4(POD + n, PEER, IpProtocol.TCP, 5000 << 16 | 80));
        assertEven("both addresses", n -> hash.ipv4(POD + n / 256, PEER + n % 256 * 256, IpProtocol.TCP, 0));
        assertEven("to itself", n -> hash.ipv4(POD, POD, IpProtocol.UDP, n << 16 | n & 0xFFFF));
        assertEven("IPv6 low", n -> hash.ipv6(HIGH, n, HIGH, 1, IpProtocol.TCP, 5000 << 16 | 80));
        assertEven("IPv6 high", n -> hash.ipv6(HIGH + n, 1, HIGH, 1, IpProtocol.TCP, 5000 << 16 | 80));
        assertEven("IPv6 port", n -> hash.ipv6(HIGH, 2, HIGH, 1, IpProtocol.TCP, n << 16 | 80));
    }

    @Test
    void shouldFlipHalfOfTheBitsForEveryBitOfTheFlow() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final SymmetricFlowHash hash = new SymmetricFlowHash(random.nextLong());
        final int rounds = 4_000;
        for (int bit = 0; bit < 96; bit++) {
            final int[] flips = new int[32];
            for (int round = 0; round < rounds; round++) {
                final int[] flow = {random.nextInt(), random.nextInt(), random.nextInt()};
                final int before = hash.ipv4(flow[0], flow[1], IpProtocol.TCP, flow[2]);
                flow[bit / 32] ^= 1 << bit % 32;
                final int changed = before ^ hash.ipv4(flow[0], flow[1], IpProtocol.TCP, flow[2]);
                for (int out = 0; out < 32; out++) {
                    flips[out] += changed >>> out & 1;
                }
            }
            for (int out = 0; out < 32; out++) {
                // Binomial: 2000 expected, deviation 32; six deviations either way.
                assertTrue(Math.abs(flips[out] - rounds / 2) < 200,
                    "seed " + seed + ": input bit " + bit + " flips output bit " + out + " " + flips[out] + " times");
            }
        }
    }

    /** 65536 flows into 1024 buckets: 64 each expected; chi-squared has mean 1023 and deviation 45. */
    private static void assertEven(final String what, final IntUnaryOperator hashOfNumber) {
        final int[] low = new int[1024];
        final int[] high = new int[1024];
        for (int n = 0; n < 65_536; n++) {
            final int value = hashOfNumber.applyAsInt(n);
            low[value & 1023]++;
            high[value >>> 22]++;
        }
        assertTrue(chiSquared(low) < 1023 + 7 * 45, what + ", low bits: " + chiSquared(low));
        assertTrue(chiSquared(high) < 1023 + 7 * 45, what + ", high bits: " + chiSquared(high));
    }

    private static double chiSquared(final int[] buckets) {
        double sum = 0;
        for (final int count : buckets) {
            sum += (count - 64.0) * (count - 64.0) / 64.0;
        }
        return sum;
    }
}

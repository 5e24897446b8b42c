package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.wire.Ipv4Address;
import io.caracal.wire.Ipv6Text;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses an exemption covers: by rows, and against prefixes compared bit string by bit string. */
class SourcePrefixesTest {
    private static final int ROUNDS = 20_000;

    @ParameterizedTest(name = "{0} has {1}: {2}")
    @CsvSource({
        "203.0.113.0/24, 203.0.113.0, true", "203.0.113.0/24, 203.0.113.255, true",
        "203.0.113.0/24, 203.0.112.255, false", "203.0.113.7/24, 203.0.113.200, true",
        "203.0.113.7, 203.0.113.7, true", "203.0.113.7, 203.0.113.6, false",
        "0.0.0.0/0, 198.51.100.1, true", "0.0.0.0/0, 0.0.0.0, false", "0.0.0.0/0, 127.0.0.1, false",
        "0.0.0.0/0, 224.0.0.1, false", "0.0.0.0/0, 255.255.255.255, false", "::/0, 198.51.100.1, false",
        "2001:db8:5::/48, 2001:db8:5:ffff::1, true", "2001:db8:5::/48, 2001:db8:6::1, false",
        "2001:db8::/65, 2001:db8::7fff:0:0:1, true", "2001:db8::/65, 2001:db8::8000:0:0:1, false",
        "2001:db8::5, 2001:db8::5, true", "2001:db8::5, 2001:db8::4, false", "0.0.0.0/0, 2001:db8::4, false",
        "::/0, 2001:db8::4, true", "::/0, ::, false", "::/0, ::1, false", "::/0, ::2, true", "::/0, ff02::1, false",
        "::/0, fe80::1, false"})
    void shouldCoverWhatMayBeASource(final String prefix, final String address, final boolean expected) {
        assertEquals(expected, contains(SourcePrefixes.of("192.0.2.1/32", "2001:db8:ffff::1", prefix), address));
        assertFalse(contains(SourcePrefixes.NONE, address));
    }

    private static boolean contains(final SourcePrefixes prefixes, final String address) {
        if (address.indexOf(':') < 0) {
            return prefixes.containsIpv4(Ipv4Address.parse(address));
        }
        final Ipv6Text text = Ipv6Text.parse(address);
        return prefixes.containsIpv6(text.high(), text.low());
    }

    @Test
    void shouldAgreeWithBitStrings() {
        final long seed = Long.getLong("caracal.seed", System.nanoTime());
        final Random random = new Random(seed);
        int covered = 0;
        for (int round = 0; round < ROUNDS; round++) {
            final int length = random.nextInt(129);
            final Ipv6Text network = new Ipv6Text(0x2001_0db8_0000_0000L | random.nextLong() >>> 32, random.nextLong());
            final int flipped = random.nextInt(32, 128);
            final Ipv6Text address = new Ipv6Text(
                network.high() ^ (flipped < 64 ? 1L << 63 - flipped : 0), network.low() ^ (flipped < 64 ? 0 : 1L << 127 - flipped));
            final boolean expected = bits(network).shiftRight(128 - length).equals(bits(address).shiftRight(128 - length));
            assertEquals(expected, SourcePrefixes.of(network + "/" + length).containsIpv6(address.high(), address.low()),
                () -> network + "/" + length + " and " + address + ", seed " + seed);
            covered += expected ? 1 : 0;
        }
        assertTrue(covered > ROUNDS / 10 && covered < ROUNDS, covered + " covered, seed " + seed);
    }

    private static BigInteger bits(final Ipv6Text address) {
        return new BigInteger(Long.toUnsignedString(address.high())).shiftLeft(64)
            .or(new BigInteger(Long.toUnsignedString(address.low())));
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.0/33", "2001:db8::/129", "203.0.113/24", "203.0.113.0/-1", "203.0.113.0/", "web"})
    void shouldRefuseWhatIsNoPrefix(final String text) {
        assertThrows(IllegalArgumentException.class, () -> SourcePrefixes.of(text));
    }

    @Test
    void shouldBeEqualByWhatTheyCover() {
        assertEquals(SourcePrefixes.of("203.0.113.7/24"), SourcePrefixes.of("203.0.113.0/24"));
        assertEquals(SourcePrefixes.NONE, SourcePrefixes.of());
        assertFalse(SourcePrefixes.of("203.0.113.0/24").equals(SourcePrefixes.of("203.0.113.0/25")));
    }
}

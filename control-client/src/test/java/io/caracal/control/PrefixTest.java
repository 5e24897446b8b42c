package io.caracal.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixTest {

    @ParameterizedTest
    @CsvSource({"0.0.0.0/0, 0.0.0.0/0", "10.65.0.2, 10.65.0.2/32", "255.255.255.255, 255.255.255.255/32",
        "192.168.166.128/26, 192.168.166.128/26"})
    void shouldReadIpv4(final String text, final String expected) {
        assertEquals(expected, Ipv4Prefix.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "10.1", "10.1.2", "10.1.2.256", "010.1.2.3", "10.1.2.3/33", "10.1.2.3/-1",
        "10.1.2.3/08", "10.1.2.3/24", "10.1.2.3 ", "1.2.3.4.5", "0x10.1.2.3", "localhost"})
    void shouldRefuseWhatIsNoIpv4(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Ipv4Prefix.parse(text));
    }

    @ParameterizedTest
    @CsvSource({"::/0, ::/0", "::1, ::1/128", "FD00:10:65:0:0:0:0:2/128, fd00:10:65::2/128",
        "2001:db8::/32, 2001:db8::/32", "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1/128",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1/128",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1/128", "64:ff9b::1.2.3.4, 64:ff9b::102:304/128", "1::/65, 1::/65"})
    void shouldReadIpv6AndWriteItAsRfc5952(final String text, final String expected) {
        assertEquals(expected, Ipv6Prefix.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "g::", "fe80::1%eth0",
        "::1/129", "::1/01", "::1/127", "1::1/64", "::ffff:1.2.3.4", "12345::", "[::1]"})
    void shouldRefuseWhatIsNoIpv6(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Ipv6Prefix.parse(text));
    }

    @Test
    void shouldReadBackWhatItWrites() throws Exception {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            /* Few bits set, so that runs of zero groups are common. */
            final long high = random.nextLong() & random.nextLong() & random.nextLong() & random.nextLong();
            final long low = random.nextBoolean() ? random.nextInt(3) : random.nextLong() & random.nextLong();
            final String text = new Ipv6Prefix(high, low, 128).addressText();
            if (high != 0 || low >>> 32 != 0xffff) {
                assertEquals(new Ipv6Prefix(high, low, 128), Ipv6Prefix.parse(text), "seed " + seed);
                assertArrayEquals(ByteBuffer.allocate(16).putLong(high).putLong(low).array(),
                    InetAddress.getByName(text).getAddress(), "seed " + seed);
            }
            final Ipv4Prefix ipv4 = new Ipv4Prefix(random.nextInt(), 32);
            assertEquals(ipv4, Ipv4Prefix.parse(ipv4.addressText()), "seed " + seed);
        }
    }

    @Test
    void shouldKnowWhichBitsLieBeyondTheLength() {
        for (int length = 0; length <= 128; length++) {
            for (int bit = 0; bit < 128; bit++) {
                final long high = bit < 64 ? 1L << 63 - bit : 0;
                final long low = bit < 64 ? 0 : 1L << 127 - bit;
                final int prefixLength = length;
                if (bit < length) {
                    assertEquals(length, new Ipv6Prefix(high, low, length).length());
                } else {
                    assertThrows(IllegalArgumentException.class, () -> new Ipv6Prefix(high, low, prefixLength));
                }
            }
        }
        for (int length = 0; length < 32; length++) {
            final int prefixLength = length;
            assertThrows(IllegalArgumentException.class, () -> new Ipv4Prefix(1, prefixLength));
            assertThrows(IllegalArgumentException.class, () -> new Ipv4Prefix(1 << 31 - prefixLength, prefixLength));
            assertEquals(-1 << 31 - length, new Ipv4Prefix(-1 << 31 - length, length + 1).address());
        }
    }
}

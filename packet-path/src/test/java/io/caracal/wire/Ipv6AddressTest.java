package io.caracal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks of prefixes: at the ends and in the middle by rows, and every length counted bit by bit. */
class Ipv6AddressTest {
    @ParameterizedTest(name = "/{0}: {1}")
    @CsvSource({"0, ::", "1, 8000::", "16, ffff::", "63, ffff:ffff:ffff:fffe::", "64, ffff:ffff:ffff:ffff::",
        "65, ffff:ffff:ffff:ffff:8000::", "127, ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
        "128, ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
    void shouldMaskWhatAPrefixIsAbout(final int length, final String mask) {
        assertEquals(Ipv6Text.parse(mask), new Ipv6Text(Ipv6Address.highMask(length), Ipv6Address.lowMask(length)));
    }

    @Test
    void shouldHaveOneMoreBitWithEachLength() {
        long high = 0;
        long low = 0;
        for (int length = 1; length <= 128; length++) {
            high |= length <= 64 ? 1L << 64 - length : 0;
            low |= length <= 64 ? 0 : 1L << 128 - length;
            assertEquals(high, Ipv6Address.highMask(length), "/" + length);
            assertEquals(low, Ipv6Address.lowMask(length), "/" + length);
        }
    }
}

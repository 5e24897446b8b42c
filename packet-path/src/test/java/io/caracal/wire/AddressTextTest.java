package io.caracal.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text of addresses, with the JDK's own parser as the oracle for whatever it takes too. */
class AddressTextTest {
    @ParameterizedTest
    @CsvSource({"0.0.0.0, 0", "169.254.1.1, -1442971391", "255.255.255.255, -1", "10.65.0.7, 172032007"})
    void shouldReadAndWriteIpv4(final String text, final int address) {
        assertEquals(address, Ipv4Address.parse(text));
        assertEquals(text, Ipv4Address.format(address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..2.3",
        "1.2.3.-4", "a.b.c.d", "1.2.3.0004", "1.2.3.4/32", "\u0661.2.3.4"})
    void shouldRefuseOtherIpv4Text(final String text) {
        final Exception refused = assertThrows(IllegalArgumentException.class, () -> Ipv4Address.parse(text));
        assertTrue(refused.getMessage().contains("'" + text + "'"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"::, ::", "::1, ::1", "1::, 1::", "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1", "1:0:0:2::3, 1:0:0:2::3",
        "fe80::ecee:eeff:feee:eeee, fe80::ecee:eeff:feee:eeee", "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:0:8, 1:2:3:4:5:6:0:8", "::ffff:10.65.0.7, ::ffff:10.65.0.7",
        "64:ff9b::192.0.2.1, 64:ff9b::c000:201",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0", "0:0:3::, 0:0:3::"})
    void shouldReadIpv6AndWriteItAsRfc5952Recommends(final String text, final String canonical) {
        assertEquals(canonical, Ipv6Text.parse(text).toString());
        assertEquals(Ipv6Text.parse(text), Ipv6Text.parse(canonical));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", ":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "fe80::1%eth0", "::1/128",
        "1.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "1:2:3:4:5:6:7:8 "})
    void shouldRefuseOtherIpv6Text(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Ipv6Text.parse(text));
    }

    @Test
    void shouldAgreeWithTheJdkOnRandomAddresses() throws UnknownHostException {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        for (int round = 0; round < 20_000; round++) {
            // Masks make runs of zeros, which random groups would never have.
            final long high = random.nextLong() & maskOfGroups(random);
            final long low = random.nextLong() & maskOfGroups(random);
            final String text = Ipv6Text.format(high, low);
            final String at = "seed " + seed + ": " + text;
            assertEquals(new Ipv6Text(high, low), Ipv6Text.parse(text), at);
            final byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
            if (high != 0 || low >>> 32 != 0xFFFF) {
                assertEquals(InetAddress.getByAddress(bytes), InetAddress.getByName(text), at);
                assertEquals(Ipv6Text.parse(InetAddress.getByAddress(bytes).getHostAddress()),
                    new Ipv6Text(high, low), at);
            }
        }
    }

    @Test
    void shouldReadAndWriteMacAddresses() {
        assertEquals(0x0A1B_2C3D_4E5FL, MacAddress.parse("0a:1B:2c:3d:4e:5f"));
        assertEquals("0a:1b:2c:3d:4e:5f", MacAddress.format(0x0A1B_2C3D_4E5FL));
        assertEquals("ee:ee:ee:ee:ee:ee", MacAddress.format(MacAddress.GATEWAY));
        for (final String text : new String[] {"", "0a:1b:2c:3d:4e", "0a-1b-2c-3d-4e-5f", "0a:1b:2c:3d:4e:5g"}) {
            assertThrows(IllegalArgumentException.class, () -> MacAddress.parse(text), text);
        }
    }

    @Test
    void shouldKnowTheGatewayAndTheClasses() {
        assertEquals(Ipv4Address.parse("169.254.1.1"), Ipv4Address.GATEWAY);
        final Ipv6Text gateway = Ipv6Text.parse("fe80::ecee:eeff:feee:eeee");
        assertTrue(Ipv6Address.isGateway(gateway.high(), gateway.low()));
        assertTrue(Ipv6Address.isLinkLocal(Ipv6Text.parse("febf::1").high()));
        assertTrue(!Ipv6Address.isLinkLocal(Ipv6Text.parse("fec0::1").high()));
        final Ipv6Text group = Ipv6Text.parse("ff02::1:ffee:eeee");
        assertTrue(Ipv6Address.isSolicitedNode(group.high(), group.low()));
        final Ipv6Text other = Ipv6Text.parse("ff02::1:feee:eeee");
        assertTrue(!Ipv6Address.isSolicitedNode(other.high(), other.low()));
        assertTrue(Ipv4Address.isMulticast(Ipv4Address.parse("239.255.255.255")));
        assertTrue(!Ipv4Address.isMulticast(Ipv4Address.parse("240.0.0.0")));
        assertTrue(Ipv4Address.isLoopback(Ipv4Address.parse("127.3.2.1")));
    }

    private static long maskOfGroups(final Random random) {
        long mask = 0;
        for (int group = 0; group < 4; group++) {
            mask = mask << 16 | (random.nextInt(3) == 0 ? 0xFFFF : 0);
        }
        return mask;
    }
}

package io.caracal.policy.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Text to prefix and back, and what is inside. */
class PrefixTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1/32", "10.1.2.3/8, 10.0.0.0/8", "0.0.0.0/0, 0.0.0.0/0", "255.255.255.255, 255.255.255.255/32",
        "fd00::1, fd00:0:0:0:0:0:0:1/128", "fd00::ffff/64, fd00:0:0:0:0:0:0:0/64", "::/0, 0:0:0:0:0:0:0:0/0",
        "::ffff:1.2.3.4, 0:0:0:0:0:ffff:102:304/128", "fd00:1:2:3:4:5:6:7/127, fd00:1:2:3:4:5:6:6/127",
        "fd00:1:2:3:4:5:6:7/65, fd00:1:2:3:0:0:0:0/65",
    })
    void shouldReadAndClearHostBits(final String text, final String expected) {
        assertEquals(expected, Prefix.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/a", "a.b.c.d",
        "10..0.1", "1.2.3.4.", "10.0.0.0/-1", "fd00::/129", "fd00:::1", "fe80::1%eth0", "[fd00::1]", "10.0.0.0/8 ",
        "999999999999.1.1.1", "1.2.3.4/99999999999", ":"})
    void shouldRefuseByName(final String text) {
        final PolicyException refused = assertThrows(PolicyException.class, () -> Prefix.parse(text));
        assertTrue(refused.getMessage().startsWith("prefix " + text), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.255.255, true", "10.0.0.0/8, 11.0.0.0, false", "10.0.0.0/8, 9.255.255.255, false",
        "0.0.0.0/0, 1.2.3.4, true", "0.0.0.0/0, ::1, false", "::/0, 1.2.3.4, false", "::/0, ::1, true",
        "10.0.0.1/32, 10.0.0.1, true", "10.0.0.1/32, 10.0.0.2, false", "fd00::/64, fd00::1, true",
        "fd00::/64, fd00:0:0:1::, false", "fd00::/63, fd00:0:0:1::, true", "fd00::2/127, fd00::3, true",
        "fd00::2/127, fd00::4, false", "fd00::/65, fd00::8000:0:0:0, false",
    })
    void shouldContainItsAddresses(final String net, final String address, final boolean inside) {
        final Prefix host = Prefix.parse(address);
        assertEquals(inside, Prefix.parse(net).contains(host.v6(), host.high(), host.low()));
    }

    @Test
    void shouldReadMembersOfBothKinds() {
        final IpSetMembers nets = IpSetMembers.parse(IpSetKind.NET, java.util.List.of("10.0.0.0/8", "fd00::1/128"));
        assertEquals("10.0.0.0/8", nets.text(0));
        assertTrue(nets.isV6(1) && nets.isHost(1) && !nets.isHost(0));
        final IpSetMembers ports = IpSetMembers.parse(IpSetKind.IP_AND_PORT,
            java.util.List.of("10.0.0.1,tcp:80", "fd00::1,sctp:65535"));
        assertEquals("10.0.0.1,tcp:80", ports.text(0));
        assertEquals(IpProtocol.SCTP << 16 | 65_535, ports.protocolAndPort(1));
        for (final String bad : new String[] {"10.0.0.1", "10.0.0.1,tcp", "10.0.0.1,tcp:65536", "10.0.0.0/8,tcp:80",
            "10.0.0.1,icmp:8", "10.0.0.1,tcp:x", "10.0.0.1,tcp:"}) {
            assertThrows(PolicyException.class, () -> IpSetMembers.parse(IpSetKind.IP_AND_PORT, java.util.List.of(bad)), bad);
        }
    }
}

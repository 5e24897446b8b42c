package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which rules take all packets of which others: each pair is asked both ways round. */
class RuleContainmentTest {
    private static Rule from(final boolean negated, final String... nets) {
        return new RuleFields().nets(PeerSide.SOURCE, List.of(nets), negated).rule();
    }

    private static Rule ports(final boolean negated, final List<String> sets, final int... bounds) {
        final List<PortRange> ranges = new java.util.ArrayList<>();
        for (int i = 0; i < bounds.length; i += 2) {
            ranges.add(new PortRange(bounds[i], bounds[i + 1]));
        }
        return new RuleFields().protocol("tcp", false).ports(PeerSide.DESTINATION, ranges, sets, negated).rule();
    }

    private static Rule protocol(final String word, final boolean negated) {
        return new RuleFields().protocol(word, negated).rule();
    }

    private static Rule icmp(final int type, final int code, final boolean negated) {
        return new RuleFields().ipVersion(4).protocol("icmp", false).icmp(type, code, negated).rule();
    }

    private static void assertWider(final Rule wide, final Rule narrow) {
        assertEquals(List.of(true, false),
            List.of(RuleContainment.contains(wide, narrow), RuleContainment.contains(narrow, wide)),
            () -> wide + " is to be wider than " + narrow);
    }

    private static void assertApart(final Rule one, final Rule other) {
        assertEquals(List.of(false, false),
            List.of(RuleContainment.contains(one, other), RuleContainment.contains(other, one)),
            () -> "neither of " + one + " and " + other + " is to be wider");
    }

    @Test
    void shouldKnowWiderPrefixes() {
        assertWider(from(false, "10.0.0.0/8"), from(false, "10.1.0.0/16", "10.2.3.4/32"));
        assertWider(from(false, "10.0.0.0/8", "fd00::/8"), from(false, "10.1.0.0/16"));
        assertApart(from(false, "10.0.0.0/8"), from(false, "10.1.0.0/16", "11.0.0.0/8"));
        assertApart(from(false, "10.0.0.0/8"), from(false, "fd00::/8"));
        assertApart(from(false, "10.0.0.0/8"),
            new RuleFields().nets(PeerSide.DESTINATION, List.of("10.1.0.0/16"), false).rule());
    }

    @Test
    void shouldKnowThatLessExcludedIsWider() {
        assertWider(from(true, "10.1.0.0/16"), from(true, "10.0.0.0/8"));
        /* The one takes no IPv6 packet at all, the other none from fd00::/8. */
        assertApart(from(true, "10.1.0.0/16"), from(true, "10.0.0.0/8", "fd00::/8"));
        assertApart(from(false, "10.0.0.0/8"), from(true, "10.1.0.0/16"));
    }

    @Test
    void shouldKnowWiderPorts() {
        assertWider(ports(false, List.of(), 80, 90), ports(false, List.of(), 80, 80, 85, 90));
        assertWider(ports(false, List.of(), 80, 84, 85, 90), ports(false, List.of(), 83, 86));
        assertApart(ports(false, List.of(), 80, 90), ports(false, List.of(), 85, 95));
        assertWider(ports(true, List.of(), 83, 84), ports(true, List.of(), 80, 90));
        assertWider(ports(false, List.of("s:web"), 80, 90), ports(false, List.of("s:web"), 80, 80));
        assertWider(ports(false, List.of("s:web"), 80, 90), ports(false, List.of(), 80, 90));
        assertWider(ports(true, List.of("s:a"), 80, 80), ports(true, List.of("s:a", "s:b"), 80, 80));
        assertApart(ports(false, List.of("s:a"), 80, 90), ports(false, List.of("s:b"), 80, 90));
    }

    @Test
    void shouldKnowWiderProtocolsAndIcmp() {
        assertWider(protocol("tcp", true), protocol("udp", false));
        assertApart(protocol("tcp", true), protocol("udp", true));
        assertApart(protocol("tcp", true), protocol("tcp", false));
        assertWider(icmp(8, -1, false), icmp(8, 0, false));
        assertWider(icmp(8, 0, true), icmp(8, -1, true));
        assertWider(icmp(8, -1, true), icmp(3, 1, false));
        assertWider(icmp(3, 2, true), icmp(3, 1, false));
        assertApart(icmp(3, -1, true), icmp(3, 1, false));
    }

    @Test
    void shouldAskEveryDimension() {
        final Rule wide = new RuleFields().protocol("tcp", false)
            .nets(PeerSide.SOURCE, List.of("10.0.0.0/8"), false)
            .ports(PeerSide.DESTINATION, List.of(new PortRange(1, 1023)), List.of(), false).rule();
        final RuleFields narrow = new RuleFields().protocol("tcp", false)
            .nets(PeerSide.SOURCE, List.of("10.8.0.0/16"), false)
            .ipSets(PeerSide.SOURCE, List.of("s:peers"), false);
        assertApart(wide, narrow.rule());
        assertWider(wide, narrow.ports(PeerSide.DESTINATION, List.of(new PortRange(80, 80)), List.of(), false).rule());
        assertWider(PolicyFixture.rule("allow"), wide);
    }
}

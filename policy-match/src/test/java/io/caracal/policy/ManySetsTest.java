package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.Rule;
import io.caracal.policy.model.RuleFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Addresses in up to sixty sets of one list: those in few sets are looked up by set, those in very many by vectors, and
 * both find what the reference finds.
 */
class ManySetsTest {
    private static final int SETS = 60;
    private static final int RULES = 300;
    /** One without ports among them: a rule that gives it a port matches nothing. */
    private static final String[] PROTOCOLS = {"tcp", "udp", "udplite", "99"};
    private static final int[] NUMBERS = {6, 17, 136, 99};
    private static final int PACKETS = 20_000;

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void shouldDecideAlikeForFewAndVeryManySets() {
        System.out.println("ManySetsTest seed " + seed);
        final PolicyFixture fixture = new PolicyFixture();
        for (int set = 0; set < SETS; set++) {
            /* 10.1.0.N is in the sets from 0 to N - 1. */
            final List<String> members = new ArrayList<>();
            for (int address = set + 1; address <= SETS; address++) {
                members.add("10.1.0." + address + "/32");
            }
            fixture.set("s:" + set, IpSetKind.NET, members.toArray(String[]::new));
        }
        final Rule[] rules = new Rule[RULES];
        java.util.Arrays.setAll(rules, i -> rule());
        final PolicySet set = fixture.policy("many", rules).tierB(false, "many").build();
        final PolicyCompiler compiler = new PolicyCompiler(1);
        compiler.replaceAll(set);
        final CompiledPolicy policy = compiler.publish();
        final ReferenceMatcher reference = new ReferenceMatcher(set);
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        long builtByFew = 0;
        for (int i = 0; i < PACKETS; i++) {
            final int sets = i < PACKETS / 2 ? random.nextInt(20) : random.nextInt(SETS + 1);
            final PolicyPacket packet = new PolicyPacket().addresses(Prefix.parse("10.1.0." + sets), PolicyFixture.IP_B)
                .transport(NUMBERS[random.nextInt(NUMBERS.length)], 1000 + random.nextInt(4), 80 + random.nextInt(40))
                .way(PolicyFixture.UPLINK, PolicyFixture.POD_B);
            assertEquals(reference.decide(packet), evaluator.explain(policy, packet), () -> "seed " + seed + " " + packet);
            builtByFew = i < PACKETS / 2 ? evaluator.vectorsBuilt() : builtByFew;
        }
        assertEquals(0, builtByFew, "vectors built for addresses in few sets");
        assertTrue(evaluator.vectorsBuilt() > 0, "no vector was built for addresses in very many sets");
    }

    private Rule rule() {
        final RuleFields fields = new RuleFields().action(new String[] {"allow", "deny", "pass", "log"}[random.nextInt(4)])
            .ipSets(PeerSide.SOURCE, List.of("s:" + random.nextInt(SETS)), false);
        if (random.nextInt(4) > 0) {
            final int port = 80 + random.nextInt(38);
            fields.protocol(PROTOCOLS[random.nextInt(PROTOCOLS.length)], false).ports(PeerSide.DESTINATION,
                List.of(new PortRange(port, port + (random.nextInt(4) == 0 ? 20 : random.nextInt(3)))), List.of(), false);
        }
        if (random.nextInt(4) == 0) {
            fields.ipSets(PeerSide.SOURCE, List.of("s:" + random.nextInt(SETS)), true);
        }
        if (random.nextInt(8) == 0) {
            fields.ports(PeerSide.SOURCE, List.of(new PortRange(1001, 1002)), List.of(), false);
        }
        return fields.rule();
    }
}

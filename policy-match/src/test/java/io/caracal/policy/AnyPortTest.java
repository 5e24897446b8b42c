package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.IpProtocol;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What is said to hold for any source port, asked again with others: random rule sets and packets. {@code
 * -Dcaracal.seed=S} repeats a run.
 */
class AnyPortTest {
    private static final int SETS = 300;
    private static final int PACKETS = 200;
    private static final int PORTS = 12;

    private final long seed = Long.getLong("caracal.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final PolicyCompiler compiler = new PolicyCompiler(1);
    private final PolicyEvaluator evaluator =
        new PolicyEvaluator(0, new PolicyEvaluator.Room(1 << 8, 1 << 14), null);
    private final PolicyPacket packet = new PolicyPacket();
    private int ofAnyPort;
    private int asked;

    @Test
    void shouldDecideAlikeForEverySourcePortWhereItSaysSo() {
        System.out.println("AnyPortTest seed " + seed);
        for (int set = 0; set < SETS; set++) {
            final RandomPolicy world = new RandomPolicy(random, set % 10 == 0 ? 40 : 1 + set % 4);
            compiler.replaceAll(world.next());
            final CompiledPolicy policy = compiler.publish();
            for (int n = 0; n < PACKETS; n++) {
                world.packet(packet);
                if (packet.protocol == IpProtocol.TCP) {
                    check(policy);
                }
            }
        }
        assertTrue(ofAnyPort > 500 && ofAnyPort < asked, ofAnyPort + " of " + asked + " packets hold for any port");
    }

    private void check(final CompiledPolicy policy) {
        final boolean isAllowed = evaluator.allows(policy, packet);
        asked++;
        if (!evaluator.isOfAnyPort()) {
            return;
        }
        ofAnyPort++;
        final int egress = evaluator.egressRuleId();
        final int ingress = evaluator.ingressRuleId();
        final int own = packet.sourcePort;
        for (int n = 0; n < PORTS; n++) {
            /* Rules name small ports, and neighbours of their borders matter most. */
            packet.sourcePort = n < PORTS / 2 ? random.nextInt(1 << 16) : own + n - PORTS * 3 / 4 & 0xffff;
            final String where = "seed " + seed + ", port " + own + " before: " + packet;
            assertEquals(isAllowed, evaluator.allows(policy, packet), where);
            assertEquals(egress, evaluator.egressRuleId(), where);
            assertEquals(ingress, evaluator.ingressRuleId(), where);
        }
    }
}

package io.caracal.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PortRange;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.RuleFields;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * No packet sees half of an update. Each update moves three marks at once, two rules in different policies and a
 * member of a set: a packet that saw old and new ones mixed would be allowed by neither version.
 */
class PolicyHandOverTest {
    private static final int UPDATES = 3000;
    private static final int COLLECTIONS = 50;
    private static final int UPDATES_PER_SECOND = 1000;
    private static final long NS_PER_SECOND = 1_000_000_000;
    private static final String SET = "s:mark";
    private static final String[] SOURCES = {"10.9.0.1", "10.9.0.2"};

    private final PolicyCompiler compiler = new PolicyCompiler(1);

    @Test
    void shouldShowEachUpdateWholeOrNotAtAll() throws InterruptedException {
        compiler.replaceAll(new PolicyFixture().set(SET, IpSetKind.NET, SOURCES[0])
            .policy("first").policy("second").tierB(true, "first").tierB(false, "second").profilesB("all").build());
        mark(0);
        compiler.publish();
        final AtomicBoolean done = new AtomicBoolean();
        final long startNs = System.nanoTime();
        final Thread control = Thread.ofPlatform().daemon(true).start(() -> {
            for (int update = 1; update <= UPDATES; update++) {
                final long dueNs = startNs + update * NS_PER_SECOND / UPDATES_PER_SECOND;
                LockSupport.parkNanos(dueNs - System.nanoTime());
                mark(update & 1);
                compiler.publish();
            }
            done.set(true);
        });
        final long[] seen = watch(done);
        control.join();
        System.out.println(UPDATES + " updates, " + UPDATES * NS_PER_SECOND / (System.nanoTime() - startNs)
            + " a second; packets allowed by the one version " + seen[0] + ", by the other " + seen[1]);
        assertTrue(seen[0] > 0 && seen[1] > 0, "one version was never seen");
    }

    /** What the marks are for: whoever mixes two versions, or publishes one mark of three, is found out. */
    @Test
    void shouldFindHalfAnUpdate() {
        compiler.replaceAll(new PolicyFixture().set(SET, IpSetKind.NET, SOURCES[0])
            .policy("first").policy("second").tierB(true, "first").tierB(false, "second").profilesB("all").build());
        mark(0);
        final CompiledPolicy old = compiler.publish();
        put("first", 1, "pass");
        final CompiledPolicy half = compiler.publish();
        mark(1);
        final CompiledPolicy fresh = compiler.publish();
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        assertEquals(List.of(true, true, false, false), List.of(isWhole(evaluator, old, old),
            isWhole(evaluator, fresh, fresh), isWhole(evaluator, old, fresh), isWhole(evaluator, half, half)),
            "old, new, both versions mixed, a version with one of three marks");
    }

    /** Whether exactly one of the marked packets passes. */
    private static boolean isWhole(final PolicyEvaluator evaluator, final CompiledPolicy forFirst,
        final CompiledPolicy forSecond) {
        final boolean first = evaluator.allows(forFirst, packet(0));
        return first != evaluator.allows(forSecond, packet(1));
    }

    /** A worker that has gone on to a newer version holds nothing of the old one. */
    @Test
    void shouldLetGoOfAnOldVersionWhenTheLastWorkerHasMovedOn() throws InterruptedException {
        compiler.replaceAll(new PolicyFixture().set(SET, IpSetKind.NET, SOURCES[0])
            .policy("first").policy("second").tierB(true, "first").tierB(false, "second").profilesB("all").build());
        mark(0);
        final PolicyEvaluator[] workers = {new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null),
            new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null)};
        final WeakReference<CompiledPolicy> old = new WeakReference<>(compiler.publish());
        for (final PolicyEvaluator worker : workers) {
            worker.allows(compiler.current(), packet(0));
        }
        mark(1);
        compiler.publish();
        workers[0].allows(compiler.current(), packet(0));
        System.gc();
        assertTrue(old.get() != null, "the second worker may still be asking the old version");
        workers[1].allows(compiler.current(), packet(0));
        for (int i = 0; i < COLLECTIONS && old.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertNull(old.get(), "the old version is still reachable");
        Reference.reachabilityFence(workers);
    }

    /** Asks about both marked packets again and again: exactly one of them may pass, whatever the version. */
    private long[] watch(final AtomicBoolean done) {
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        final PolicyPacket[] marked = {packet(0), packet(1)};
        final long[] seen = new long[2];
        while (!done.get()) {
            final CompiledPolicy policy = compiler.current();
            final boolean first = evaluator.allows(policy, marked[0]);
            final boolean second = evaluator.allows(policy, marked[1]);
            assertEquals(!first, second, () -> "half an update: " + evaluator.explain(policy, marked[0])
                + evaluator.explain(policy, marked[1]));
            seen[first ? 0 : 1]++;
        }
        return seen;
    }

    private void mark(final int version) {
        put("first", version, "pass");
        put("second", version, "allow");
        compiler.changeIpSet(SET, IpSetMembers.of(List.of(Prefix.parse(SOURCES[version]))),
            IpSetMembers.of(List.of(Prefix.parse(SOURCES[1 - version]))));
    }

    private void put(final String name, final int version, final String action) {
        final RuleFields rule = new RuleFields().action(action).protocol("tcp", false)
            .ipSets(PeerSide.SOURCE, List.of(SET), false)
            .ports(PeerSide.DESTINATION, List.of(new PortRange(1000 + version, 1000 + version)), List.of(), false);
        compiler.putPolicy(new Policy(PolicyFixture.id(name), "tier",
            List.of(rule.rule(), PolicyFixture.rule("deny")), List.of()));
    }

    private static PolicyPacket packet(final int version) {
        return PolicyFixture.tcp(SOURCES[version], "10.0.0.2", 1000 + version)
            .way(PolicyFixture.UPLINK, PolicyFixture.POD_B);
    }
}

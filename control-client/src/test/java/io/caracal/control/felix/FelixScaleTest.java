package io.caracal.control.felix;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.control.ControlListener;
import io.caracal.control.ControlProblem;
import io.caracal.control.ControlUpdate;
import io.caracal.control.PolicyChange;
import io.caracal.control.PolicyChange.IpSetDelta;
import io.caracal.control.PolicyChange.IpSetUpdate;
import io.caracal.control.PolicyChange.PolicyUpdate;
import io.caracal.control.PolicyChange.WorkloadPolicyUpdate;
import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.ToDataplane;
import io.caracal.policy.PolicyCompiler;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A large cluster through the socket and into the policy compiler: one tenth of 10,000 policies, 5,000 IP sets, a
 * million members and 250 endpoints in the usual tests, all of it with {@code -Dcaracal.long.minutes=N}. Says how long it
 * took.
 */
@Timeout(300)
class FelixScaleTest {
    private static final int SCALE = Long.getLong("caracal.long.minutes", 0) > 0 ? 1 : 10;
    private static final int SETS = 5000 / SCALE;
    private static final int MEMBERS_OF_EACH = 200;
    private static final int POLICIES = 10_000 / SCALE;
    private static final int ENDPOINTS = 250 / SCALE;
    private static final int DELTAS = 60_000 / SCALE;

    @TempDir
    private Path directory;

    /** The engine's part: every change into the compiler, published at in-sync. */
    private static final class Compiling implements ControlListener {
        private final PolicyCompiler compiler = new PolicyCompiler(1);
        private final CountDownLatch inSync = new CountDownLatch(1);
        private volatile long deltaMembers;
        private volatile List<ControlProblem> problems = List.of();

        @Override
        public void onUpdate(final ControlUpdate update) {
            switch (update) {
                case IpSetUpdate(final var set) -> compiler.putIpSet(set);
                case final IpSetDelta delta -> {
                    compiler.changeIpSet(delta.id(), delta.added(), delta.removed());
                    deltaMembers += delta.added().count();
                }
                case PolicyUpdate(final var policy) -> compiler.putPolicy(policy);
                case final WorkloadPolicyUpdate workload -> compiler.putWorkload(workload.endpoint());
                case final ControlUpdate.InSync sync -> {
                    compiler.publish();
                    inSync.countDown();
                }
                case final PolicyChange.SettingsUpdate settings -> compiler.putConfig(settings.config());
                default -> { }
            }
        }

        @Override
        public void onProblems(final List<ControlProblem> now) {
            problems = now;
            if (!now.isEmpty()) {
                inSync.countDown();
            }
        }
    }

    @Test
    void shouldTakeALargeClusterAndKeepUpWithItsChanges() throws Exception {
        final Compiling engine = new Compiling();
        final FelixSourceConfig config = FelixSourceConfig.of(directory.resolve("felix.sock"));
        try (FelixSource source = new FelixSource(config)) {
            source.start(engine);
            try (SocketChannel felix = SocketChannel.open(UnixDomainSocketAddress.of(config.socket()));
                OutputStream out = new BufferedOutputStream(Channels.newOutputStream(felix), 1 << 16)) {
                final long startNs = System.nanoTime();
                writeCluster(new FelixFrameWriter(out));
                out.flush();
                engine.inSync.await();
                final long inSyncMs = (System.nanoTime() - startNs) / 1_000_000;
                writeDeltas(new FelixFrameWriter(out));
                out.flush();
                while (engine.deltaMembers < DELTAS && engine.problems.isEmpty()) {
                    Thread.sleep(1);
                }
                final long deltasMs = (System.nanoTime() - startNs) / 1_000_000 - inSyncMs;
                System.out.printf("Felix at scale: %d policies, %d sets, %d members, %d endpoints in force "
                    + "after %d ms; then %d deltas in %d ms; heap in use %d MB%n", POLICIES, SETS, SETS * MEMBERS_OF_EACH,
                    ENDPOINTS, inSyncMs, DELTAS, deltasMs, heapMegabytes());
            }
        }
        assertEquals(List.of(), engine.problems);
        assertEquals(SETS * MEMBERS_OF_EACH + DELTAS, engine.compiler.publish().memberCount());
    }

    private static long heapMegabytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() >> 20;
    }

    private static void writeCluster(final FelixFrameWriter felix) throws IOException {
        felix.write(Frames.config());
        for (int set = 0; set < SETS; set++) {
            final String[] members = new String[MEMBERS_OF_EACH];
            for (int i = 0; i < MEMBERS_OF_EACH; i++) {
                members[i] = address(10, set * MEMBERS_OF_EACH + i);
            }
            felix.write(Frames.set("s:" + set, members));
        }
        for (int policy = 0; policy < POLICIES; policy++) {
            felix.write(Frames.policy("p" + policy, Rule.newBuilder().setAction("allow")
                .addSrcIpSetIds("s:" + policy % SETS), Rule.newBuilder().setAction("deny")
                .addSrcIpSetIds("s:" + (policy + 1) % SETS)));
        }
        for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
            final String[] policies = new String[POLICIES / ENDPOINTS];
            for (int i = 0; i < policies.length; i++) {
                policies[i] = "p" + (endpoint * policies.length + i);
            }
            felix.write(Frames.endpoint("pod" + endpoint, "cali" + endpoint, policies));
        }
        felix.write(Frames.inSync());
    }

    private static void writeDeltas(final FelixFrameWriter felix) throws IOException {
        for (int delta = 0; delta < DELTAS; delta++) {
            felix.write(ToDataplane.newBuilder().setIpsetDeltaUpdate(IPSetDeltaUpdate.newBuilder()
                .setId("s:" + delta % SETS).addAddedMembers(address(11, delta))).build());
        }
    }

    private static String address(final int first, final int number) {
        return first + "." + (number >> 16 & 0xff) + "." + (number >> 8 & 0xff) + "." + (number & 0xff) + "/32";
    }
}

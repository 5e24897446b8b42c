package io.caracal.perf.policy;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

import io.caracal.policy.PolicyCompiler;
import io.caracal.policy.PolicyEvaluator;
import io.caracal.policy.PolicyPacket;
import io.caracal.policy.model.EndpointSet;
import io.caracal.policy.model.IpSet;
import io.caracal.policy.model.IpSetKind;
import io.caracal.policy.model.IpSetMembers;
import io.caracal.policy.model.NodeInterface;
import io.caracal.policy.model.PeerSide;
import io.caracal.policy.model.Policy;
import io.caracal.policy.model.PolicyConfig;
import io.caracal.policy.model.PolicyId;
import io.caracal.policy.model.PolicyObjects;
import io.caracal.policy.model.PolicySet;
import io.caracal.policy.model.Prefix;
import io.caracal.policy.model.RuleFields;
import io.caracal.policy.model.Tier;
import io.caracal.policy.model.WorkloadEndpoint;
import org.HdrHistogram.Histogram;

/** One pod whose policy allows the members of one large set, with ways to change it and to look it up. */
final class MillionMembers {
    static final int MEMBERS = 1_000_000;

    private static final String SET = "s:members";
    private static final PolicyId ID = new PolicyId("members", "", "GlobalNetworkPolicy");
    private static final int UPLINK = 2;
    private static final int POD = 10;
    private static final int WARM_DELTAS = 30_000;
    private static final int DELTAS = 50_000;
    private static final int DELTAS_PER_SECOND = 10_000;
    private static final int COST_ROUNDS = 11;
    private static final long COST_NS = 150_000_000;
    private static final int PACKETS = 4096;
    private static final int CLOCK_EVERY = 1024;
    private static final int P99 = 99;
    private static final int COLLECTIONS = 3;
    private static final int PERCENT = 100;
    private static final double NS_PER_US = 1e3;
    private static final double NS_PER_MS = 1e6;
    private static final long NS_PER_SECOND = 1_000_000_000;
    /** Knuth's multiplier: an odd factor spreads numbers over all addresses without meeting one twice. */
    private static final int SPREAD = 0x9E3779B1;

    private final PolicyCompiler compiler = new PolicyCompiler(1);
    private final SplittableRandom random = new SplittableRandom(1);
    private final double loadMs;
    private final double bytesPerMember;

    MillionMembers() {
        compiler.replaceAll(world());
        compiler.publish();
        final IpSetMembers members = IpSetMembers.parse(IpSetKind.NET, texts(MEMBERS));
        final long before = usedBytes();
        final long startNs = System.nanoTime();
        compiler.changeIpSet(SET, members, none());
        compiler.publish();
        loadMs = (System.nanoTime() - startNs) / NS_PER_MS;
        bytesPerMember = (double)(usedBytes() - before) / compiler.memberCount(SET);
        /* They were there before, so they must be there still. */
        Reference.reachabilityFence(members);
    }

    /** Different addresses all over the address space, as Felix writes them. */
    static List<String> texts(final int count) {
        final List<String> texts = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final int address = address(i);
            texts.add((address >>> 24) + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "."
                + (address & 0xff) + "/32");
        }
        return texts;
    }

    private static int address(final int number) {
        return (number + 1) * SPREAD;
    }

    private static IpSetMembers none() {
        return IpSetMembers.of(List.of());
    }

    private static PolicySet world() {
        final Tier tier = new Tier("default", List.of(ID), List.of(), false);
        final Policy policy = new Policy(ID, "default",
            List.of(new RuleFields().ipSets(PeerSide.SOURCE, List.of(SET), false).rule()), List.of());
        return new PolicySet(PolicyConfig.DEFAULTS,
            new PolicyObjects(List.of(new IpSet(SET, none())), List.of(policy), List.of()),
            new EndpointSet(List.of(new WorkloadEndpoint("k8s/bench/pod/eth0", "caliBench", true, List.of(),
                List.of(tier), List.of())), List.of(), List.of(new NodeInterface(UPLINK, "eth0", List.of()),
                new NodeInterface(POD, "caliBench", List.of()))));
    }

    static long usedBytes() {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    double loadMs() {
        return loadMs;
    }

    double bytesPerMember() {
        return bytesPerMember;
    }

    /** Median and 99th percentile of one member's change, from the call to its being published. */
    double[] deltaUs() {
        for (int i = 0; i < WARM_DELTAS; i++) {
            change();
        }
        final Histogram histogram = new Histogram(NS_PER_SECOND, 3);
        for (int i = 0; i < DELTAS; i++) {
            final IpSetMembers one = one();
            final boolean add = random.nextBoolean();
            final long startNs = System.nanoTime();
            change(one, add);
            histogram.recordValue(Math.min(System.nanoTime() - startNs, NS_PER_SECOND));
        }
        return new double[] {histogram.getValueAtPercentile(PERCENT / 2) / NS_PER_US,
            histogram.getValueAtPercentile(P99) / NS_PER_US};
    }

    private IpSetMembers one() {
        final int address = address(random.nextInt(MEMBERS * 2));
        return IpSetMembers.of(List.of(new Prefix(false, (long)address << Integer.SIZE, 0, Prefix.IPV4_BITS)));
    }

    private void change() {
        change(one(), random.nextBoolean());
    }

    private void change(final IpSetMembers one, final boolean add) {
        compiler.changeIpSet(SET, add ? one : none(), add ? none() : one);
        compiler.publish();
    }

    /** How much slower a worker decides while ten thousand changes a second are applied, in percent of its rate. */
    double costPercent() throws InterruptedException {
        final PolicyEvaluator evaluator = new PolicyEvaluator(0, PolicyEvaluator.Room.DEFAULT, null);
        final PolicyPacket[] packets = new PolicyPacket[PACKETS];
        for (int i = 0; i < PACKETS; i++) {
            packets[i] = new PolicyPacket().transport(6, 40_000, 80).way(UPLINK, POD);
            packets[i].sourceHigh = (long)address(random.nextInt(MEMBERS * 2)) << Integer.SIZE;
        }
        decide(evaluator, packets);
        final double[] percents = new double[COST_ROUNDS];
        for (int round = 0; round < COST_ROUNDS; round++) {
            final long before = decide(evaluator, packets);
            final Thread control = Thread.ofPlatform().daemon(true).start(this::changeSteadily);
            final long disturbed = decide(evaluator, packets);
            control.interrupt();
            control.join();
            percents[round] = PERCENT * (1 - 2.0 * disturbed / (before + decide(evaluator, packets)));
        }
        Arrays.sort(percents);
        return percents[COST_ROUNDS / 2];
    }

    private long decide(final PolicyEvaluator evaluator, final PolicyPacket[] packets) {
        final long endNs = System.nanoTime() + COST_NS;
        long count = 0;
        while (System.nanoTime() - endNs < 0) {
            for (int i = 0; i < CLOCK_EVERY; i++) {
                evaluator.allows(compiler.current(), packets[(int)(count++ % PACKETS)]);
            }
        }
        return count;
    }

    private void changeSteadily() {
        final long startNs = System.nanoTime();
        long done = 0;
        while (!Thread.currentThread().isInterrupted()) {
            final long due = (System.nanoTime() - startNs) * DELTAS_PER_SECOND / NS_PER_SECOND;
            for (; done < due; done++) {
                change();
            }
            LockSupport.parkNanos(NS_PER_SECOND / DELTAS_PER_SECOND);
        }
    }
}

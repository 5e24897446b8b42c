package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import com.fasterxml.jackson.databind.JsonNode;
import io.caracal.control.proto.ActivePolicyUpdate;
import io.caracal.control.proto.IPSetDeltaUpdate;
import io.caracal.control.proto.IPSetUpdate;
import io.caracal.control.proto.Policy;
import io.caracal.control.proto.PolicyID;
import io.caracal.control.proto.Rule;
import io.caracal.control.proto.TierInfo;
import io.caracal.control.proto.ToDataplane;
import io.caracal.control.proto.WorkloadEndpoint;
import io.caracal.control.proto.WorkloadEndpointID;
import io.caracal.control.proto.WorkloadEndpointUpdate;
import io.caracal.lab.Lab;
import io.caracal.lab.LabNode;
import io.caracal.lab.LabPod;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A large cluster into a running engine, then a thousand changes a second while packets flow: a tenth of 10,000
 * policies, 5,000 IP sets, a million members and 250 endpoints, or all of it and a minute with
 * {@code -Dcaracal.long.minutes=N}. Says how long it took and how long the worker's longest cycle was.
 */
@Timeout(300)
class FelixScaleInEngineTest {
    private static final int SCALE = Long.getLong("caracal.long.minutes", 0) > 0 ? 1 : 10;
    private static final int SETS = 5000 / SCALE;
    private static final int MEMBERS_OF_EACH = 200;
    private static final int POLICIES = 10_000 / SCALE;
    private static final int ENDPOINTS = 250 / SCALE;
    private static final int UPDATES = 60_000 / SCALE;
    private static final long UPDATE_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private static ToDataplane set(final int number) {
        final IPSetUpdate.Builder set = IPSetUpdate.newBuilder().setId("s:" + number).setType(IPSetUpdate.IPSetType.NET);
        for (int i = 0; i < MEMBERS_OF_EACH; i++) {
            set.addMembers(address(11, number * MEMBERS_OF_EACH + i));
        }
        return ToDataplane.newBuilder().setIpsetUpdate(set).build();
    }

    private static String address(final int first, final int number) {
        return first + "." + (number >> 16 & 0xff) + "." + (number >> 8 & 0xff) + "." + (number & 0xff) + "/32";
    }

    private static PolicyID id(final int number) {
        return PolicyID.newBuilder().setName("p" + number).setKind("GlobalNetworkPolicy").build();
    }

    private static ToDataplane policy(final int number, final int set) {
        return ToDataplane.newBuilder().setActivePolicyUpdate(ActivePolicyUpdate.newBuilder().setId(id(number))
            .setPolicy(Policy.newBuilder().setTier("default")
                .addInboundRules(Rule.newBuilder().setAction("allow").addSrcIpSetIds("s:" + set % SETS))
                .addInboundRules(Rule.newBuilder().setAction("deny").addSrcIpSetIds("s:" + (set + 1) % SETS)))).build();
    }

    private static ToDataplane endpoint(final int number) {
        final TierInfo.Builder tier = TierInfo.newBuilder().setName("default");
        for (int i = 0; i < POLICIES / ENDPOINTS; i++) {
            tier.addIngressPolicies(id(number * (POLICIES / ENDPOINTS) + i));
        }
        return ToDataplane.newBuilder().setWorkloadEndpointUpdate(WorkloadEndpointUpdate.newBuilder()
            .setId(WorkloadEndpointID.newBuilder().setOrchestratorId("k8s").setWorkloadId("scale/pod" + number)
                .setEndpointId("eth0"))
            .setEndpoint(WorkloadEndpoint.newBuilder().setState("active").setName("calis" + number)
                .setMac("02:00:00:00:00:01").addIpv4Nets(address(12, number)).addTiers(tier))).build();
    }

    /** What Felix says of the node's pods, with a large cluster before its in-sync. */
    private static List<ToDataplane> cluster(final List<ToDataplane> pods) {
        final List<ToDataplane> messages = new ArrayList<>(pods.subList(0, pods.size() - 1));
        for (int number = 0; number < SETS; number++) {
            messages.add(set(number));
        }
        for (int number = 0; number < POLICIES; number++) {
            messages.add(policy(number, number));
        }
        for (int number = 0; number < ENDPOINTS; number++) {
            messages.add(endpoint(number));
        }
        messages.add(pods.getLast());
        return messages;
    }

    /** Mostly members, as in a real cluster, and among them policies and endpoints. */
    private static ToDataplane update(final int number) {
        return switch (number % 10) {
            case 0 -> policy(number % POLICIES, number);
            case 1 -> endpoint(number % ENDPOINTS);
            default -> ToDataplane.newBuilder().setIpsetDeltaUpdate(IPSetDeltaUpdate.newBuilder()
                .setId("s:" + number % SETS).addAddedMembers(address(13, number))).build();
        };
    }

    @Test
    void shouldTakeALargeClusterAndAThousandChangesASecondWhilePacketsFlow() throws Exception {
        try (Lab lab = Lab.create("scale")) {
            final LabNode node = lab.addNode("node1");
            final LabPod web = node.addPod("shop", "web");
            final LabPod client = node.addPod("shop", "client");
            node.announce(web);
            node.announce(client);
            final List<ToDataplane> cluster = cluster(FelixReplayer.messagesOf(node));
            final NodeView view = new NodeView(node);
            try (EmbeddedEngine engine = EmbeddedEngine.launchForFelix(node);
                FelixReplayer felix = FelixReplayer.start(node)) {
                final long startNs = System.nanoTime();
                felix.say(cluster);
                engine.dataplane().ready().get(120, TimeUnit.SECONDS);
                final long appliedMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
                view.awaitAttached(web, client);
                System.gc();
                final long heapMb = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory() >> 20;
                final JsonNode before = view.worker();
                try (SteadyTraffic traffic = SteadyTraffic.start(client, web)) {
                    final long updatesNs = updateAtAThousandASecond(felix);
                    assertTrue(traffic.awaitMore(100), traffic.toString());
                    traffic.stop();
                    final JsonNode after = view.worker();
                    System.out.printf("%d policies, %d sets, %d members, %d endpoints: first byte to in force %d ms,"
                        + " heap in use %d MB; then %d updates in %d ms under traffic: lost %d, stalls of 10 ms and more"
                        + " %d, longest cycle %d us (before: %d us)%n", POLICIES, SETS, SETS * MEMBERS_OF_EACH, ENDPOINTS,
                        appliedMs, heapMb, UPDATES, TimeUnit.NANOSECONDS.toMillis(updatesNs), traffic.lost(),
                        after.path("stalls").asLong() - before.path("stalls").asLong(),
                        after.path("cycle-max-ns").asLong() / 1000, before.path("cycle-max-ns").asLong() / 1000);
                    assertEquals(0, traffic.lost(), traffic.toString());
                }
                assertEquals(List.of(), view.problems(), engine.log());
            }
        }
    }

    private static long updateAtAThousandASecond(final FelixReplayer felix) throws Exception {
        final long startNs = System.nanoTime();
        for (int number = 0; number < UPDATES; number++) {
            felix.say(update(number));
            LockSupport.parkNanos(startNs + (number + 1) * UPDATE_INTERVAL_NS - System.nanoTime());
        }
        return System.nanoTime() - startNs;
    }
}

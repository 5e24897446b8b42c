package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.control.ControlUpdate.WorkloadEndpointUpdate;
import io.caracal.control.EndpointState;
import io.caracal.control.Ipv4Prefix;
import io.caracal.control.Ipv6Prefix;
import io.caracal.control.MacAddress;
import io.caracal.control.WorkloadEndpointId;
import org.junit.jupiter.api.Test;

class WorkloadRegistryTest {
    private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
    private final RecordingAttacher attacher = new RecordingAttacher();
    private final WorkloadRegistry registry = new WorkloadRegistry(attacher, () -> { }, new EngineLog(new PrintStream(logged)));

    private static WorkloadEndpointId id(final String name) {
        return new WorkloadEndpointId("k8s", "default/" + name, "eth0");
    }

    private static WorkloadEndpointUpdate endpoint(final String name, final String interfaceName,
        final String address) {
        return new WorkloadEndpointUpdate(id(name), EndpointState.ACTIVE, interfaceName,
            Optional.of(MacAddress.parse("02:00:00:00:00:01")), List.of(Ipv4Prefix.parse(address)), List.of());
    }

    @Test
    void shouldKnowNoIpv6AddressWithoutIpv6() {
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(new WorkloadEndpointUpdate(id("a"), EndpointState.ACTIVE, "cali1",
            Optional.of(MacAddress.parse("02:00:00:00:00:01")), List.of(Ipv4Prefix.parse("10.65.0.1/32")),
            List.of(Ipv6Prefix.parse("fd00:65::1/128"))));
        assertEquals(List.of("10.65.0.1", "fd00:65::1"), registry.attached().getFirst().workload().addresses());
        registry.onIpv6(false);
        assertEquals(List.of("10.65.0.1"), registry.attached().getFirst().workload().addresses());
        registry.onIpv6(true);
        assertEquals(List.of("10.65.0.1", "fd00:65::1"), registry.attached().getFirst().workload().addresses());
    }

    @Test
    void shouldAttachWhenTheInterfaceComesAfterTheEndpoint() {
        registry.onInSync();
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        assertEquals(List.of("retain []"), attacher.acts);
        registry.onLinkPresent("cali1", 7);
        assertEquals(List.of("retain []", "attach cali1 7"), attacher.acts);
    }

    @Test
    void shouldAttachWhenTheEndpointComesAfterTheInterface() {
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        assertEquals(List.of("retain []", "attach cali1 7"), attacher.acts);
    }

    @Test
    void shouldAttachNothingBeforeInSync() {
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.publishIfChanged();
        assertEquals(List.of(), attacher.acts);
        registry.onInSync();
        assertEquals(List.of("attach cali1 7", "retain [7]"), attacher.acts);
    }

    @Test
    void shouldAttachAfreshWhenAnInterfaceIsMadeAgainUnderTheSameName() {
        registry.onInSync();
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onLinkPresent("cali1", 7);
        attacher.acts.clear();
        registry.onLinkPresent("cali1", 9);
        registry.onLinkGone("cali1", 7);
        assertEquals(List.of("detach cali1 7", "attach cali1 9"), attacher.acts);
    }

    @Test
    void shouldUpdateInPlaceWhenOnlyTheAddressChanges() {
        registry.onInSync();
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onLinkPresent("cali1", 7);
        attacher.acts.clear();
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.2"));
        assertEquals(List.of("attach cali1 7"), attacher.acts);
    }

    @Test
    void shouldDetachWhenTheEndpointMovesAndKeepWhoIsThereNow() {
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onLinkPresent("cali2", 8);
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onEndpoint(endpoint("b", "cali1", "10.65.0.2"));
        attacher.acts.clear();
        registry.onEndpoint(endpoint("a", "cali2", "10.65.0.1"));
        assertEquals(List.of("attach cali2 8"), attacher.acts);
        registry.onEndpointRemoved(id("b"));
        registry.onEndpointRemoved(id("a"));
        assertEquals(List.of("attach cali2 8", "detach cali1 7", "detach cali2 8"), attacher.acts);
    }

    @Test
    void shouldKeepAnInactiveEndpointDropped() {
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(new WorkloadEndpointUpdate(id("a"), EndpointState.INACTIVE, "cali1",
            Optional.of(MacAddress.parse("02:00:00:00:00:01")), List.of(), List.of()));
        assertEquals(List.of("retain []"), attacher.acts);
    }

    private static WorkloadEndpointUpdate withoutMac(final String address) {
        return new WorkloadEndpointUpdate(id("a"), EndpointState.ACTIVE, "cali1", Optional.empty(),
            List.of(Ipv4Prefix.parse(address)), List.of());
    }

    @Test
    void shouldAttachAnEndpointWithoutMacOnceTheKernelKnowsIt() {
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(withoutMac("10.65.0.1"));
        assertEquals(List.of("retain []", "mac of cali1 7"), attacher.acts);
        assertTrue(registry.awaitsMac());
        assertTrue(registry.problems().toString().contains("default/a/eth0: the control source does not know its MAC"),
            registry.problems().toString());

        attacher.kernelMac = Optional.of(MacAddress.parse("02:00:00:00:00:09"));
        attacher.acts.clear();
        registry.retryMacs();
        assertEquals(List.of("mac of cali1 7", "attach cali1 7"), attacher.acts);
        assertEquals("02:00:00:00:00:09", registry.attached().getFirst().workload().mac().toString());
        assertFalse(registry.awaitsMac());
        assertEquals(List.of(), registry.problems());

        attacher.acts.clear();
        registry.onEndpoint(withoutMac("10.65.0.1"));
        assertEquals(List.of(), attacher.acts, "nothing has changed, and nobody is asked");
        registry.onLinkPresent("cali1", 8);
        assertEquals(List.of("mac of cali1 8", "detach cali1 7", "attach cali1 8"), attacher.acts, "made anew");
    }

    @Test
    void shouldUndoAFailedAttachmentAndTryAgainWithTheNextEvent() {
        registry.onInSync();
        attacher.failure = new IllegalStateException("no such device");
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onLinkPresent("cali1", 7);
        assertEquals(List.of("retain []", "attach cali1 7", "detach cali1 7"), attacher.acts);
        assertTrue(logged.toString().contains("no such device"), logged.toString());
        assertEquals(List.of("attach cali1 of k8s/default/a/eth0 (it stays dropped): no such device"),
            registry.problems());
        attacher.failure = null;
        registry.onLinkPresent("cali1", 7);
        assertEquals(List.of("cali1"), attacher.names(registry.attached()));
        assertEquals(List.of(), registry.problems());
    }

    @Test
    void shouldNotPublishBeforeTheEndOfABatchWhileNoWorkerRuns() {
        attacher.areWorkersRunning = false;
        registry.onInSync();
        attacher.published.clear();
        registry.onLinks(Map.of("cali1", 7, "cali2", 8));
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onEndpoint(endpoint("b", "cali2", "10.65.0.2"));
        assertEquals(List.of(), attacher.published);
        registry.publishIfChanged();
        assertEquals(List.of(List.of("cali1", "cali2")), attacher.published);
    }

    @Test
    void shouldPublishWhenThereAreTwiceAsManyAndAtTheEndOfABatch() {
        registry.onInSync();
        attacher.published.clear();
        registry.onLinks(Map.of("cali1", 7, "cali2", 8, "cali3", 9));
        registry.onEndpoint(endpoint("a", "cali1", "10.65.0.1"));
        registry.onEndpoint(endpoint("b", "cali2", "10.65.0.2"));
        registry.onEndpoint(endpoint("c", "cali3", "10.65.0.3"));
        assertEquals(List.of(List.of("cali1"), List.of("cali1", "cali2")), attacher.published);
        assertEquals(0, attacher.armCount);
        registry.publishIfChanged();
        registry.publishIfChanged();
        assertEquals(List.of(List.of("cali1"), List.of("cali1", "cali2"), List.of("cali1", "cali2", "cali3")),
            attacher.published);
        assertEquals(2, attacher.armCount);
    }

    /** A start with many pods must not wait twice a grace period for each before the last one is policed. */
    @Test
    void shouldAttachManyForNowAtInSyncAndFewAtOnce() {
        for (final int count : new int[] {8, 9}) {
            attacher.acts.clear();
            final WorkloadRegistry fresh =
                new WorkloadRegistry(attacher, () -> { }, new EngineLog(new PrintStream(logged)));
            for (int number = 1; number <= count; number++) {
                fresh.onLinkPresent("cali" + number, number);
                fresh.onEndpoint(endpoint("e" + number, "cali" + number, "10.65.0." + number));
            }
            fresh.onInSync();
            assertEquals(count == 8 ? 0 : 9, attacher.acts.stream().filter("for now"::equals).count(), count + " pods");
            assertEquals(count == 8, fresh.isSettled());
            for (int number = 0; number < 9 && !fresh.isSettled(); number++) {
                fresh.settleOne();
            }
            assertTrue(fresh.isSettled());
            fresh.onLinkPresent("cali99", 99);
            fresh.onEndpoint(endpoint("late", "cali99", "10.65.0.99"));
            assertEquals("attach cali99 99", attacher.acts.getLast(), "one that comes later waits for the kernel");
        }
    }

    @Test
    void shouldNameEndpointAndInterfaceWhenTheKernelRefusesToFindItsMacAddress() {
        attacher.macFailure = new NativeCallException("ask for neighbour", "10.65.0.1 on ifindex 7", Errno.ENETDOWN);
        registry.onInSync();
        registry.onLinkPresent("cali1", 7);
        registry.onEndpoint(new WorkloadEndpointUpdate(id("a"), EndpointState.ACTIVE, "cali1", Optional.empty(),
            List.of(Ipv4Prefix.parse("10.65.0.1")), List.of()));
        assertEquals(1, registry.problems().size(), registry.problems().toString());
        final String problem = registry.problems().getFirst();
        assertTrue(problem.startsWith("workload endpoint k8s/default/a/eth0: cannot find out its MAC address: ask for"
            + " neighbour 10.65.0.1 on ifindex 7: ENETDOWN"), problem);
        assertTrue(problem.endsWith("; its interface cali1 stays dropped"), problem);
        assertTrue(registry.awaitsMac(), "asked again");
        attacher.macFailure = null;
        attacher.kernelMac = Optional.of(MacAddress.parse("02:00:00:00:00:09"));
        registry.retryMacs();
        assertEquals(List.of(), registry.problems());
        assertEquals(List.of("cali1"), attacher.names(registry.attached()));
    }

    /** Goal: whatever the order of events, what is attached is what both sides say. Method: a naive model. */
    @Test
    void shouldAgreeWithANaiveModelUnderRandomEvents() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final Map<String, String> endpointInterface = new HashMap<>();
        final Map<String, Integer> links = new HashMap<>();
        registry.onInSync();
        for (int step = 1; step <= 20_000; step++) {
            final String name = "e" + random.nextInt(6);
            final String interfaceName = "cali" + name;
            switch (random.nextInt(4)) {
                case 0 -> {
                    registry.onEndpoint(endpoint(name, interfaceName, "10.65.0." + (1 + random.nextInt(9))));
                    endpointInterface.put(name, interfaceName);
                }
                case 1 -> {
                    registry.onEndpointRemoved(id(name));
                    endpointInterface.remove(name);
                }
                case 2 -> {
                    registry.onLinkPresent(interfaceName, step);
                    links.put(interfaceName, step);
                }
                default -> {
                    registry.onLinkGone(interfaceName, links.getOrDefault(interfaceName, -1));
                    links.remove(interfaceName);
                }
            }
            final TreeSet<String> expected = new TreeSet<>(endpointInterface.values());
            expected.retainAll(links.keySet());
            assertEquals(List.copyOf(expected), attacher.names(registry.attached()), "seed " + seed + " step " + step);
            assertEquals(expected.size(), attacher.live.size(), "seed " + seed + " step " + step);
        }
    }

    private static final class RecordingAttacher implements WorkloadAttacher {
        private final List<String> acts = new ArrayList<>();
        private final Map<Integer, String> live = new HashMap<>();
        private final List<List<String>> published = new ArrayList<>();
        private int armCount;
        private int settleCount;
        private boolean areWorkersRunning = true;
        private RuntimeException failure;
        private Optional<MacAddress> kernelMac = Optional.empty();
        private RuntimeException macFailure;

        private List<String> names(final Collection<AttachedWorkload> attached) {
            return attached.stream().map(each -> each.workload().interfaceName()).sorted().toList();
        }

        @Override
        public void attach(final LocalWorkload workload, final int ifindex) {
            acts.add("attach " + workload.interfaceName() + " " + ifindex);
            if (failure != null) {
                throw failure;
            }
            live.put(ifindex, workload.interfaceName());
        }

        @Override
        public void attachForNow(final LocalWorkload workload, final int ifindex) {
            attach(workload, ifindex);
            acts.add("for now");
            settleCount++;
        }

        @Override
        public void settleOne() {
            settleCount--;
        }

        @Override
        public boolean isSettled() {
            return settleCount == 0;
        }

        @Override
        public Optional<MacAddress> podMac(final WorkloadEndpointUpdate endpoint, final int ifindex) {
            acts.add("mac of " + endpoint.interfaceName() + " " + ifindex);
            if (macFailure != null) {
                throw macFailure;
            }
            return kernelMac;
        }

        @Override
        public void detach(final LocalWorkload workload, final int ifindex) {
            acts.add("detach " + workload.interfaceName() + " " + ifindex);
            live.remove(ifindex);
        }

        @Override
        public void retainOnly(final Collection<Integer> ifindexes) {
            acts.add("retain " + ifindexes);
        }

        @Override
        public boolean areWorkersRunning() {
            return areWorkersRunning;
        }

        @Override
        public void armAttached() {
            armCount++;
        }

        @Override
        public void publish(final Collection<AttachedWorkload> attached) {
            published.add(names(attached));
        }
    }
}

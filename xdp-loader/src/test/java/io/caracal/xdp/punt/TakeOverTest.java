package io.caracal.xdp.punt;

import static io.caracal.xdp.testing.Packet.ETH_IPV4;
import static io.caracal.xdp.testing.Packet.UDP;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NativeCallException;
import io.caracal.netlink.RouteNetlink;
import io.caracal.xdp.MapAdoption.Outcome;
import io.caracal.xdp.MapAdoption;
import io.caracal.xdp.PinDirectory;
import io.caracal.xdp.TcDirection;
import io.caracal.xdp.TcHook;
import io.caracal.xdp.TcLink;
import io.caracal.xdp.XdpAttachMode;
import io.caracal.xdp.XdpLink;
import io.caracal.xdp.punt.PuntConfig.OnEngineLoss;
import io.caracal.xdp.testing.Packet;
import io.caracal.xdp.testing.PacketSocket;
import io.caracal.xdp.testing.TestNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What outlives an engine, and how the next one goes on with it; hooks on real interfaces. */
final class TakeOverTest {
    private static final byte[] PACKET = Packet.ethernet(ETH_IPV4,
        Packet.ipv4(TestNode.POD_ADDRESS, "10.65.0.3", UDP, Packet.udp(1, 2, new byte[18])));

    private TestNode node;
    private PinDirectory pins;
    private PacketSocket pod;

    @BeforeEach
    void makeNode() throws IOException {
        node = new TestNode();
        pins = node.pins();
        pod = node.onPod();
    }

    @AfterEach
    void removeNode() throws IOException {
        pod.close();
        node.close();
    }

    private static void awaitCounter(final PuntPrograms programs, final PuntCounter counter, final long expected) {
        final long deadlineNs = System.nanoTime() + 5_000_000_000L;
        while (programs.counter(counter) < expected && System.nanoTime() < deadlineNs) {
            Thread.onSpinWait();
        }
        assertEquals(expected, programs.counter(counter), counter.name());
    }

    private PuntPrograms loaded() {
        final PuntPrograms programs = PuntPrograms.load(pins, 16);
        programs.configure(node.config(OnEngineLoss.DROP));
        programs.putWorkload(node.workload, TestNode.podBehind());
        return programs;
    }

    private PuntHooks attached(final PuntPrograms programs, final TcHook hook) {
        final PuntHooks hooks = new PuntHooks(programs, pins, List.of(hook));
        node.host.run(() -> {
            hooks.attachPunt(node.punt0, node.punt1);
            hooks.attachWorkload(node.workload);
        });
        return hooks;
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldGoOnWithMapsAndProgramsOfAKilledEngine(final TcHook hook) throws IOException, InterruptedException {
        final Process killed = CrashingEngine.start(node, hook);
        pod.send(PACKET);
        pod.send(PACKET);
        killed.destroyForcibly().waitFor();
        pod.send(PACKET);
        try (PuntPrograms programs = PuntPrograms.load(pins, 16)) {
            assertTrue(programs.adoptions().stream().allMatch(one -> one.outcome() == Outcome.ADOPTED),
                programs.adoptions().toString());
            assertEquals(11, programs.adoptions().size());
            awaitCounter(programs, PuntCounter.DROPPED_ENGINE_ABSENT, 1);
            assertEquals(2, programs.counter(PuntCounter.ENGINE_RECEIVED));
            assertEquals(node.config(OnEngineLoss.DROP), programs.config().orElseThrow());
            assertEquals(java.util.Map.of(node.workload, TestNode.podBehind()), programs.workloads());

            final PuntHooks hooks = attached(programs, hook);
            assertEquals(4, hooks.takenOverCount());
            assertEquals("XDP native, tc by " + hook, hooks.describePunt());
            try (Fd engine = node.engineSocket(programs)) {
                assertTrue(engine.number() >= 0);
                pod.send(PACKET);
                awaitCounter(programs, PuntCounter.ENGINE_RECEIVED, 3);
            }
            node.host.run(hooks::detachAll);
            assertNothingAttached();
        }
    }

    private void assertNothingAttached() {
        node.host.run(() -> {
            assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(node.punt1));
            assertEquals(0, BpfHooks.tcQuery(clsactFilter()));
        });
        assertEquals(List.of(), pins.removeAll().stream().filter(pin -> pin.startsWith("links/")).toList());
        pins = node.pins();
    }

    private BpfHooks.TcFilter clsactFilter() {
        return new BpfHooks.TcFilter(node.workload, BpfHooks.TC_INGRESS, 0xcaca1, 1);
    }

    @ParameterizedTest
    @EnumSource(TcHook.class)
    void shouldReplaceProgramsUnderTrafficWithoutLettingAPacketPast(final TcHook hook) throws InterruptedException {
        final int packetCount = 20_000;
        try (PuntPrograms first = loaded(); PuntPrograms second = loaded();
             PuntHooks hooks = attached(first, hook); PuntHooks nextHooks = attached(second, hook);
             Fd engine = node.engineSocket(first)) {
            assertEquals(4, nextHooks.takenOverCount());
            assertEquals(0, hooks.takenOverCount());
            final Thread traffic = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < packetCount; i++) {
                    pod.send(PACKET);
                }
            });
            int replacementCount = 0;
            while (traffic.isAlive()) {
                attached(replacementCount % 2 == 0 ? first : second, hook).close();
                replacementCount++;
            }
            traffic.join();
            assertTrue(engine.number() >= 0 && replacementCount > 0, "no replacement happened under traffic");
            awaitCounter(first, PuntCounter.ENGINE_RECEIVED, packetCount);
            assertEquals(packetCount, second.counter(PuntCounter.PUNTED_FROM_WORKLOAD));
            node.host.run(hooks::detachAll);
        }
    }

    @Test
    void shouldReplaceAPinnedMapOfAnotherShapeAndSayWhy() {
        PuntPrograms.load(pins, 16).close();
        try (PuntPrograms larger = PuntPrograms.load(pins, 32)) {
            final MapAdoption workloads = larger.adoptions().stream().filter(one -> one.map().equals("workloads"))
                .findFirst().orElseThrow();
            assertEquals(new MapAdoption("workloads", Outcome.REPLACED, "it has room for 16 entries, wanted 32"),
                workloads);
            assertTrue(larger.adoptions().contains(new MapAdoption("config", Outcome.ADOPTED, "")));
        }
        try (PuntPrograms again = PuntPrograms.load(pins, 32)) {
            assertTrue(again.adoptions().stream().allMatch(one -> one.outcome() == Outcome.ADOPTED));
        }
    }

    @Test
    void shouldSweepLinksOfInterfacesThatAreGone() {
        try (PuntPrograms programs = loaded(); PuntHooks hooks = attached(programs, TcHook.TCX)) {
            assertEquals(List.of(), pins.sweepDefunctLinks());
            node.host.run(() -> {
                try (RouteNetlink netlink = RouteNetlink.open()) {
                    netlink.deleteLink(node.workload);
                }
            });
            assertEquals(List.of("tc-egress-" + node.workload, "tc-ingress-" + node.workload),
                pins.sweepDefunctLinks());
            node.host.run(() -> assertTrue(hooks.detachWorkload(node.workload),
                "an interface that is gone can be detached"));
        }
    }

    @Test
    void shouldRemoveTheFilterThatAnEngineWithoutTcxHasLeft() {
        try (PuntPrograms programs = loaded()) {
            node.host.run(() -> {
                TcLink.attach(programs.fromWorkload(), node.workload, TcDirection.INGRESS, pins,
                    List.of(TcHook.CLSACT)).close();
                assertTrue(BpfHooks.tcQuery(clsactFilter()) != 0, "a filter stays when its link is closed");
                final TcLink link = TcLink.attach(programs.fromWorkload(), node.workload, TcDirection.INGRESS, pins);
                assertEquals(TcHook.TCX, link.hook());
                assertEquals(0, BpfHooks.tcQuery(clsactFilter()));
                final TcLink back = TcLink.attach(programs.fromWorkload(), node.workload, TcDirection.INGRESS, pins,
                    List.of(TcHook.CLSACT));
                assertFalse(Files.exists(pins.linkPin("tc-ingress-" + node.workload)), "and the other way round");
                link.close();
                back.detach();
                assertEquals(0, BpfHooks.tcQuery(clsactFilter()));
            });
        }
    }

    /** Goal: no packet passes unseen from the quick hook to the lasting one, and nothing of the quick one is left. */
    @Test
    void shouldSettleUnderTrafficWhatWasAttachedForNow() throws InterruptedException {
        final int packetCount = 20_000;
        try (PuntPrograms programs = loaded();
            PuntHooks hooks = new PuntHooks(programs, pins, TcLink.TCX_THEN_CLSACT)) {
            node.host.run(() -> {
                hooks.attachPunt(node.punt0, node.punt1);
                hooks.attachWorkloadForNow(node.workload);
                assertTrue(BpfHooks.tcQuery(clsactFilter()) != 0, "attached without waiting");
                assertFalse(Files.exists(pins.linkPin("tc-ingress-" + node.workload)));
            });
            final Thread sender = Thread.ofPlatform().start(() -> {
                for (int packet = 0; packet < packetCount; packet++) {
                    pod.send(PACKET);
                }
            });
            node.host.run(() -> hooks.settleWorkload(node.workload));
            sender.join();
            awaitCounter(programs, PuntCounter.DROPPED_ENGINE_ABSENT, packetCount);
            node.host.run(() -> {
                assertEquals(0, BpfHooks.tcQuery(clsactFilter()));
                assertFalse(BpfHooks.tcHookDestroy(node.workload), "the qdisc of now has gone");
                assertTrue(Files.exists(pins.linkPin("tc-ingress-" + node.workload)));
                hooks.settleWorkload(node.workload);
                assertEquals(java.util.Set.of(node.workload), hooks.attachedWorkloads());
                hooks.detachAll();
            });
            assertNothingAttached();
        }
    }

    @Test
    void shouldNotTouchAStrangersFilter() {
        try (PuntPrograms programs = loaded()) {
            node.host.run(() -> {
                BpfHooks.tcHookCreate(node.workload);
                BpfHooks.tcAttach(clsactFilter(), programs.fromEngine().fd(), false);
                final NativeCallException refused = assertThrows(NativeCallException.class,
                    () -> TcLink.attach(programs.fromWorkload(), node.workload, TcDirection.INGRESS, null,
                    List.of(TcHook.CLSACT)));
                assertEquals(Errno.EEXIST, refused.errno());
                assertTrue(refused.getMessage().contains("the program from_engine is there"), refused.getMessage());
                TcLink.attach(programs.fromWorkload(), node.workload, TcDirection.INGRESS, pins).detach();
                assertEquals(programs.fromEngine().id(), BpfHooks.tcQuery(clsactFilter()));
            });
        }
    }

    @Test
    void shouldRefuseASecondEngineOnTheSamePuntPair() {
        try (PuntPrograms programs = loaded()) {
            node.host.run(() -> {
                try (XdpLink link = XdpLink.attach(programs.toEngine(), node.punt1, XdpLink.NATIVE_ONLY)) {
                    assertEquals(XdpAttachMode.NATIVE, link.mode());
                    final NativeCallException refused = assertThrows(NativeCallException.class,
                        () -> XdpLink.attach(programs.toEngine(), node.punt1, XdpLink.NATIVE_THEN_GENERIC));
                    assertEquals(Errno.EBUSY, refused.errno(), refused.getMessage());
                }
                assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(node.punt1));
            });
        }
    }

    @Test
    void shouldFallBackToGenericXdpWhereTheDriverRefuses() {
        try (PuntPrograms programs = loaded()) {
            node.host.run(() -> {
                // The other end has an MTU of 9000, too large for a page.
                final NativeCallException refused = assertThrows(NativeCallException.class,
                    () -> XdpLink.attach(programs.toEngine(), node.workload, XdpLink.NATIVE_ONLY));
                assertEquals(Errno.ERANGE, refused.errno(), refused.getMessage());
                try (XdpLink link = XdpLink.attach(programs.toEngine(), node.workload, XdpLink.NATIVE_THEN_GENERIC,
                    pins)) {
                    assertEquals(XdpAttachMode.GENERIC, link.mode());
                }
                try (XdpLink link = XdpLink.attach(programs.toEngine(), node.workload, XdpLink.GENERIC_ONLY, pins)) {
                    assertTrue(link.isTakenOver() && link.isAlive());
                    link.update(programs.toEngine());
                    link.detach();
                }
                assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(node.workload));
            });
        }
    }

    @Test
    void shouldRefuseToAttachAProgramOfTheWrongTypeOrToAnUnknownInterface() {
        try (PuntPrograms programs = loaded(); PuntHooks hooks = new PuntHooks(programs, pins,
            TcLink.TCX_THEN_CLSACT)) {
            assertThrows(IllegalArgumentException.class, () ->
                XdpLink.attach(programs.fromEngine(), 1, XdpLink.NATIVE_ONLY));
            assertThrows(IllegalArgumentException.class,
                () -> TcLink.attach(programs.toEngine(), 1, TcDirection.INGRESS, pins));
            assertThrows(IllegalStateException.class, () -> hooks.attachWorkload(4711));
            node.host.run(() -> assertEquals(Errno.ENODEV, assertThrows(NativeCallException.class,
                () -> TcLink.attach(programs.fromWorkload(), 4711, TcDirection.INGRESS, pins)).errno()));
        }
    }

    @Test
    void shouldRemoveEveryPinAndItsOwnMount() throws IOException {
        try (PuntPrograms programs = loaded()) {
            attached(programs, TcHook.TCX).close();
        }
        assertEquals("bpf", Files.getFileStore(pins.root()).type());
        final List<String> removed = pins.removeAll();
        assertEquals(4 + 11, removed.size(), removed.toString());
        assertFalse(Files.exists(pins.root()));
        assertFalse(Files.getFileStore(node.folder.resolve("bpf")).type().equals("bpf"), "the mount was ours");
        node.host.run(() -> assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(node.punt1)));
        pins = node.pins();
    }
}

package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.BpfHooks.TcFilter;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
import io.caracal.testing.OpenFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class LibBpfTest {
    /** {@code r0 = 2; exit}: XDP_PASS, or TC_ACT_SHOT. */
    private static final long[] RETURN_TWO = {0x00000002_000000b7L, 0x95L};
    /** {@code r0 = 1; exit}: XDP_DROP. */
    private static final long[] RETURN_ONE = {0x00000001_000000b7L, 0x95L};
    private static final int XDP_PASS = 2;

    @AfterEach
    void tearDown() {
        LibBpf.setLog((_, _) -> { });
    }

    @Test
    void shouldGiveTheLogToTheListener() {
        final List<String> texts = new ArrayList<>();
        LibBpf.setLog((level, text) -> texts.add(level + " " + text));

        final NativeCallException failure = openGarbage();

        assertEquals("open BPF object garbage: libbpf 4001 (BPF object format invalid)", failure.getMessage());
        assertTrue(texts.toString().contains("WARN libbpf: elf: 'garbage' is not a proper"), texts.toString());
    }

    @Test
    void shouldSurviveAListenerThatThrows() {
        final long before = LibBpf.logFailureCount();
        LibBpf.setLog((_, _) -> {
            throw new StackOverflowError("thrown out of an upcall");
        });

        assertEquals(4001, openGarbage().errno());

        assertTrue(LibBpf.logFailureCount() > before);
        assertTrue(LibBpf.version().startsWith("v1."), LibBpf.version());
    }

    @Test
    void shouldLoadTestAndDescribePrograms() {
        try (Fd program = program(BpfPrograms.TYPE_XDP, RETURN_TWO); Arena arena = Arena.ofConfined()) {
            final MemorySegment packet = arena.allocate(64);
            final MemorySegment output = arena.allocate(64);

            final BpfPrograms.TestRun run =
                BpfPrograms.testRun(program.number(), packet, MemorySegment.NULL, output, 3);

            assertEquals(new BpfPrograms.TestRun(XDP_PASS, 64, run.durationNs()), run);
            final BpfPrograms.ProgramInfo info = BpfPrograms.info(program.number());
            assertEquals(List.of(BpfPrograms.TYPE_XDP, "bindings_test", 16),
                List.of(info.type(), info.name(), info.tag().length()));
            try (Fd same = BpfPrograms.open(info.id())) {
                assertEquals(info, BpfPrograms.info(same.number()));
            }
            assertTrue(BpfPrograms.nextId(info.id() - 1) >= info.id());
        }
        assertEquals("load program bindings_test: EACCES (permission denied)",
            assertThrows(NativeCallException.class, () -> program(BpfPrograms.TYPE_XDP, 0x95L)).getMessage());
    }

    @Test
    void shouldLinkXdpReplaceItsProgramAndDetach() {
        onVeth(ifindex -> {
            try (Fd pass = program(BpfPrograms.TYPE_XDP, RETURN_TWO);
                Fd drop = program(BpfPrograms.TYPE_XDP, RETURN_ONE);
                Fd link = BpfLinks.create(pass.number(), ifindex, BpfLinks.BPF_XDP, BpfHooks.XDP_FLAGS_DRV_MODE)) {
                final int passId = BpfPrograms.info(pass.number()).id();
                final int dropId = BpfPrograms.info(drop.number()).id();
                final BpfLinks.LinkInfo info = BpfLinks.info(link.number());
                assertEquals(new BpfLinks.LinkInfo(BpfLinks.BPF_LINK_TYPE_XDP, info.id(), passId, ifindex, 0), info);
                assertEquals(new BpfHooks.XdpAttachment(passId, 0), BpfHooks.xdpQuery(ifindex));

                BpfLinks.update(link.number(), drop.number(), pass.number());
                assertEquals(dropId, BpfHooks.xdpQuery(ifindex).nativeProgramId());
                assertEquals(Errno.EPERM, assertThrows(NativeCallException.class,
                    () -> BpfLinks.update(link.number(), drop.number(), pass.number())).errno());
                assertEquals(Errno.EBUSY, assertThrows(NativeCallException.class,
                    () -> BpfHooks.xdpAttach(ifindex, pass.number(), BpfHooks.XDP_FLAGS_DRV_MODE)).errno());
                try (Fd again = BpfLinks.openLink(info.id())) {
                    BpfLinks.detach(again.number());
                }
                assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(ifindex));
            }
        });
    }

    @Test
    void shouldAttachXdpWithoutLink() {
        onVeth(ifindex -> {
            try (Fd pass = program(BpfPrograms.TYPE_XDP, RETURN_TWO)) {
                BpfHooks.xdpAttach(ifindex, pass.number(), BpfHooks.XDP_FLAGS_SKB_MODE);
                final int id = BpfPrograms.info(pass.number()).id();
                assertEquals(new BpfHooks.XdpAttachment(0, id), BpfHooks.xdpQuery(ifindex));
                BpfHooks.xdpDetach(ifindex, BpfHooks.XDP_FLAGS_SKB_MODE, pass.number());
                assertEquals(new BpfHooks.XdpAttachment(0, 0), BpfHooks.xdpQuery(ifindex));
            }
        });
    }

    @Test
    void shouldLinkTcxBothWays() {
        onVeth(ifindex -> {
            try (Fd program = program(BpfPrograms.TYPE_SCHED_CLS, RETURN_TWO)) {
                for (final int hook : new int[] {BpfLinks.BPF_TCX_INGRESS, BpfLinks.BPF_TCX_EGRESS}) {
                    try (Fd link = BpfLinks.create(program.number(), ifindex, hook, BpfLinks.BPF_F_BEFORE)) {
                        final BpfLinks.LinkInfo info = BpfLinks.info(link.number());
                        assertEquals(new BpfLinks.LinkInfo(BpfLinks.BPF_LINK_TYPE_TCX, info.id(),
                            BpfPrograms.info(program.number()).id(), ifindex, hook), info);
                    }
                }
                assertEquals("attach program to tcx ingress of ifindex 4711: ENODEV (no such device)",
                    assertThrows(NativeCallException.class,
                        () -> BpfLinks.create(program.number(), 4711, BpfLinks.BPF_TCX_INGRESS, 0)).getMessage());
            }
        });
    }

    @Test
    void shouldAttachReplaceAndDetachClsactFilters() {
        onVeth(ifindex -> {
            final TcFilter filter = new TcFilter(ifindex, BpfHooks.TC_EGRESS, 1, 2);
            try (Fd first = program(BpfPrograms.TYPE_SCHED_CLS, RETURN_TWO);
                Fd second = program(BpfPrograms.TYPE_SCHED_CLS, RETURN_ONE)) {
                assertTrue(BpfHooks.tcHookCreate(ifindex));
                assertFalse(BpfHooks.tcHookCreate(ifindex));
                assertEquals(0, BpfHooks.tcQuery(filter));

                BpfHooks.tcAttach(filter, first.number(), false);
                assertEquals(BpfPrograms.info(first.number()).id(), BpfHooks.tcQuery(filter));
                assertEquals("attach program to ifindex " + ifindex
                    + " tc egress filter 1 priority 2: EEXIST (file exists)",
                    assertThrows(NativeCallException.class,
                        () -> BpfHooks.tcAttach(filter, second.number(), false)).getMessage());
                BpfHooks.tcAttach(filter, second.number(), true);
                assertEquals(BpfPrograms.info(second.number()).id(), BpfHooks.tcQuery(filter));

                assertTrue(BpfHooks.tcDetach(filter));
                assertFalse(BpfHooks.tcDetach(filter));
                assertTrue(BpfHooks.tcHookDestroy(ifindex));
                assertFalse(BpfHooks.tcHookDestroy(ifindex));
            }
        });
    }

    private static NativeCallException openGarbage() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment garbage = arena.allocateFrom("this is no ELF file, however long it may be".repeat(9));
            return assertThrows(NativeCallException.class, () -> LibBpf.objectOpenMem(garbage, "garbage"));
        }
    }

    private static Fd program(final int type, final long... instructions) {
        return BpfPrograms.load(type, "bindings_test", 0, 0, instructions);
    }

    private static void onVeth(final IntConsumer body) {
        try (NetNamespace namespace = NetNamespace.create("bindings-b-" + ProcessHandle.current().pid())) {
            try {
                namespace.run(() -> {
                    try (RouteNetlink netlink = RouteNetlink.open()) {
                        netlink.createVeth(new VethSpec("b0", "b1"));
                        body.accept(netlink.link("b0").index());
                    }
                });
            } finally {
                namespace.delete();
            }
        }
    }
}

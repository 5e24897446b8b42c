package io.caracal.xdp.feature;

import static io.caracal.xdp.feature.Instructions.R0;
import static io.caracal.xdp.feature.Instructions.R1;
import static io.caracal.xdp.feature.Instructions.R10;
import static io.caracal.xdp.feature.Instructions.R2;
import static io.caracal.xdp.feature.Instructions.R3;
import static io.caracal.xdp.feature.Instructions.R4;
import static io.caracal.xdp.feature.Instructions.R5;
import static io.caracal.xdp.feature.Instructions.R6;
import static io.caracal.xdp.feature.Instructions.add;
import static io.caracal.xdp.feature.Instructions.call;
import static io.caracal.xdp.feature.Instructions.clearDoubleWord;
import static io.caracal.xdp.feature.Instructions.clearWord;
import static io.caracal.xdp.feature.Instructions.copy;
import static io.caracal.xdp.feature.Instructions.exit;
import static io.caracal.xdp.feature.Instructions.loadMap;
import static io.caracal.xdp.feature.Instructions.loadMapEnd;
import static io.caracal.xdp.feature.Instructions.move;
import static io.caracal.xdp.feature.Instructions.skipIfZero;

import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.BpfPrograms;
import io.caracal.bindings.Fd;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.Posix;
import io.caracal.xdp.punt.PuntPrograms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Probes of maps and helpers: a program of a few instructions that the verifier accepts if it knows what they use. */
final class BpfProbes {
    private static final int MAP_LOOKUP_ELEM = 1;
    private static final int SK_RELEASE = 86;
    private static final int SPIN_LOCK = 93;
    private static final int SPIN_UNLOCK = 94;
    private static final int SKC_LOOKUP_TCP = 99;
    private static final int REDIRECT_PEER = 155;
    private static final int CHECK_MTU = 163;
    private static final int BPF_F_XDP_HAS_FRAGS = 1 << 5;
    private static final int PAGE_SIZE = 4096;

    private BpfProbes() {
    }

    private static void loadTc(final String name, final long... instructions) {
        BpfPrograms.load(BpfPrograms.TYPE_SCHED_CLS, name, 0, 0, instructions).close();
    }

    static void loadBtf() {
        BtfBlob.load().close();
    }

    static void lockInMap() {
        try (Fd btf = BtfBlob.load(); Fd map = BtfBlob.createLockMap(btf)) {
            loadTc("probe_spin_lock", clearWord(-4), copy(R2, R10), add(R2, -4), loadMap(R1, map.number()),
                loadMapEnd(),
                call(MAP_LOOKUP_ELEM), skipIfZero(R0, 5), copy(R6, R0), copy(R1, R0), call(SPIN_LOCK), copy(R1, R6),
                call(SPIN_UNLOCK), move(R0, 0), exit());
        }
    }

    static void lookUpSocket() {
        loadTc("probe_skc", clearDoubleWord(-16), clearDoubleWord(-8), copy(R2, R10), add(R2, -16), move(R3, 12),
            move(R4, -1), move(R5, 0), call(SKC_LOOKUP_TCP), skipIfZero(R0, 2), copy(R1, R0), call(SK_RELEASE),
            move(R0, 0), exit());
    }

    static void lookUpInXskMap() {
        try (Fd map = BpfMaps.create(BpfMaps.TYPE_XSKMAP, "probe_xsks", Integer.BYTES, Integer.BYTES, 1, 0)) {
            loadTc("probe_xsks", clearWord(-4), copy(R2, R10), add(R2, -4), loadMap(R1, map.number()), loadMapEnd(),
                call(MAP_LOOKUP_ELEM), move(R0, 0), exit());
        }
    }

    static void redirectToPeer() {
        loadTc("probe_peer", move(R1, 1), move(R2, 0), call(REDIRECT_PEER), exit());
    }

    static void checkMtu() {
        loadTc("probe_mtu", clearWord(-4), move(R2, 1), copy(R3, R10), add(R3, -4), move(R4, 0), move(R5, 0),
            call(CHECK_MTU), move(R0, 0), exit());
    }

    static void loadCaracalsPrograms() {
        PuntPrograms.load(1).close();
    }

    static void loadFragsProgram() {
        loadXdp("probe_frags", BPF_F_XDP_HAS_FRAGS).close();
    }

    /** An XDP program that lets everything pass. */
    static Fd loadXdp(final String name, final int flags) {
        final int xdpPass = 2;
        return BpfPrograms.load(BpfPrograms.TYPE_XDP, name, 0, flags, move(R0, xdpPass), exit());
    }

    /** A tc program that lets everything pass. */
    static Fd loadTcPass(final String name) {
        return BpfPrograms.load(BpfPrograms.TYPE_SCHED_CLS, name, 0, 0, move(R0, 0), exit());
    }

    static void updateInBatch() {
        try (Fd map = BpfMaps.create(BpfMaps.TYPE_HASH, "probe_batch", Long.BYTES, Long.BYTES, 2, 0);
             Arena arena = Arena.ofConfined()) {
            final MemorySegment keys = arena.allocate(2 * Long.BYTES, Long.BYTES);
            keys.set(ValueLayout.JAVA_LONG, Long.BYTES, 1);
            BpfMaps.updateBatch(map.number(), keys, arena.allocate(2 * Long.BYTES, Long.BYTES), 2);
        }
    }

    static void mapArray() {
        try (Fd map = BpfMaps.create(BpfMaps.TYPE_ARRAY, "probe_mmap", Integer.BYTES, PAGE_SIZE, 1,
            BpfMaps.F_MMAPABLE)) {
            MappedRegion.shared(map.number(), 0, PAGE_SIZE, Posix.PROT_READ | Posix.PROT_WRITE).close();
        }
    }
}

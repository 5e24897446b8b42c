package io.caracal.xdp;

import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.Errno;
import io.caracal.bindings.LibBpf;
import io.caracal.bindings.MappedRegion;
import io.caracal.bindings.NativeCallException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * An ELF file's programs and maps, loaded into this kernel. One thread loads and closes it; its maps may be used by
 * any. Closing frees the descriptors: what is attached or pinned stays in the kernel, the rest goes.
 *
 * <p>Needs CAP_BPF and CAP_NET_ADMIN (Linux 5.8; CAP_SYS_ADMIN before), libbpf 1.0 and a kernel with BTF support of
 * user objects (4.18).
 */
public final class BpfObject implements AutoCloseable {
    /** One program's log; the verifier's last lines, which matter, are written only when all before them have room. */
    private static final long VERIFIER_LOG_SIZE = 1 << 20;

    private final String name;
    private final MemorySegment pointer;
    private final Map<String, BpfProgram> programs = new TreeMap<>();
    private final Map<String, BpfMapHandle> maps = new TreeMap<>();
    private final List<MapAdoption> adoptions;
    private boolean isClosed;

    private BpfObject(final String name, final MemorySegment pointer, final List<MapAdoption> adoptions) {
        this.name = name;
        this.pointer = pointer;
        this.adoptions = List.copyOf(adoptions);
    }

    /**
     * Loads an object whose maps live as long as it does.
     *
     * @param spec its blueprint.
     * @return the object, to be closed.
     * @throws VerifierException when a program is refused.
     * @throws NativeCallException LIBBPF_ERRNO__FORMAT for bytes that are no eBPF ELF file, ENOENT for a map that
     *     the file has not or a missing libbpf, EPERM without the capabilities, ENOMEM or EINVAL for a map that is too
     *     large.
     */
    public static BpfObject load(final BpfObjectSpec spec) {
        return load(spec, MapPins.NONE);
    }

    /**
     * Loads an object whose maps are pinned: maps that an earlier engine has left there are used again when they are
     * alike, with their entries, and replaced when not. What became of each is in {@link #adoptions()}. Pins change
     * only after the load has worked.
     *
     * @param spec its blueprint; a shared map is left alone.
     * @param pins where.
     * @return the object, to be closed.
     * @throws VerifierException when a program is refused.
     * @throws NativeCallException as {@link #load(BpfObjectSpec)}, and when a pin cannot be read or made.
     */
    public static BpfObject load(final BpfObjectSpec spec, final PinDirectory pins) {
        return load(spec, new MapPins(pins));
    }

    private static BpfObject load(final BpfObjectSpec spec, final MapPins pins) {
        final byte[] elf = spec.elf();
        /* Mapped, and not an arena's: that clears what it allocates word by word, in code that is not compiled yet. */
        try (MappedRegion bytes = MappedRegion.anonymous(elf.length, 0)) {
            bytes.segment().copyFrom(MemorySegment.ofArray(elf));
            final MemorySegment pointer = LibBpf.objectOpenMem(bytes.segment(), spec.name());
            try {
                final List<MapAdoption> adoptions = prepareMaps(pointer, spec, pins);
                loadPrograms(pointer, spec);
                final BpfObject object = new BpfObject(spec.name(), pointer, adoptions);
                object.collect(spec.skippedPrograms());
                pins.pin(object.maps, spec.sharedMaps().keySet(), adoptions);
                return object;
            } catch (final RuntimeException | Error e) {
                LibBpf.objectClose(pointer);
                throw e;
            }
        }
    }

    private static List<MapAdoption> prepareMaps(final MemorySegment pointer, final BpfObjectSpec spec,
        final MapPins pins) {
        spec.mapSizes().forEach((map, size) -> BpfMaps.mapSetMaxEntries(LibBpf.objectFindMap(pointer, map), size));
        spec.sharedMaps().forEach((map, shared) -> BpfMaps.mapReuseFd(LibBpf.objectFindMap(pointer, map), shared.fd()));
        final List<MapAdoption> adoptions = new ArrayList<>();
        for (MemorySegment map = LibBpf.objectNextMap(pointer, MemorySegment.NULL); !map.equals(MemorySegment.NULL);
             map = LibBpf.objectNextMap(pointer, map)) {
            if (!spec.sharedMaps().containsKey(BpfMaps.mapName(map))) {
                pins.adopt(map, adoptions);
            }
        }
        return adoptions;
    }

    private static void loadPrograms(final MemorySegment pointer, final BpfObjectSpec spec) {
        final List<String> wanted = new ArrayList<>();
        for (MemorySegment program = LibBpf.objectNextProgram(pointer, MemorySegment.NULL);
             !program.equals(MemorySegment.NULL); program = LibBpf.objectNextProgram(pointer, program)) {
            if (spec.skippedPrograms().contains(LibBpf.programName(program))) {
                LibBpf.programSetAutoload(program, false);
                continue;
            }
            wanted.add(LibBpf.programName(program));
        }
        try (MappedRegion region = MappedRegion.anonymous(Math.max(1, wanted.size()) * VERIFIER_LOG_SIZE, 0)) {
            final Map<String, MemorySegment> logs = new TreeMap<>();
            for (final String program : wanted) {
                final MemorySegment log = region.segment().asSlice(logs.size() * VERIFIER_LOG_SIZE, VERIFIER_LOG_SIZE);
                LibBpf.programSetLogBuf(LibBpf.objectFindProgram(pointer, program), log, 0);
                logs.put(program, log);
            }
            loadWithLogs(pointer, spec, logs);
        }
    }

    private static void loadWithLogs(final MemorySegment pointer, final BpfObjectSpec spec,
        final Map<String, MemorySegment> logs) {
        try {
            LibBpf.objectLoad(pointer);
        } catch (final NativeCallException e) {
            throw verifierException(spec, logs, e);
        }
    }

    /** libbpf stops at the first program that is refused, so only one log has anything in it. */
    private static RuntimeException verifierException(final BpfObjectSpec spec, final Map<String, MemorySegment> logs,
        final NativeCallException failure) {
        for (final Map.Entry<String, MemorySegment> entry : logs.entrySet()) {
            final String log = entry.getValue().getString(0);
            if (!log.isBlank()) {
                final VerifierException refused =
                    new VerifierException(entry.getKey(), spec.name(), Errno.name(failure.errno()), log);
                refused.initCause(failure);
                return refused;
            }
        }
        return failure;
    }

    private void collect(final Set<String> skippedPrograms) {
        for (MemorySegment program = LibBpf.objectNextProgram(pointer, MemorySegment.NULL);
             !program.equals(MemorySegment.NULL); program = LibBpf.objectNextProgram(pointer, program)) {
            final String programName = LibBpf.programName(program);
            if (!skippedPrograms.contains(programName)) {
                programs.put(programName, BpfProgram.of(programName, LibBpf.programFd(program)));
            }
        }
        for (MemorySegment map = LibBpf.objectNextMap(pointer, MemorySegment.NULL); !map.equals(MemorySegment.NULL);
             map = LibBpf.objectNextMap(pointer, map)) {
            final String mapName = BpfMaps.mapName(map);
            maps.put(mapName, BpfMapHandle.of(BpfMaps.mapFd(map), mapName));
        }
    }

    /**
     * The name that its blueprint gave it.
     *
     * @return for messages.
     */
    public String name() {
        return name;
    }

    /**
     * A program of the object.
     *
     * @param programName of the C function.
     * @return the program.
     * @throws IllegalArgumentException when there is none; the message lists those that are.
     */
    public BpfProgram program(final String programName) {
        return require(programs, programName, "program");
    }

    /**
     * A map of the object, shared ones too.
     *
     * @param mapName in the C source.
     * @return the map.
     * @throws IllegalArgumentException when there is none; the message lists those that are.
     */
    public BpfMapHandle map(final String mapName) {
        return require(maps, mapName, "map");
    }

    /**
     * The map of sockets.
     *
     * @param mapName in the C source.
     * @return the map.
     * @throws IllegalArgumentException when there is none, or it is of another type.
     */
    public XskMap xskMap(final String mapName) {
        return new XskMap(map(mapName));
    }

    /**
     * What became of the pins of an earlier engine.
     *
     * @return one for each map that was looked for at a pin; empty for an object without pins.
     */
    public List<MapAdoption> adoptions() {
        return adoptions;
    }

    private <T> T require(final Map<String, T> all, final String wanted, final String kind) {
        if (isClosed) {
            throw new IllegalStateException("use " + kind + ' ' + wanted + " of eBPF object " + name
                + ": it is closed");
        }
        final T found = all.get(wanted);
        if (found == null) {
            throw new IllegalArgumentException("eBPF object " + name + " has no " + kind + ' ' + wanted + ", only "
                + all.keySet());
        }
        return found;
    }

    /** Frees the descriptors; further calls do nothing. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            LibBpf.objectClose(pointer);
        }
    }
}

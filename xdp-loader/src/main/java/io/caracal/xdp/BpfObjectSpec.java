package io.caracal.xdp;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The blueprint of a {@link BpfObject}: the bytes of an ELF file that clang made, and what differs from it on this
 * node. Nothing here depends on the running kernel; that begins with {@link BpfObject#load}. Immutable, any thread.
 *
 * <pre>{@code
 * final BpfObjectSpec spec = BpfObjectSpec.fromResource("pod", PuntPrograms.class, "/bpf/pod.bpf.o")
 *     .withMapSize("workloads", 256);
 * try (BpfObject pod = BpfObject.load(spec, pins)) { … }
 * }</pre>
 *
 * @param name of the object, in messages and as the prefix of its unnamed maps; at most 15 characters are kept by
 *     the kernel.
 * @param elf the file's bytes.
 * @param mapSizes entries of maps by name, where the file's number is not wanted.
 * @param sharedMaps maps by name that exist already and are used instead of new ones.
 * @param skippedPrograms programs of the file that are not loaded.
 */
public record BpfObjectSpec(String name, byte[] elf, Map<String, Integer> mapSizes, Map<String,
    BpfMapHandle> sharedMaps, Set<String> skippedPrograms) {
    /** Copies everything, so that the blueprint cannot change later. */
    public BpfObjectSpec {
        elf = elf.clone();
        mapSizes = Map.copyOf(mapSizes);
        sharedMaps = Map.copyOf(sharedMaps);
        skippedPrograms = Set.copyOf(skippedPrograms);
    }

    /**
     * Of the bytes of a file, without changes to it.
     *
     * @param name of the object.
     * @param elf the file's bytes.
     * @return the blueprint.
     */
    public static BpfObjectSpec of(final String name, final byte[] elf) {
        return new BpfObjectSpec(name, elf, Map.of(), Map.of(), Set.of());
    }

    /**
     * Of a file in the jar.
     *
     * @param name of the object.
     * @param anchor a class of the jar or module that has the file.
     * @param path absolute, such as {@code /bpf/pod.bpf.o}.
     * @return the blueprint.
     * @throws IllegalArgumentException when the jar has no such file: it was built without the eBPF programs.
     */
    public static BpfObjectSpec fromResource(final String name, final Class<?> anchor, final String path) {
        try (InputStream in = anchor.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("open eBPF object " + name + ": " + path
                    + " is not in the jar (build it with ./caracal test or mvn package)");
            }
            return of(name, in.readAllBytes());
        } catch (final IOException e) {
            throw new UncheckedIOException("read eBPF object " + name + " from " + path, e);
        }
    }

    /**
     * With another number of entries in a map.
     *
     * @param map its name in the C source.
     * @param entryCountMax how many entries it may have.
     * @return a new blueprint.
     * @throws IllegalArgumentException for less than one entry.
     */
    public BpfObjectSpec withMapSize(final String map, final int entryCountMax) {
        if (entryCountMax < 1) {
            throw new IllegalArgumentException("map " + map + " of eBPF object " + name + " needs room for at least 1"
                + " entry, not " + entryCountMax);
        }
        return new BpfObjectSpec(name, elf, with(mapSizes, map, entryCountMax), sharedMaps, skippedPrograms);
    }

    /**
     * With a map of another object in place of its own of the same name.
     *
     * @param map the existing map; it must stay open until the load.
     * @return a new blueprint.
     */
    public BpfObjectSpec withSharedMap(final BpfMapHandle map) {
        return new BpfObjectSpec(name, elf, mapSizes, with(sharedMaps, map.name(), map), skippedPrograms);
    }

    /**
     * Without a program that this kernel may not know, or that is not wanted.
     *
     * @param program name of the C function.
     * @return a new blueprint.
     */
    public BpfObjectSpec withoutProgram(final String program) {
        final Set<String> skipped = new TreeSet<>(skippedPrograms);
        skipped.add(program);
        return new BpfObjectSpec(name, elf, mapSizes, sharedMaps, skipped);
    }

    private static <V> Map<String, V> with(final Map<String, V> map, final String key, final V value) {
        final Map<String, V> extended = new TreeMap<>(map);
        extended.put(key, value);
        return extended;
    }

    /**
     * The file's bytes.
     *
     * @return a copy.
     */
    @Override
    public byte[] elf() {
        return elf.clone();
    }

    @Override
    public boolean equals(final Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}

package io.caracal.xdp;

import io.caracal.bindings.BpfMaps;

/** The kinds of map that Caracal makes, with the kernel's numbers ({@code enum bpf_map_type}). */
public enum MapType {
    /** Any keys. */
    HASH(BpfMaps.TYPE_HASH),
    /** Keys 0 to n - 1, all of them always present. */
    ARRAY(BpfMaps.TYPE_ARRAY),
    /** As {@link #HASH}, a value for each CPU. */
    PERCPU_HASH(BpfMaps.TYPE_PERCPU_HASH),
    /** As {@link #ARRAY}, a value for each CPU. */
    PERCPU_ARRAY(BpfMaps.TYPE_PERCPU_ARRAY),
    /** Longest prefix match. */
    LPM_TRIE(BpfMaps.TYPE_LPM_TRIE),
    /** Queue to AF_XDP socket. */
    XSKMAP(BpfMaps.TYPE_XSKMAP),
    /** One that this list does not know, such as the array behind {@code .rodata} of a newer libbpf. */
    OTHER(-1);

    private final int number;

    MapType(final int number) {
        this.number = number;
    }

    /**
     * The kernel's number.
     *
     * @return of {@code enum bpf_map_type}; -1 for {@link #OTHER}.
     */
    public int number() {
        return number;
    }

    static MapType of(final int number) {
        for (final MapType type : values()) {
            if (type.number == number) {
                return type;
            }
        }
        return OTHER;
    }

    boolean isPerCpu() {
        return this == PERCPU_HASH || this == PERCPU_ARRAY;
    }
}

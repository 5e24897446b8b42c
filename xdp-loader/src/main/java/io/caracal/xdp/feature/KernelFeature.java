package io.caracal.xdp.feature;

/**
 * What Caracal uses of a kernel and can be told apart by trying: what it is, which mainline kernel has it
 * (distributions port back, so that is for people to read, never for a program to decide by), and what happens without
 * it.
 */
public enum KernelFeature {
    /** Type information of maps and programs. */
    BTF("BTF of user objects", "4.18", Need.REQUIRED, "the programs do not load"),
    /** The lock in a map's value. */
    SPIN_LOCK("bpf_spin_lock", "5.1", Need.REQUIRED, "the programs do not load: no limit on misses"),
    /** The helper that finds a socket of the host. */
    SKC_LOOKUP_TCP("bpf_skc_lookup_tcp", "5.2", Need.REQUIRED,
        "the programs do not load: no way to tell the host's probes while the engine is away"),
    /** The lookup that shows whether the engine lives. */
    XSKMAP_LOOKUP("lookup in an XSKMAP from tc", "5.3", Need.REQUIRED,
        "the programs do not load: no way to see that the engine is gone"),
    /** The helper that delivers into a pod. */
    REDIRECT_PEER("bpf_redirect_peer", "5.10", Need.REQUIRED, "the programs do not load: no delivery into pods"),
    /** The helper that measures a packet against an interface. */
    CHECK_MTU("bpf_check_mtu", "5.12", Need.REQUIRED, "the programs do not load: packets too big would vanish"),
    /** What is shipped, as a whole. */
    PROGRAMS("Caracal's own programs pass the verifier", "5.15", Need.REQUIRED, "the engine does not start"),
    /** XDP that a descriptor or a pin keeps. */
    XDP_LINK("XDP by BPF link, native on veth", "5.9", Need.REQUIRED, "the engine does not start"),
    /** XDP in the stack. */
    XDP_GENERIC("generic XDP by BPF link", "5.9", Need.OPTIONAL,
        "an uplink whose driver has no XDP is used in kernel mode (vxlan.calico, tc)"),
    /** tc by link. */
    TCX("tc programs by tcx link", "6.6", Need.OPTIONAL,
        "clsact filters: they stay when the engine dies without pins, and other agents can remove them"),
    /** tc by qdisc. */
    CLSACT("tc programs by clsact filter", "4.5", Need.OPTIONAL,
        "nothing where tcx is there; else the engine does not start"),
    /** XDP on packets in several pieces. */
    XDP_FRAGS("XDP programs for packets in several buffers", "5.18", Need.OPTIONAL,
        "interfaces with XDP have an MTU of 3506 at most"),
    /** Sockets that share packets with the kernel. */
    AF_XDP_COPY("AF_XDP on veth, copy mode", "5.10", Need.REQUIRED, "the engine does not start"),
    /** The flag by which the kernel asks for a system call. */
    AF_XDP_NEED_WAKEUP("AF_XDP need_wakeup", "5.4", Need.OPTIONAL, "a system call for every burst, asked for or not"),
    /** Packets in several frames. */
    AF_XDP_MULTI_BUFFER("AF_XDP multi-buffer (XDP_USE_SG)", "6.6", Need.OPTIONAL,
        "packets above 3840 bytes do not reach the engine"),
    /** More than 32 packets a call. */
    AF_XDP_TX_BUDGET("AF_XDP transmit budget (XDP_MAX_TX_SKB_BUDGET)", "6.17", Need.OPTIONAL,
        "a system call for each 32 packets sent"),
    /** Driving a device by those who use it. */
    BUSY_POLL("preferred busy polling, interrupts deferred", "5.11", Need.OPTIONAL,
        "interrupts drive uplinks, whatever uplink-busy-poll says"),
    /** Checksums left to the kernel. */
    AF_XDP_TX_METADATA("AF_XDP transmit metadata", "6.8", Need.OPTIONAL, "checksums are completed in Java"),
    /** Many elements in one call. */
    MAP_BATCH("batch operations on hash maps", "5.6", Need.OPTIONAL, "a system call for each entry of a map"),
    /** Arrays that Java writes without a call. */
    MAP_MMAP("memory-mapped arrays", "5.5", Need.REQUIRED, "no flow cache: offload is off"),
    /** Neighbours that the kernel keeps alive. */
    MANAGED_NEIGHBOUR("managed neighbours", "5.16", Need.OPTIONAL, "next hops are asked for again every 20 seconds"),
    /** Large pages for packet memory. */
    HUGE_PAGES("huge pages of 2 MiB", "2.6.32", Need.OPTIONAL,
        "packet memory in pages of 4 KiB (to reserve some: sysctl vm.nr_hugepages=64)");

    /** Whether Caracal works without a feature. */
    public enum Need {
        /** It does not start, or lacks what it is for. */
        REQUIRED,
        /** It works, with what the row says. */
        OPTIONAL
    }

    private final String title;
    private final String sinceKernel;
    private final Need need;
    private final String without;

    KernelFeature(final String title, final String sinceKernel, final Need need, final String without) {
        this.title = title;
        this.sinceKernel = sinceKernel;
        this.need = need;
        this.without = without;
    }

    /**
     * What it is.
     *
     * @return a few words for the first column of a table.
     */
    public String title() {
        return title;
    }

    /**
     * The first mainline kernel with it.
     *
     * @return such as {@code 6.6}.
     */
    public String sinceKernel() {
        return sinceKernel;
    }

    /**
     * Whether Caracal works without it.
     *
     * @return what its absence means.
     */
    public Need need() {
        return need;
    }

    /**
     * What Caracal does without it.
     *
     * @return half a sentence.
     */
    public String without() {
        return without;
    }
}

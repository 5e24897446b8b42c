package io.caracal.xdp.uplink;

import java.util.List;

/** How packets for pods are taken from an uplink. Which one works is found by trying, never by the kernel's version. */
public enum UplinkMode {
    /** XDP in the driver; attaching may reset the interface of a NIC. Zero-copy or not is the sockets' matter. */
    NATIVE,
    /**
     * XDP in the stack, after an skb was made: on any Ethernet interface, VLAN interfaces and bonds too. GRO and LRO
     * must be off, or it is given packets of 64 kB, which no frame can hold; attaching switches them off.
     */
    GENERIC,
    /**
     * No XDP: the host's overlay device decapsulates, and tc programs on it and on the uplink give packets to the
     * engine by the punt pair.
     */
    KERNEL;

    /** The best first. */
    public static final List<UplinkMode> ALL = List.of(NATIVE, GENERIC, KERNEL);
}

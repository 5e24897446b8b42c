package io.caracal.xdp.uplink;

/**
 * What the programs of uplinks count, one constant for each of {@code enum uplink_counter} in {@code uplink.h}: the
 * same names without {@code UPLINK_}, the same ids. The README's table is this list.
 */
public enum UplinkCounter {
    /** Decapsulation is the engine's. */
    TAKEN_OVERLAY(0, "VXLAN packets for pods given to the engine"),
    /** From the same subnet, or from outside. */
    TAKEN_PLAIN(1, "packets for pods without encapsulation given to the engine"),
    /** By exact binding, or following a first fragment. */
    TAKEN_NAT_RETURN(2, "returns of NAT-outgoing given to the engine"),
    /** Their embedded packet has a binding. */
    TAKEN_NAT_ERROR(3, "ICMP errors about NAT-outgoing given to the engine"),
    /** SSH, kubelet, BGP, ARP, DHCP, other VXLAN networks. */
    PASSED(4, "packets that are the host's"),
    /** The engine is away, or has no socket on this queue. */
    PASSED_NO_SOCKET(5, "packets for pods passed to the host's stack for want of a socket"),
    /** The host would answer with an RST. */
    DROPPED_NO_SOCKET(6, "returns of NAT-outgoing dropped for want of a socket"),
    /** Felix's rules drop it too. */
    DROPPED_UNKNOWN_VTEP(7, "VXLAN packets of our VNI from a node that is no VTEP"),
    /** Unwrapped by the kernel's own device, or as they are: the flow cache sends them on from tc. */
    PASSED_OFFLOADED(8, "packets of flows in the flow cache left to the kernel");

    private final int id;
    private final String meaning;

    UplinkCounter(final int id, final String meaning) {
        this.id = id;
        this.meaning = meaning;
    }

    /**
     * The key in the map {@code uplink_counters}.
     *
     * @return stable over versions; ids are never reused.
     */
    public int id() {
        return id;
    }

    /**
     * What is counted, for a table or a metric's help text.
     *
     * @return half a sentence.
     */
    public String meaning() {
        return meaning;
    }
}

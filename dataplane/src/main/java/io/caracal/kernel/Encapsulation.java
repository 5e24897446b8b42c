package io.caracal.kernel;

/** What may wrap a pod's packet on its way to another node, and how many bytes it adds (felix int_dataplane.go). */
public enum Encapsulation {
    /** IPv4 in IPv4. */
    IPIP(20),
    /** Outer IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14. */
    VXLAN_IPV4(50),
    /** Outer IPv6 40, UDP 8, VXLAN 8, inner Ethernet 14. */
    VXLAN_IPV6(70),
    /** Outer IPv4 20, UDP 8, WireGuard 32. */
    WIREGUARD_IPV4(60),
    /** Outer IPv6 40, UDP 8, WireGuard 32. */
    WIREGUARD_IPV6(80);

    private final int overheadLength;

    Encapsulation(final int overheadLength) {
        this.overheadLength = overheadLength;
    }

    /**
     * What it adds to a packet.
     *
     * @return bytes.
     */
    public int overheadLength() {
        return overheadLength;
    }
}

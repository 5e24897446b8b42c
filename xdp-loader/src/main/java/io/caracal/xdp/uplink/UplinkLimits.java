package io.caracal.xdp.uplink;

/**
 * How much the maps of the uplinks' programs hold.
 *
 * @param localAddresses addresses of workloads on this node.
 * @param vteps addresses of other nodes.
 * @param natBindings translations of NAT-outgoing that live at a time; each takes some 100 bytes of kernel memory at
 *     once, used or not.
 */
public record UplinkLimits(int localAddresses, int vteps, int natBindings) {
    /** 4,096 addresses, a cluster of 16,384 nodes, 262,144 translations: some 26 MB. */
    public static final UplinkLimits DEFAULT = new UplinkLimits(4096, 16_384, 262_144);

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException for less than one of anything.
     */
    public UplinkLimits {
        if (localAddresses < 1 || vteps < 1 || natBindings < 1) {
            throw new IllegalArgumentException("room for " + localAddresses + " local addresses, " + vteps
                + " VTEPs, " + natBindings + " NAT bindings: each must be at least 1");
        }
    }
}

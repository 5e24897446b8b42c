package io.caracal.route;

/**
 * How packets are wrapped in VXLAN (RFC 7348). Immutable; any thread.
 *
 * @param vni network identifier, 0 .. 2^24 - 1; Calico's is 4096.
 * @param port destination port, 1 .. 65535; IANA's is 4789.
 * @param ttl outer TTL or hop limit, 1 .. 255; Linux's default is 64.
 * @param udpChecksum whether IPv4 packets carry an outer UDP checksum. RFC 7348 says they should not; Felix's own
 *     device computes it. Over IPv6 there is always one (RFC 8200 section 8.1).
 * @param copyDscp whether the outer header has the inner one's DSCP (RFC 2983 uniform model) or 0 (Linux's default).
 *     ECN is always copied, as RFC 6040 section 4.1 says.
 * @param dontFragment whether the outer IPv4 header forbids fragmentation on the way; Linux's device does not.
 */
public record VxlanSettings(int vni, int port, int ttl, boolean udpChecksum, boolean copyDscp, boolean dontFragment) {
    /** What Calico's VXLAN pools use, without outer checksum. */
    public static final VxlanSettings DEFAULT = new VxlanSettings(4096, 4789, 64, false, false, false);

    private static final int VNI_LIMIT = 1 << 24;

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming what is out of range.
     */
    public VxlanSettings {
        require("vni", vni, 0, VNI_LIMIT - 1);
        require("port", port, 1, 0xFFFF);
        require("ttl", ttl, 1, 0xFF);
    }

    private static void require(final String what, final int value, final int min, final int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                "VXLAN " + what + " must be within " + min + " and " + max + ": " + value);
        }
    }
}

package io.caracal.xdp.uplink;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;

/**
 * What the uplinks' programs need to know of this node: the one entry of the map {@code uplink_config}, {@code struct
 * uplink_config} of {@code uplink.h}. It may be written while traffic runs; a packet sees either value of each field.
 *
 * @param vni of the overlay; Calico's default is 4096.
 * @param vxlanPort UDP port of the overlay, 4789 as a rule; 0 where there is no overlay.
 * @param localIpv4 this node's outer address of IPv4; null for none.
 * @param localIpv6 this node's outer address of IPv6; null for none.
 * @param dropsUnknownVteps whether our VNI from a node that is no VTEP is dropped, as Felix's rules do; false lets the
 *     kernel's own overlay device decapsulate it.
 * @param overlayIpv4 ifindex of the overlay device that decapsulates what comes to {@code localIpv4}; 0 for none.
 * @param overlayIpv6 the same for {@code localIpv6}.
 */
public record UplinkConfig(int vni, int vxlanPort, Inet4Address localIpv4, Inet6Address localIpv6,
    boolean dropsUnknownVteps, int overlayIpv4, int overlayIpv6) {
    /** Of a node without an overlay: plain packets and returns of NAT are taken. */
    public static final UplinkConfig WITHOUT_OVERLAY = new UplinkConfig(0, 0, null, null, false, 0, 0);

    /** The layout of {@code struct uplink_config}. */
    public static final MapCodec<UplinkConfig> CODEC = new Codec();

    private static final int VNI_MAX = 0xffffff;
    private static final int PORT_MAX = 0xffff;

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException which field, its value and the range.
     */
    public UplinkConfig {
        if (vni < 0 || vni > VNI_MAX || vxlanPort < 0 || vxlanPort > PORT_MAX) {
            throw new IllegalArgumentException("VNI " + vni + " and port " + vxlanPort
                + " of the overlay must be 24 and 16 bits");
        }
    }

    private static final class Codec implements MapCodec<UplinkConfig> {
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
        private static final int LOCAL_V4_OFFSET = 0;
        private static final int LOCAL_V6_OFFSET = AddressCodec.SIZE;
        private static final int VNI_OFFSET = 40;
        private static final int VXLAN_PORT_OFFSET = 44;
        private static final int DROP_UNKNOWN_VTEP_OFFSET = 48;
        private static final int OVERLAY_V4_OFFSET = 52;
        private static final int OVERLAY_V6_OFFSET = 56;

        @Override
        public int size() {
            return 60;
        }

        @Override
        public void write(final MemorySegment target, final UplinkConfig value) {
            AddressCodec.INSTANCE.write(target.asSlice(LOCAL_V4_OFFSET, AddressCodec.SIZE), value.localIpv4);
            AddressCodec.INSTANCE.write(target.asSlice(LOCAL_V6_OFFSET, AddressCodec.SIZE), value.localIpv6);
            target.set(INT, VNI_OFFSET, value.vni);
            target.set(INT, VXLAN_PORT_OFFSET, value.vxlanPort);
            target.set(INT, DROP_UNKNOWN_VTEP_OFFSET, value.dropsUnknownVteps ? 1 : 0);
            target.set(INT, OVERLAY_V4_OFFSET, value.overlayIpv4);
            target.set(INT, OVERLAY_V6_OFFSET, value.overlayIpv6);
        }

        @Override
        public UplinkConfig read(final MemorySegment source) {
            return new UplinkConfig(source.get(INT, VNI_OFFSET), source.get(INT, VXLAN_PORT_OFFSET),
                (Inet4Address)AddressCodec.INSTANCE.read(source.asSlice(LOCAL_V4_OFFSET, AddressCodec.SIZE)),
                (Inet6Address)AddressCodec.INSTANCE.read(source.asSlice(LOCAL_V6_OFFSET, AddressCodec.SIZE)),
                source.get(INT, DROP_UNKNOWN_VTEP_OFFSET) != 0, source.get(INT, OVERLAY_V4_OFFSET),
                source.get(INT, OVERLAY_V6_OFFSET));
        }
    }
}

package io.caracal.xdp.uplink;

import io.caracal.netlink.MacAddress;
import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * An uplink or overlay device of this node as its programs know it: {@code struct device} of {@code caracal.h}.
 *
 * @param mac its own Ethernet address: only frames to it are looked at.
 * @param vlanId VLAN whose tagged frames are ours, when the program is on the device below a VLAN interface; 0 for
 *     untagged frames.
 * @param queueBase key of its first receive queue's socket in {@link UplinkPrograms#sockets()}.
 * @param queueCount its receive queues; 0 for a device without sockets.
 */
public record UplinkDevice(MacAddress mac, int vlanId, int queueBase, int queueCount) {
    /** Entries of the map of sockets, over all uplinks; {@code UPLINK_QUEUES_MAX} in {@code uplink.h}. */
    public static final int QUEUES_MAX = 256;
    /** Uplinks and overlay devices of one node; {@code DEVICES_MAX} in {@code maps.h}. */
    public static final int DEVICES_MAX = 64;

    /** The layout of {@code struct device}. */
    public static final MapCodec<UplinkDevice> CODEC = new Codec();

    private static final int VLAN_ID_MAX = 4094;

    /**
     * Checks ranges.
     *
     * @throws IllegalArgumentException which field, its value and the range.
     */
    public UplinkDevice {
        Objects.requireNonNull(mac);
        if (vlanId < 0 || vlanId > VLAN_ID_MAX) {
            throw new IllegalArgumentException("vlanId is " + vlanId + ", it must be 0 to " + VLAN_ID_MAX);
        }
        if (queueBase < 0 || queueCount < 0 || queueBase + queueCount > QUEUES_MAX) {
            throw new IllegalArgumentException("queues " + queueBase + " to " + (queueBase + queueCount)
                + " of an uplink are not within the " + QUEUES_MAX + " that the map of sockets has");
        }
    }

    /**
     * A device without sockets: an overlay device, or an uplink without XDP.
     *
     * @param mac its own Ethernet address.
     * @return the device.
     */
    public static UplinkDevice withoutSockets(final MacAddress mac) {
        return new UplinkDevice(mac, 0, 0, 0);
    }

    private static final class Codec implements MapCodec<UplinkDevice> {
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
        private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
        private static final int VLAN_ID_OFFSET = 6;
        private static final int QUEUE_BASE_OFFSET = 8;
        private static final int QUEUE_COUNT_OFFSET = 12;

        @Override
        public int size() {
            return 16;
        }

        @Override
        public void write(final MemorySegment target, final UplinkDevice value) {
            MemorySegment.copy(value.mac.bytes(), 0, target, ValueLayout.JAVA_BYTE, 0, MacAddress.LENGTH);
            target.set(SHORT, VLAN_ID_OFFSET, (short)value.vlanId);
            target.set(INT, QUEUE_BASE_OFFSET, value.queueBase);
            target.set(INT, QUEUE_COUNT_OFFSET, value.queueCount);
        }

        @Override
        public UplinkDevice read(final MemorySegment source) {
            return new UplinkDevice(MacAddress.of(source.asSlice(0, MacAddress.LENGTH).toArray(ValueLayout.JAVA_BYTE)),
                Short.toUnsignedInt(source.get(SHORT, VLAN_ID_OFFSET)), source.get(INT, QUEUE_BASE_OFFSET),
                source.get(INT, QUEUE_COUNT_OFFSET));
        }
    }
}

package io.caracal.bindings;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.gen.caracal_ifreq;
import io.caracal.bindings.gen.ethtool_channels;
import io.caracal.bindings.gen.ethtool_drvinfo;
import io.caracal.bindings.gen.ethtool_get_features_block;
import io.caracal.bindings.gen.ethtool_gfeatures;
import io.caracal.bindings.gen.ethtool_gstrings;
import io.caracal.bindings.gen.ethtool_set_features_block;
import io.caracal.bindings.gen.ethtool_sfeatures;
import io.caracal.bindings.gen.ethtool_sset_info;
import io.caracal.bindings.gen.ethtool_value;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code ethtool} shows and sets: offloads and channels of an interface, by ioctl SIOCETHTOOL
 * ({@code linux/ethtool.h}), in the network namespace of the calling thread. Any thread. Setting needs CAP_NET_ADMIN.
 * What fails is a {@link NativeCallException}: ENODEV where there is no such interface, EOPNOTSUPP where its driver
 * cannot.
 */
public final class Ethtool {
    /** The feature of a device that puts TCP segments together, for this host alone. */
    public static final String LRO = "rx-lro";
    /** The feature of a device that puts TCP segments together so that they could be cut again. */
    public static final String GRO_HW = "rx-gro-hw";

    private static final int FEATURES_PER_BLOCK = Integer.SIZE;

    /** An offload, or a group of them, that ethtool has a switch of its own for. */
    public enum Offload {
        /** {@code tx-checksumming}: sums are left to the device. Off, the kernel completes them, and TSO is off too. */
        TX_CHECKSUM(ETHTOOL_GTXCSUM(), ETHTOOL_STXCSUM()),
        /** {@code rx-checksumming}. */
        RX_CHECKSUM(ETHTOOL_GRXCSUM(), ETHTOOL_SRXCSUM()),
        /** {@code tcp-segmentation-offload}. */
        TSO(ETHTOOL_GTSO(), ETHTOOL_STSO()),
        /** {@code generic-segmentation-offload}. */
        GSO(ETHTOOL_GGSO(), ETHTOOL_SGSO()),
        /** {@code generic-receive-offload}. */
        GRO(ETHTOOL_GGRO(), ETHTOOL_SGRO());

        private final int getCommand;
        private final int setCommand;

        Offload(final int getCommand, final int setCommand) {
            this.getCommand = getCommand;
            this.setCommand = setCommand;
        }
    }

    /**
     * Queues of an interface; a driver has either separate or combined ones.
     *
     * @param maxRx receive queues that it could have.
     * @param maxTx transmit queues that it could have.
     * @param maxCombined queues for both that it could have.
     * @param rx receive queues in use.
     * @param tx transmit queues in use.
     * @param combined queues for both in use.
     */
    public record Channels(int maxRx, int maxTx, int maxCombined, int rx, int tx, int combined) {
    }

    private Ethtool() {
    }

    /**
     * Tells whether an offload is on.
     *
     * @param ifname the interface.
     * @param offload which.
     * @return true where it, or any of its group, is on.
     */
    public static boolean isOn(final String ifname, final Offload offload) {
        return command(ifname, offload.getCommand, 0, "ask " + offload + " of") != 0;
    }

    /**
     * Switches an offload. A device may not be able to: ask {@link #isOn} afterwards.
     *
     * @param ifname the interface.
     * @param offload which.
     * @param isOn true for on.
     */
    public static void set(final String ifname, final Offload offload, final boolean isOn) {
        command(ifname, offload.setCommand, isOn ? 1 : 0, "switch " + offload + (isOn ? " on of" : " off of"));
    }

    /**
     * Makes the kernel complete every checksum before it gives a packet to the interface, so that whoever reads it at
     * the other end of a veth pair needs no {@code CHECKSUM_PARTIAL}.
     *
     * @param ifname the interface.
     * @throws NativeCallException EOPNOTSUPP also where the interface kept its offload.
     */
    public static void txChecksumOff(final String ifname) {
        set(ifname, Offload.TX_CHECKSUM, false);
        if (isOn(ifname, Offload.TX_CHECKSUM)) {
            throw new NativeCallException("switch TX_CHECKSUM off of", ifname, Errno.EOPNOTSUPP,
                "its driver fixes it on");
        }
    }

    /**
     * All features by their concrete names, as {@code ethtool -k} lists below its groups.
     *
     * @param ifname the interface.
     * @return name, such as {@code tx-checksum-ip-generic}, and whether it is on.
     */
    public static Map<String, Boolean> features(final String ifname) {
        try (Arena arena = Arena.ofConfined()) {
            final List<String> names = featureNames(arena, ifname);
            final int blockCount = blockCount(names);
            final long header = ethtool_gfeatures.features$offset();
            final MemorySegment request =
                arena.allocate(header + blockCount * ethtool_get_features_block.sizeof(), Integer.BYTES).fill((byte)0);
            ethtool_gfeatures.cmd(request, ETHTOOL_GFEATURES());
            ethtool_gfeatures.size(request, blockCount);
            ioctl(arena, ifname, request, "list features of");
            final MemorySegment blocks = request.asSlice(header);
            final Map<String, Boolean> features = new TreeMap<>();
            for (int i = 0; i < names.size(); i++) {
                final MemorySegment block = ethtool_get_features_block.asSlice(blocks, i / FEATURES_PER_BLOCK);
                final int bit = 1 << i % FEATURES_PER_BLOCK;
                if (!names.get(i).isEmpty()) {
                    features.put(names.get(i), (ethtool_get_features_block.active(block) & bit) != 0);
                }
            }
            return features;
        }
    }

    /**
     * Switches a feature by its concrete name.
     *
     * @param ifname the interface.
     * @param feature such as {@code rx-gro-list} or {@code tx-tcp-segmentation}.
     * @param isOn true for on.
     * @throws NativeCallException EOPNOTSUPP where the kernel has no such feature, or the driver fixes it.
     */
    public static void setFeature(final String ifname, final String feature, final boolean isOn) {
        final String act = "switch " + feature + (isOn ? " on of" : " off of");
        try (Arena arena = Arena.ofConfined()) {
            final List<String> names = featureNames(arena, ifname);
            final int index = names.indexOf(feature);
            if (index < 0) {
                throw new NativeCallException(act, ifname, Errno.EOPNOTSUPP, "the kernel has no such feature");
            }
            final int blockCount = blockCount(names);
            final long header = ethtool_sfeatures.features$offset();
            final MemorySegment request =
                arena.allocate(header + blockCount * ethtool_set_features_block.sizeof(), Integer.BYTES).fill((byte)0);
            ethtool_sfeatures.cmd(request, ETHTOOL_SFEATURES());
            ethtool_sfeatures.size(request, blockCount);
            final MemorySegment block =
                ethtool_set_features_block.asSlice(request.asSlice(header), index / FEATURES_PER_BLOCK);
            final int bit = 1 << index % FEATURES_PER_BLOCK;
            ethtool_set_features_block.valid(block, bit);
            ethtool_set_features_block.requested(block, isOn ? bit : 0);
            if ((ioctl(arena, ifname, request, act) & (ETHTOOL_F_UNSUPPORTED() | ETHTOOL_F_WISH())) != 0) {
                throw new NativeCallException(act, ifname, Errno.EOPNOTSUPP, "its driver does not allow it");
            }
        }
    }

    /**
     * The queues of an interface.
     *
     * @param ifname the interface.
     * @return how many there are and could be.
     */
    public static Channels channels(final String ifname) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment channels = readChannels(arena, ifname);
            return new Channels(ethtool_channels.max_rx(channels), ethtool_channels.max_tx(channels),
                ethtool_channels.max_combined(channels), ethtool_channels.rx_count(channels),
                ethtool_channels.tx_count(channels), ethtool_channels.combined_count(channels));
        }
    }

    /**
     * Sets how many queues are in use. A veth made with N queues uses one until this is called on both ends.
     *
     * @param ifname the interface.
     * @param rx receive queues.
     * @param tx transmit queues.
     * @param combined queues for both.
     * @throws NativeCallException EINVAL for more than it could have, or fewer than XDP or an AF_XDP socket needs.
     */
    public static void setChannels(final String ifname, final int rx, final int tx, final int combined) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment channels = readChannels(arena, ifname);
            ethtool_channels.cmd(channels, ETHTOOL_SCHANNELS());
            ethtool_channels.rx_count(channels, rx);
            ethtool_channels.tx_count(channels, tx);
            ethtool_channels.combined_count(channels, combined);
            ioctl(arena, ifname, channels, "set " + rx + " rx, " + tx + " tx, " + combined + " combined queues of");
        }
    }

    /**
     * The driver of an interface.
     *
     * @param ifname the interface.
     * @return such as {@code veth} or {@code virtio_net}.
     */
    public static String driver(final String ifname) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment driver = ethtool_drvinfo.allocate(arena).fill((byte)0);
            ethtool_drvinfo.cmd(driver, ETHTOOL_GDRVINFO());
            ioctl(arena, ifname, driver, "ask driver of");
            return ethtool_drvinfo.driver(driver).getString(0);
        }
    }

    private static MemorySegment readChannels(final Arena arena, final String ifname) {
        final MemorySegment channels = ethtool_channels.allocate(arena).fill((byte)0);
        ethtool_channels.cmd(channels, ETHTOOL_GCHANNELS());
        ioctl(arena, ifname, channels, "count queues of");
        return channels;
    }

    /** Names of all features of this kernel, in the order of their bits; the same for all interfaces. */
    private static List<String> featureNames(final Arena arena, final String ifname) {
        final MemorySegment sets =
            arena.allocate(ethtool_sset_info.sizeof() + Integer.BYTES, Long.BYTES).fill((byte)0);
        ethtool_sset_info.cmd(sets, ETHTOOL_GSSET_INFO());
        ethtool_sset_info.sset_mask(sets, 1L << ETH_SS_FEATURES());
        ioctl(arena, ifname, sets, "count features of");
        final int count = sets.get(ValueLayout.JAVA_INT, ethtool_sset_info.data$offset());

        final long header = ethtool_gstrings.data$offset();
        final int nameLength = ETH_GSTRING_LEN();
        final MemorySegment strings =
            arena.allocate(header + (long)count * nameLength, Integer.BYTES).fill((byte)0);
        ethtool_gstrings.cmd(strings, ETHTOOL_GSTRINGS());
        ethtool_gstrings.string_set(strings, ETH_SS_FEATURES());
        ethtool_gstrings.len(strings, count);
        ioctl(arena, ifname, strings, "name features of");
        final List<String> names = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            names.add(strings.asSlice(header + (long)i * nameLength, nameLength).getString(0));
        }
        return names;
    }

    private static int blockCount(final List<String> names) {
        return (names.size() + FEATURES_PER_BLOCK - 1) / FEATURES_PER_BLOCK;
    }

    private static int command(final String ifname, final int command, final int value, final String act) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment request = ethtool_value.allocate(arena).fill((byte)0);
            ethtool_value.cmd(request, command);
            ethtool_value.data(request, value);
            ioctl(arena, ifname, request, act);
            return ethtool_value.data(request);
        }
    }

    private static int ioctl(final Arena arena, final String ifname, final MemorySegment request, final String act) {
        final byte[] name = ifname.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length >= Posix.IFNAMSIZ) {
            throw new IllegalArgumentException("not a name of an interface (1 to 15 bytes): '" + ifname + "'");
        }
        final MemorySegment ifreq = caracal_ifreq.allocate(arena).fill((byte)0);
        MemorySegment.copy(name, 0, caracal_ifreq.name(ifreq), ValueLayout.JAVA_BYTE, 0, name.length);
        ifreq.set(ValueLayout.JAVA_LONG, caracal_ifreq.data$offset(), request.address());
        final CallState state = new CallState();
        try (Fd socket = Fd.socket(Posix.AF_INET, Posix.SOCK_DGRAM, 0)) {
            final int result = LibC.ioctl(state, socket.number(), SIOCETHTOOL(), ifreq);
            if (result < 0) {
                throw state.failure(act, ifname);
            }
            return result;
        }
    }
}

package io.caracal.network;

import io.caracal.netlink.Link;
import io.caracal.netlink.Route;
import io.caracal.xdp.uplink.UplinkMode;
import io.caracal.xsk.XskMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an operator says about uplinks. Immutable; any thread.
 *
 * @param names of the interfaces; empty with {@code isAutomatic} false: none at all.
 * @param isAutomatic every interface that a default route leaves by.
 * @param modes how they may be driven, the best first.
 * @param ringDepth entries of each ring of a socket.
 * @param busyPoll whether workers poll uplinks that can be polled.
 */
public record UplinkSettings(List<String> names, boolean isAutomatic, List<Mode> modes, int ringDepth,
                             boolean busyPoll) {
    private static final String AUTOMATIC = "auto";
    private static final String NONE = "none";

    /** A way to drive an uplink: what the program is attached by, and how packets get into memory. */
    public enum Mode {
        /** XDP in the driver, the device writes into our memory. */
        NATIVE_ZERO_COPY(UplinkMode.NATIVE, XskMode.ZERO_COPY),
        /** XDP in the driver, the kernel copies. */
        NATIVE_COPY(UplinkMode.NATIVE, XskMode.COPY),
        /** XDP in the stack. */
        GENERIC(UplinkMode.GENERIC, XskMode.COPY),
        /** No XDP. */
        KERNEL(UplinkMode.KERNEL, XskMode.COPY);

        private final UplinkMode uplinkMode;
        private final XskMode xskMode;

        Mode(final UplinkMode uplinkMode, final XskMode xskMode) {
            this.uplinkMode = uplinkMode;
            this.xskMode = xskMode;
        }

        UplinkMode uplinkMode() {
            return uplinkMode;
        }

        XskMode xskMode() {
            return xskMode;
        }

        /**
         * As it is written in settings and shown.
         *
         * @return lower case with dashes.
         */
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    /** Copies the lists. */
    public UplinkSettings {
        names = List.copyOf(names);
        modes = List.copyOf(modes);
    }

    /**
     * Reads the two settings.
     *
     * @param uplinks {@code auto}, {@code none}, or names of interfaces with commas.
     * @param mode {@code auto}, or one of the modes' words.
     * @param ringDepth entries of each ring of a socket.
     * @return what they say.
     * @throws IllegalArgumentException naming the word that is none of these.
     */
    public static UplinkSettings of(final String uplinks, final String mode, final int ringDepth) {
        final List<String> names = Arrays.stream(uplinks.split(",")).map(String::strip)
            .filter(name -> !name.isEmpty() && !NONE.equals(name) && !AUTOMATIC.equals(name)).toList();
        final boolean isAutomatic = AUTOMATIC.equals(uplinks.strip()) || uplinks.isBlank();
        if (AUTOMATIC.equals(mode)) {
            return new UplinkSettings(names, isAutomatic, List.of(Mode.values()), ringDepth, false);
        }
        final List<Mode> wanted = Arrays.stream(Mode.values()).filter(each -> each.word().equals(mode)).toList();
        if (wanted.isEmpty()) {
            throw new IllegalArgumentException("uplink mode '" + mode + "' is none of auto, "
                + String.join(", ", Arrays.stream(Mode.values()).map(Mode::word).toList()));
        }
        return new UplinkSettings(names, isAutomatic, wanted, ringDepth, false);
    }

    /**
     * The same, with uplinks polled or not.
     *
     * @param isWanted whether workers poll uplinks that can be polled.
     * @return a copy.
     */
    public UplinkSettings withBusyPoll(final boolean isWanted) {
        return new UplinkSettings(names, isAutomatic, modes, ringDepth, isWanted);
    }

    /** Whether the engine chooses the mode, not the operator. */
    boolean isFirstModeThatWorks() {
        return modes.size() > 1;
    }

    /** The uplinks that are there and up. */
    List<Link> present(final HostView host) {
        final Map<Integer, Link> present = new LinkedHashMap<>();
        names.forEach(name -> host.link(name).ifPresent(link -> present.putIfAbsent(link.index(), link)));
        if (isAutomatic) {
            host.routes().stream().filter(route -> route.prefixLength() == 0).mapToInt(Route::ifindex)
                .forEach(ifindex -> host.link(ifindex).ifPresent(link -> present.putIfAbsent(ifindex, link)));
        }
        return new ArrayList<>(present.values().stream().filter(Link::isUp).toList());
    }
}

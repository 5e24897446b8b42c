package io.caracal.netlink;

import java.net.InetAddress;

/**
 * An entry of the kernel's ARP or neighbour discovery table.
 *
 * @param ifindex the interface.
 * @param address IP address of the neighbour.
 * @param mac its Ethernet address; null while it is not known.
 * @param state bits NUD_* of {@code linux/neighbour.h}, such as {@link #PERMANENT}.
 * @param flags bits NTF_*, such as {@link #ROUTER}; those of NDA_FLAGS_EXT from bit 8 on, such as {@link #MANAGED}.
 */
public record Neighbour(int ifindex, InetAddress address, MacAddress mac, int state, int flags) {
    /** State: being resolved. */
    public static final int INCOMPLETE = 0x01;
    /** State: known to be right. */
    public static final int REACHABLE = 0x02;
    /** State: was right once. */
    public static final int STALE = 0x04;
    /** State: used while stale, asked soon. */
    public static final int DELAY = 0x08;
    /** State: being asked again. */
    public static final int PROBE = 0x10;
    /** State: did not answer. */
    public static final int FAILED = 0x20;
    /** State: needs no resolution. */
    public static final int NOARP = 0x40;
    /** State: set by hand, never asked. */
    public static final int PERMANENT = 0x80;

    /** Flag: it says of itself that it is a router (IPv6). */
    public static final int ROUTER = 0x80;
    /** Flag: the kernel keeps it resolved ({@code NTF_EXT_MANAGED}, Linux 5.16). */
    public static final int MANAGED = 0x100;

    private static final int USABLE = REACHABLE | STALE | DELAY | PROBE | NOARP | PERMANENT;

    /**
     * Tells whether packets can be sent to it.
     *
     * @return true where the address is known and not given up.
     */
    public boolean isUsable() {
        return mac != null && (state & USABLE) != 0;
    }
}

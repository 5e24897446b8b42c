package io.caracal.burst;

/** Bits of the field {@link PacketBurst#flags}, set by the parse stage. */
public final class PacketFlags {
    /** Part of a fragmented datagram (any part). */
    public static final int FRAGMENT = 1;
    /** A fragment that is not the first: has no transport header. */
    public static final int LATER_FRAGMENT = 1 << 1;
    /** Has IPv4 options or IPv6 extension headers. */
    public static final int IP_OPTIONS = 1 << 2;
    /** Sent to a multicast or broadcast address. */
    public static final int MULTICAST = 1 << 3;
    /** ICMP or ICMPv6 error: carries the packet that caused it. */
    public static final int ICMP_ERROR = 1 << 4;
    /** Made by this engine (an ARP reply, an ICMP error): not parsed again, not policed. */
    public static final int LOCALLY_MADE = 1 << 5;

    /** Came in a tunnel of another node and has been taken out of it. */
    public static final int DECAPSULATED = 1 << 6;

    private PacketFlags() {
    }
}

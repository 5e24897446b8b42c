package io.caracal.wire;

import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Frames that a Linux kernel sent on a veth pair (offloads off), captured byte for byte: 10.65.0.7 / fd00:10:65::7 with
 * MAC 0a:58:0a:41:00:07 is the pod, 10.65.0.1 / fd00:10:65::1 with ee:ee:ee:ee:ee:ee the other end.
 */
public final class GoldenFrames {
    /** Who has 10.65.0.1? */
    public static final String ARP_REQUEST =
        "ffffffffffff0a580a410007080600010800060400010a580a4100070a4100070000000000000a410001";
    /** 10.65.0.1 is at ee:ee:ee:ee:ee:ee. */
    public static final String ARP_REPLY =
        "0a580a410007eeeeeeeeeeee08060001080006040002eeeeeeeeeeee0a4100010a580a4100070a410007";
    /** Echo request, 16 bytes of payload. */
    public static final String ICMP_ECHO = "eeeeeeeeeeee0a580a41000708004500002c0f1f4000400117290a4100070a410001"
        + "080064d54e9a0001b68a016b000000007e990e0000000000";
    /** Echo request with the record-route option: a header of 60 bytes. */
    public static final String ICMP_RECORD_ROUTE =
        "eeeeeeeeeeee0a580a41000708004f0000540f2e40000101199b0a4100070a410001010727080a410007"
        + "00000000000000000000000000000000000000000000000000000000000000000"
        + "8004a534ea60001b78a016b00000000a50f010000000000";
    /** UDP, "hello", 5000 to 53. */
    public static final String UDP_IPV4 =
        "eeeeeeeeeeee0a580a410007080045000021550d40004011d1350a4100070a41000113880035000d93bb68656c6c6f";
    /** Port unreachable about {@link #UDP_IPV4}. */
    public static final String ICMP_UNREACHABLE =
        "0a580a410007eeeeeeeeeeee080045c0003d762d00004001ef490a4100010a410007030311a500000000"
        + "45000021550d40004011d1350a4100070a41000113880035000d93bb68656c6c6f";
    /** SYN with options, 5001 to 80. */
    public static final String TCP_SYN_IPV4 =
        "eeeeeeeeeeee0a580a41000708004500003c60f140004006c5410a4100070a41000113890050e9409dd9"
        + "00000000a002faf0a0e80000020405b40402080ab6e945bd000000000103030a";
    /** RST and ACK of a closed port. */
    public static final String TCP_RST_IPV4 =
        "0a580a410007eeeeeeeeeeee08004500002800004000400626470a4100010a4100070050138900000000e9409dda5014000000530000";
    /** Who has fd00:10:65::1? */
    public static final String SOLICITATION =
        "3333ff0000010a580a41000786dd6000000000203afffd000010006500000000000000000007"
        + "ff0200000000000000000001ff00000187006a0a00000000fd0000100065000000000000000000010101"
        + "0a580a410007";
    /** fd00:10:65::1 is at ee:ee:ee:ee:ee:ee (the sender is no router here). */
    public static final String ADVERTISEMENT =
        "0a580a410007eeeeeeeeeeee86dd6000000000203afffd000010006500000000000000000001"
        + "fd0000100065000000000000000000078800506c60000000fd0000100065000000000000000000010201"
        + "eeeeeeeeeeee";
    /** Duplicate address detection, with a nonce option (RFC 7527) that is neither link-layer address. */
    public static final String DUPLICATE_ADDRESS_PROBE =
        "3333ff4100070a580a41000786dd6000000000203aff00000000000000000000000000000000"
        + "ff0200000000000000000001ff4100078700ee6c00000000fe8000000000000008580afffe410007"
        + "0e01f3e260ac193a";
    /** Router solicitation. */
    public static final String ROUTER_SOLICITATION =
        "3333000000020a580a41000786dd6000000000103afffe8000000000000008580afffe410007"
        + "ff020000000000000000000000000002850055ee0000000001010a580a410007";
    /** Multicast listener report behind a hop-by-hop header. */
    public static final String LISTENER_REPORT =
        "3333000000160a580a41000786dd6000000000380001fe8000000000000008580afffe410007"
        + "ff0200000000000000000000000000163a000502000001008f005d000000000204000000"
        + "ff0200000000000000000001ff41000704000000ff0200000000000000000001ff000007";
    /** Echo request over IPv6. */
    public static final String ICMPV6_ECHO =
        "eeeeeeeeeeee0a580a41000786dd600b7ceb00183a40fd000010006500000000000000000007"
        + "fd00001000650000000000000000000180005e7b4e9c0001b68a016b0000000011ab0e0000000000";
    /** UDP, "hello", 5000 to 53. */
    public static final String UDP_IPV6 =
        "eeeeeeeeeeee0a580a41000786dd6002cbdf000d1140fd000010006500000000000000000007"
        + "fd00001000650000000000000000000113880035000dad5168656c6c6f";
    /** Port unreachable about {@link #UDP_IPV6}. */
    public static final String ICMPV6_UNREACHABLE =
        "0a580a410007eeeeeeeeeeee86dd600f5090003d3a40fd000010006500000000000000000001"
        + "fd0000100065000000000000000000070104c67f000000006002cbdf000d1140"
        + "fd000010006500000000000000000007fd00001000650000000000000000000113880035000dad5168656c6c6f";
    /** SYN with options, 5001 to 80. */
    public static final String TCP_SYN_IPV6 =
        "eeeeeeeeeeee0a580a41000786dd6007357000280640fd000010006500000000000000000007"
        + "fd00001000650000000000000000000113890050735ae57b00000000a002fd2084000000"
        + "020405a00402080a2ee83065000000000103030a";

    private GoldenFrames() {
    }

    /**
     * The bytes of a frame.
     *
     * @param hex one of the constants.
     * @return a buffer that ends where the frame does, so that reading beyond it throws.
     */
    public static UnsafeBuffer buffer(final String hex) {
        return new UnsafeBuffer(HexFormat.of().parseHex(hex));
    }
}

package io.caracal.bindings;

/**
 * Constants of the C library and of sockets, by their C names. Literals, so that they cost no class of bindings to load
 * and can be labels of a {@code switch}; a test compares each with the C headers. Their values are those of x86-64.
 */
public final class Posix {
    /** No family in particular. */
    public static final int AF_UNSPEC = 0;
    /** IPv4. */
    public static final int AF_INET = 2;
    /** IPv6. */
    public static final int AF_INET6 = 10;
    /** Bridge and VXLAN forwarding entries. */
    public static final int AF_BRIDGE = 7;
    /** Netlink. */
    public static final int AF_NETLINK = 16;
    /** Raw Ethernet. */
    public static final int AF_PACKET = 17;
    /** AF_XDP. */
    public static final int AF_XDP = 44;
    /** Raw socket. */
    public static final int SOCK_RAW = 0x3;
    /** Datagram socket. */
    public static final int SOCK_DGRAM = 0x2;
    /** Closed in a program that this one starts. */
    public static final int SOCK_CLOEXEC = 0x80000;
    /** Never blocks. */
    public static final int SOCK_NONBLOCK = 0x800;
    /** Level of general socket options. */
    public static final int SOL_SOCKET = 1;
    /** Level of AF_XDP options. */
    public static final int SOL_XDP = 283;
    /** Level of netlink options. */
    public static final int SOL_NETLINK = 270;
    /** Receive buffer in bytes; the kernel doubles it. */
    public static final int SO_RCVBUF = 8;
    /** Send buffer in bytes. */
    public static final int SO_SNDBUF = 7;
    /** Receive buffer beyond the limit; CAP_NET_ADMIN. */
    public static final int SO_RCVBUFFORCE = 33;
    /** Microseconds of busy polling. */
    public static final int SO_BUSY_POLL = 46;
    /** Busy polling instead of interrupts; Linux 5.11. */
    public static final int SO_PREFER_BUSY_POLL = 69;
    /** Packets of one busy poll; Linux 5.11. */
    public static final int SO_BUSY_POLL_BUDGET = 70;
    /** This call does not block. */
    public static final int MSG_DONTWAIT = 0x40;
    /** Return the real length of a datagram that did not fit. */
    public static final int MSG_TRUNC = 0x20;
    /** Leave the datagram in the queue. */
    public static final int MSG_PEEK = 0x2;

    /** There is something to read. */
    public static final int POLLIN = 1;
    /** There is room to write. */
    public static final int POLLOUT = 4;
    /** An error is pending. */
    public static final int POLLERR = 8;
    /** The other side is gone. */
    public static final int POLLHUP = 16;

    /** No access. */
    public static final int PROT_NONE = 0;
    /** May be read. */
    public static final int PROT_READ = 1;
    /** May be written. */
    public static final int PROT_WRITE = 2;
    /** Writes are seen by others who map it. */
    public static final int MAP_SHARED = 0x1;
    /** Writes are our own. */
    public static final int MAP_PRIVATE = 0x2;
    /** At the very address that is given, in the place of what is mapped there. */
    public static final int MAP_FIXED = 0x10;
    /** Memory without a file. */
    public static final int MAP_ANONYMOUS = 0x20;
    /** All pages are made at once. */
    public static final int MAP_POPULATE = 0x8000;
    /** Of reserved huge pages. */
    public static final int MAP_HUGETLB = 0x40000;
    /** No swap is reserved. */
    public static final int MAP_NORESERVE = 0x4000;
    /** Transparent huge pages, please. */
    public static final int MADV_HUGEPAGE = 14;
    /** Pages may be dropped. */
    public static final int MADV_DONTNEED = 4;
    /** Make all pages writable now; Linux 5.14. */
    public static final int MADV_POPULATE_WRITE = 23;
    /** Put pages together into huge ones now; Linux 6.1. */
    public static final int MADV_COLLAPSE = 25;
    /** Closed in a program that this one starts. */
    public static final int MFD_CLOEXEC = 0x1;
    /** Memfd of reserved huge pages. */
    public static final int MFD_HUGETLB = 0x4;

    /** Closed in a program that this one starts. */
    public static final int EFD_CLOEXEC = 0x80000;
    /** Eventfd that never blocks. */
    public static final int EFD_NONBLOCK = 0x800;
    /** For reading. */
    public static final int O_RDONLY = 0x0;
    /** For writing. */
    public static final int O_WRONLY = 0x1;
    /** For both. */
    public static final int O_RDWR = 0x2;
    /** Make it if it is not there. */
    public static final int O_CREAT = 0x40;
    /** Fail if it is there. */
    public static final int O_EXCL = 0x80;
    /** Empty it. */
    public static final int O_TRUNC = 0x200;
    /** Closed in a program that this one starts. */
    public static final int O_CLOEXEC = 0x80000;
    /** Never blocks. */
    public static final int O_NONBLOCK = 0x800;

    /** Network namespace. */
    public static final int CLONE_NEWNET = 0x40000000;
    /** Mount namespace. */
    public static final int CLONE_NEWNS = 0x20000;
    /** Bind mount. */
    public static final int MS_BIND = 0x1000;
    /** With all mounts below it. */
    public static final int MS_REC = 0x4000;
    /** Mounts below it reach its peers. */
    public static final int MS_SHARED = 0x100000;
    /** Mounts below it stay here. */
    public static final int MS_PRIVATE = 0x40000;
    /** Mounts below it come in and do not go out. */
    public static final int MS_SLAVE = 0x80000;
    /** Unmount now, clean up when no longer busy. */
    public static final int MNT_DETACH = 2;

    /** Sysconf: bytes of a page. */
    public static final int _SC_PAGESIZE = 30;
    /** Sysconf: processors online. */
    public static final int _SC_NPROCESSORS_ONLN = 84;
    /** Number of bpf(2) on x86-64. */
    public static final int SYS_bpf = 321;
    /** Number of membarrier(2) on x86-64. */
    public static final int SYS_membarrier = 324;
    /** Bytes of an interface name with its final zero. */
    public static final int IFNAMSIZ = 16;
    /** Interface is administratively up. */
    public static final int IFF_UP = 0x1;
    /** Loopback interface. */
    public static final int IFF_LOOPBACK = 0x8;
    /** Interface has carrier. */
    public static final int IFF_RUNNING = 0x40;
    /** Interface neither resolves nor answers addresses. */
    public static final int IFF_NOARP = 0x80;
    /** Interface receives everything. */
    public static final int IFF_PROMISC = 0x100;
    /** Interface does multicast. */
    public static final int IFF_MULTICAST = 0x1000;

    private Posix() {
    }
}

package io.caracal.bindings;

/**
 * Error numbers of Linux, by the names that manual pages use. The numbers are those of the C headers (a test compares
 * them); they are literals so that they can be labels of a {@code switch} and cost no class of bindings to load.
 */
public final class Errno {
    /** Operation not permitted; it needs root or the capability. */
    public static final int EPERM = 1;
    /** No such file or directory. */
    public static final int ENOENT = 2;
    /** No such process. */
    public static final int ESRCH = 3;
    /** Interrupted system call. */
    public static final int EINTR = 4;
    /** Input/output error. */
    public static final int EIO = 5;
    /** No such device or address. */
    public static final int ENXIO = 6;
    /** Argument list too long. */
    public static final int E2BIG = 7;
    /** Bad file descriptor. */
    public static final int EBADF = 9;
    /** No child processes. */
    public static final int ECHILD = 10;
    /** Resource temporarily unavailable. */
    public static final int EAGAIN = 11;
    /** Out of memory or over a locked memory limit. */
    public static final int ENOMEM = 12;
    /** Permission denied. */
    public static final int EACCES = 13;
    /** Bad address. */
    public static final int EFAULT = 14;
    /** Device or resource busy. */
    public static final int EBUSY = 16;
    /** File exists. */
    public static final int EEXIST = 17;
    /** Invalid cross-device link. */
    public static final int EXDEV = 18;
    /** No such device. */
    public static final int ENODEV = 19;
    /** Not a directory. */
    public static final int ENOTDIR = 20;
    /** Is a directory. */
    public static final int EISDIR = 21;
    /** Invalid argument. */
    public static final int EINVAL = 22;
    /** Too many open files in system. */
    public static final int ENFILE = 23;
    /** Too many open files. */
    public static final int EMFILE = 24;
    /** Inappropriate ioctl for device. */
    public static final int ENOTTY = 25;
    /** File too large. */
    public static final int EFBIG = 27;
    /** No space left on device. */
    public static final int ENOSPC = 28;
    /** Illegal seek. */
    public static final int ESPIPE = 29;
    /** Read-only file system. */
    public static final int EROFS = 30;
    /** Broken pipe. */
    public static final int EPIPE = 32;
    /** Numerical argument out of domain. */
    public static final int EDOM = 33;
    /** Numerical result out of range. */
    public static final int ERANGE = 34;
    /** Resource deadlock avoided. */
    public static final int EDEADLK = 35;
    /** File name too long. */
    public static final int ENAMETOOLONG = 36;
    /** Function not implemented. */
    public static final int ENOSYS = 38;
    /** Directory not empty. */
    public static final int ENOTEMPTY = 39;
    /** Too many levels of symbolic links. */
    public static final int ELOOP = 40;
    /** No data available. */
    public static final int ENODATA = 61;
    /** Link has been severed. */
    public static final int ENOLINK = 67;
    /** Protocol error. */
    public static final int EPROTO = 71;
    /** Bad message. */
    public static final int EBADMSG = 74;
    /** Value too large for defined data type. */
    public static final int EOVERFLOW = 75;
    /** Name not unique on network. */
    public static final int ENOTUNIQ = 76;
    /** Invalid or incomplete multibyte or wide character. */
    public static final int EILSEQ = 84;
    /** Too many users. */
    public static final int EUSERS = 87;
    /** Socket operation on non-socket. */
    public static final int ENOTSOCK = 88;
    /** Destination address required. */
    public static final int EDESTADDRREQ = 89;
    /** Message too long. */
    public static final int EMSGSIZE = 90;
    /** Protocol wrong type for socket. */
    public static final int EPROTOTYPE = 91;
    /** Protocol not available. */
    public static final int ENOPROTOOPT = 92;
    /** Protocol not supported. */
    public static final int EPROTONOSUPPORT = 93;
    /** Socket type not supported. */
    public static final int ESOCKTNOSUPPORT = 94;
    /** Operation not supported. */
    public static final int EOPNOTSUPP = 95;
    /** Protocol family not supported. */
    public static final int EPFNOSUPPORT = 96;
    /** Address family not supported by protocol. */
    public static final int EAFNOSUPPORT = 97;
    /** Address already in use. */
    public static final int EADDRINUSE = 98;
    /** Cannot assign requested address. */
    public static final int EADDRNOTAVAIL = 99;
    /** Network is down. */
    public static final int ENETDOWN = 100;
    /** Network is unreachable. */
    public static final int ENETUNREACH = 101;
    /** Network dropped connection on reset. */
    public static final int ENETRESET = 102;
    /** Software caused connection abort. */
    public static final int ECONNABORTED = 103;
    /** Connection reset by peer. */
    public static final int ECONNRESET = 104;
    /** No buffer space available. */
    public static final int ENOBUFS = 105;
    /** Transport endpoint is already connected. */
    public static final int EISCONN = 106;
    /** Transport endpoint is not connected. */
    public static final int ENOTCONN = 107;
    /** Connection timed out. */
    public static final int ETIMEDOUT = 110;
    /** Connection refused. */
    public static final int ECONNREFUSED = 111;
    /** Host is down. */
    public static final int EHOSTDOWN = 112;
    /** No route to host. */
    public static final int EHOSTUNREACH = 113;
    /** Operation already in progress. */
    public static final int EALREADY = 114;
    /** Operation now in progress. */
    public static final int EINPROGRESS = 115;
    /** Stale file handle. */
    public static final int ESTALE = 116;
    /** Disk quota exceeded. */
    public static final int EDQUOT = 122;
    /** Operation canceled. */
    public static final int ECANCELED = 125;

    /** Error numbers from here on are libbpf's own ({@code bpf/libbpf_legacy.h}, enum libbpf_errno). */
    public static final int LIBBPF_START = 4000;

    /** More than the largest error number here. */
    private static final int TABLE_LENGTH = 134;
    private static final String[] NAMES = new String[TABLE_LENGTH];
    private static final String[] TEXTS = new String[TABLE_LENGTH];

    static {
        add(EPERM, "EPERM", "operation not permitted; it needs root or the capability");
        add(ENOENT, "ENOENT", "no such file or directory");
        add(ESRCH, "ESRCH", "no such process");
        add(EINTR, "EINTR", "interrupted system call");
        add(EIO, "EIO", "input/output error");
        add(ENXIO, "ENXIO", "no such device or address");
        add(E2BIG, "E2BIG", "argument list too long");
        add(EBADF, "EBADF", "bad file descriptor");
        add(ECHILD, "ECHILD", "no child processes");
        add(EAGAIN, "EAGAIN", "resource temporarily unavailable");
        add(ENOMEM, "ENOMEM", "out of memory or over a locked memory limit");
        add(EACCES, "EACCES", "permission denied");
        add(EFAULT, "EFAULT", "bad address");
        add(EBUSY, "EBUSY", "device or resource busy");
        add(EEXIST, "EEXIST", "file exists");
        add(EXDEV, "EXDEV", "invalid cross-device link");
        add(ENODEV, "ENODEV", "no such device");
        add(ENOTDIR, "ENOTDIR", "not a directory");
        add(EISDIR, "EISDIR", "is a directory");
        add(EINVAL, "EINVAL", "invalid argument");
        add(ENFILE, "ENFILE", "too many open files in system");
        add(EMFILE, "EMFILE", "too many open files");
        add(ENOTTY, "ENOTTY", "inappropriate ioctl for device");
        add(EFBIG, "EFBIG", "file too large");
        add(ENOSPC, "ENOSPC", "no space left on device");
        add(ESPIPE, "ESPIPE", "illegal seek");
        add(EROFS, "EROFS", "read-only file system");
        add(EPIPE, "EPIPE", "broken pipe");
        add(EDOM, "EDOM", "numerical argument out of domain");
        add(ERANGE, "ERANGE", "numerical result out of range");
        add(EDEADLK, "EDEADLK", "resource deadlock avoided");
        add(ENAMETOOLONG, "ENAMETOOLONG", "file name too long");
        add(ENOSYS, "ENOSYS", "function not implemented");
        add(ENOTEMPTY, "ENOTEMPTY", "directory not empty");
        add(ELOOP, "ELOOP", "too many levels of symbolic links");
        add(ENODATA, "ENODATA", "no data available");
        add(ENOLINK, "ENOLINK", "link has been severed");
        add(EPROTO, "EPROTO", "protocol error");
        add(EBADMSG, "EBADMSG", "bad message");
        add(EOVERFLOW, "EOVERFLOW", "value too large for defined data type");
        add(ENOTUNIQ, "ENOTUNIQ", "name not unique on network");
        add(EILSEQ, "EILSEQ", "invalid or incomplete multibyte or wide character");
        add(EUSERS, "EUSERS", "too many users");
        add(ENOTSOCK, "ENOTSOCK", "socket operation on non-socket");
        add(EDESTADDRREQ, "EDESTADDRREQ", "destination address required");
        add(EMSGSIZE, "EMSGSIZE", "message too long");
        add(EPROTOTYPE, "EPROTOTYPE", "protocol wrong type for socket");
        add(ENOPROTOOPT, "ENOPROTOOPT", "protocol not available");
        add(EPROTONOSUPPORT, "EPROTONOSUPPORT", "protocol not supported");
        add(ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "socket type not supported");
        add(EOPNOTSUPP, "EOPNOTSUPP", "operation not supported");
        add(EPFNOSUPPORT, "EPFNOSUPPORT", "protocol family not supported");
        add(EAFNOSUPPORT, "EAFNOSUPPORT", "address family not supported by protocol");
        add(EADDRINUSE, "EADDRINUSE", "address already in use");
        add(EADDRNOTAVAIL, "EADDRNOTAVAIL", "cannot assign requested address");
        add(ENETDOWN, "ENETDOWN", "network is down");
        add(ENETUNREACH, "ENETUNREACH", "network is unreachable");
        add(ENETRESET, "ENETRESET", "network dropped connection on reset");
        add(ECONNABORTED, "ECONNABORTED", "software caused connection abort");
        add(ECONNRESET, "ECONNRESET", "connection reset by peer");
        add(ENOBUFS, "ENOBUFS", "no buffer space available");
        add(EISCONN, "EISCONN", "transport endpoint is already connected");
        add(ENOTCONN, "ENOTCONN", "transport endpoint is not connected");
        add(ETIMEDOUT, "ETIMEDOUT", "connection timed out");
        add(ECONNREFUSED, "ECONNREFUSED", "connection refused");
        add(EHOSTDOWN, "EHOSTDOWN", "host is down");
        add(EHOSTUNREACH, "EHOSTUNREACH", "no route to host");
        add(EALREADY, "EALREADY", "operation already in progress");
        add(EINPROGRESS, "EINPROGRESS", "operation now in progress");
        add(ESTALE, "ESTALE", "stale file handle");
        add(EDQUOT, "EDQUOT", "disk quota exceeded");
        add(ECANCELED, "ECANCELED", "operation canceled");
    }

    private Errno() {
    }

    /**
     * The name of an error number.
     *
     * @param errno an error number, positive.
     * @return such as {@code EBUSY}; {@code libbpf 4001} for libbpf's own; {@code errno 512} for an unknown one.
     */
    public static String name(final int errno) {
        if (errno >= LIBBPF_START) {
            return "libbpf " + errno;
        }
        final boolean isKnown = errno >= 0 && errno < TABLE_LENGTH && NAMES[errno] != null;
        return isKnown ? NAMES[errno] : "errno " + errno;
    }

    /**
     * What an error number means in general.
     *
     * @param errno an error number, positive.
     * @return such as {@code device or resource busy}; libbpf's own words from 4000 on.
     */
    public static String describe(final int errno) {
        if (errno >= LIBBPF_START) {
            return LibBpf.strerror(errno);
        }
        final boolean isKnown = errno >= 0 && errno < TABLE_LENGTH && TEXTS[errno] != null;
        return isKnown ? TEXTS[errno] : "unknown error";
    }

    private static void add(final int errno, final String name, final String text) {
        assert NAMES[errno] == null : name;
        NAMES[errno] = name;
        TEXTS[errno] = text;
    }
}

package io.caracal.bindings;

import static io.caracal.bindings.Downcalls.INT;
import static io.caracal.bindings.Downcalls.LONG;
import static io.caracal.bindings.Downcalls.POINTER;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;

/**
 * The linked functions behind {@link LibC}, in groups that are linked when the first of them is called. Descriptors are
 * named by their types: {@code INT_OF_IPL} is {@code int f(int, void *, long)}.
 */
final class LibCCalls {
    private static final FunctionDescriptor INT_OF_I = FunctionDescriptor.of(INT, INT);
    private static final FunctionDescriptor INT_OF_II = FunctionDescriptor.of(INT, INT, INT);
    private static final FunctionDescriptor INT_OF_III = FunctionDescriptor.of(INT, INT, INT, INT);
    private static final FunctionDescriptor INT_OF_IIIPI = FunctionDescriptor.of(INT, INT, INT, INT, POINTER, INT);
    private static final FunctionDescriptor INT_OF_IIIPP = FunctionDescriptor.of(INT, INT, INT, INT, POINTER, POINTER);
    private static final FunctionDescriptor INT_OF_IL = FunctionDescriptor.of(INT, INT, LONG);
    private static final FunctionDescriptor INT_OF_ILL = FunctionDescriptor.of(INT, INT, LONG, LONG);
    private static final FunctionDescriptor INT_OF_ILP = FunctionDescriptor.of(INT, INT, LONG, POINTER);
    private static final FunctionDescriptor INT_OF_IPI = FunctionDescriptor.of(INT, INT, POINTER, INT);
    private static final FunctionDescriptor INT_OF_IPP = FunctionDescriptor.of(INT, INT, POINTER, POINTER);
    private static final FunctionDescriptor INT_OF_NOTHING = FunctionDescriptor.of(INT);
    private static final FunctionDescriptor INT_OF_P = FunctionDescriptor.of(INT, POINTER);
    private static final FunctionDescriptor INT_OF_PI = FunctionDescriptor.of(INT, POINTER, INT);
    private static final FunctionDescriptor INT_OF_PII = FunctionDescriptor.of(INT, POINTER, INT, INT);
    private static final FunctionDescriptor INT_OF_PL = FunctionDescriptor.of(INT, POINTER, LONG);
    private static final FunctionDescriptor INT_OF_PLI = FunctionDescriptor.of(INT, POINTER, LONG, INT);
    private static final FunctionDescriptor INT_OF_PPPLP =
        FunctionDescriptor.of(INT, POINTER, POINTER, POINTER, LONG, POINTER);
    private static final FunctionDescriptor LONG_OF_I = FunctionDescriptor.of(LONG, INT);
    private static final FunctionDescriptor LONG_OF_IPL = FunctionDescriptor.of(LONG, INT, POINTER, LONG);
    private static final FunctionDescriptor LONG_OF_IPLI = FunctionDescriptor.of(LONG, INT, POINTER, LONG, INT);
    private static final FunctionDescriptor LONG_OF_IPLIPI =
        FunctionDescriptor.of(LONG, INT, POINTER, LONG, INT, POINTER, INT);
    private static final FunctionDescriptor LONG_OF_IPLIPP =
        FunctionDescriptor.of(LONG, INT, POINTER, LONG, INT, POINTER, POINTER);
    private static final FunctionDescriptor LONG_OF_LLLL = FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG);
    private static final FunctionDescriptor POINTER_OF_IP = FunctionDescriptor.of(POINTER, INT, POINTER);
    private static final FunctionDescriptor POINTER_OF_PLIIIL =
        FunctionDescriptor.of(POINTER, POINTER, LONG, INT, INT, INT, LONG);

    private LibCCalls() {
    }

    /** Sockets: the hot ones are here. */
    static final class Sockets {
        static final MethodHandle SOCKET = Downcalls.libc("socket", INT_OF_III);
        static final MethodHandle BIND = Downcalls.libc("bind", INT_OF_IPI);
        static final MethodHandle SETSOCKOPT = Downcalls.libc("setsockopt", INT_OF_IIIPI);
        static final MethodHandle GETSOCKOPT = Downcalls.libc("getsockopt", INT_OF_IIIPP);
        static final MethodHandle GETSOCKNAME = Downcalls.libc("getsockname", INT_OF_IPP);
        static final MethodHandle SENDTO = Downcalls.libc("sendto", LONG_OF_IPLIPI);
        static final MethodHandle RECVFROM = Downcalls.libc("recvfrom", LONG_OF_IPLIPP);
        static final MethodHandle SEND = Downcalls.libc("send", LONG_OF_IPLI);
        static final MethodHandle RECV = Downcalls.libc("recv", LONG_OF_IPLI);

        private Sockets() {
        }
    }

    /** Waiting. */
    static final class Polling {
        static final MethodHandle POLL = Downcalls.libc("poll", INT_OF_PLI);

        private Polling() {
        }
    }

    /** Mapped memory. */
    static final class Memory {
        static final MethodHandle MMAP = Downcalls.libc("mmap", POINTER_OF_PLIIIL);
        static final MethodHandle MUNMAP = Downcalls.libc("munmap", INT_OF_PL);
        static final MethodHandle MADVISE = Downcalls.libc("madvise", INT_OF_PLI);
        static final MethodHandle MEMFD_CREATE = Downcalls.libc("memfd_create", INT_OF_PI);

        private Memory() {
        }
    }

    /** Files and what has a file descriptor. */
    static final class Files {
        static final MethodHandle OPEN = Downcalls.libcVariadic("open", INT_OF_PII, 2);
        static final MethodHandle CLOSE = Downcalls.libc("close", INT_OF_I);
        static final MethodHandle READ = Downcalls.libc("read", LONG_OF_IPL);
        static final MethodHandle WRITE = Downcalls.libc("write", LONG_OF_IPL);
        static final MethodHandle FTRUNCATE = Downcalls.libc("ftruncate", INT_OF_IL);
        static final MethodHandle POSIX_FALLOCATE = Downcalls.libc("posix_fallocate", INT_OF_ILL);
        static final MethodHandle EVENTFD = Downcalls.libc("eventfd", INT_OF_II);
        static final MethodHandle IOCTL = Downcalls.libcVariadic("ioctl", INT_OF_ILP, 2);

        private Files() {
        }
    }

    /** Namespaces and mounts. */
    static final class Namespaces {
        static final MethodHandle SETNS = Downcalls.libc("setns", INT_OF_II);
        static final MethodHandle UNSHARE = Downcalls.libc("unshare", INT_OF_I);
        static final MethodHandle MOUNT = Downcalls.libc("mount", INT_OF_PPPLP);
        static final MethodHandle UMOUNT2 = Downcalls.libc("umount2", INT_OF_PI);

        private Namespaces() {
        }
    }

    /** Threads and processors. */
    static final class Scheduling {
        static final MethodHandle SCHED_SETAFFINITY = Downcalls.libc("sched_setaffinity", INT_OF_ILP);
        static final MethodHandle SCHED_GETAFFINITY = Downcalls.libc("sched_getaffinity", INT_OF_ILP);
        static final MethodHandle GETTID = Downcalls.libc("gettid", INT_OF_NOTHING);

        private Scheduling() {
        }
    }

    /** Names of network interfaces. */
    static final class Interfaces {
        static final MethodHandle IF_NAMETOINDEX = Downcalls.libc("if_nametoindex", INT_OF_P);
        static final MethodHandle IF_INDEXTONAME = Downcalls.libc("if_indextoname", POINTER_OF_IP);

        private Interfaces() {
        }
    }

    /** System calls by number. */
    static final class Kernel {
        static final MethodHandle SYSCALL = Downcalls.libcVariadic("syscall", LONG_OF_LLLL, 1);
        static final MethodHandle SYSCONF = Downcalls.libc("sysconf", LONG_OF_I);

        private Kernel() {
        }
    }
}

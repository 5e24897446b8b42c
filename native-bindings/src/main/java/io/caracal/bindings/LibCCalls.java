package io.caracal.bindings;

import java.lang.foreign.MemorySegment;

/** Where the functions behind {@link LibC} are; those with {@code ...} take their arguments as the others do. */
final class LibCCalls {
    static final MemorySegment SOCKET = Downcalls.libc("socket");
    static final MemorySegment BIND = Downcalls.libc("bind");
    static final MemorySegment SETSOCKOPT = Downcalls.libc("setsockopt");
    static final MemorySegment GETSOCKOPT = Downcalls.libc("getsockopt");
    static final MemorySegment GETSOCKNAME = Downcalls.libc("getsockname");
    static final MemorySegment SENDTO = Downcalls.libc("sendto");
    static final MemorySegment RECVFROM = Downcalls.libc("recvfrom");
    static final MemorySegment SEND = Downcalls.libc("send");
    static final MemorySegment RECV = Downcalls.libc("recv");
    static final MemorySegment POLL = Downcalls.libc("poll");
    static final MemorySegment MMAP = Downcalls.libc("mmap");
    static final MemorySegment MUNMAP = Downcalls.libc("munmap");
    static final MemorySegment MADVISE = Downcalls.libc("madvise");
    static final MemorySegment MEMFD_CREATE = Downcalls.libc("memfd_create");
    static final MemorySegment OPEN = Downcalls.libc("open");
    static final MemorySegment CLOSE = Downcalls.libc("close");
    static final MemorySegment READ = Downcalls.libc("read");
    static final MemorySegment WRITE = Downcalls.libc("write");
    static final MemorySegment FTRUNCATE = Downcalls.libc("ftruncate");
    static final MemorySegment POSIX_FALLOCATE = Downcalls.libc("posix_fallocate");
    static final MemorySegment EVENTFD = Downcalls.libc("eventfd");
    static final MemorySegment IOCTL = Downcalls.libc("ioctl");
    static final MemorySegment SETNS = Downcalls.libc("setns");
    static final MemorySegment UNSHARE = Downcalls.libc("unshare");
    static final MemorySegment MOUNT = Downcalls.libc("mount");
    static final MemorySegment UMOUNT2 = Downcalls.libc("umount2");
    static final MemorySegment SCHED_SETAFFINITY = Downcalls.libc("sched_setaffinity");
    static final MemorySegment SCHED_GETAFFINITY = Downcalls.libc("sched_getaffinity");
    static final MemorySegment GETTID = Downcalls.libc("gettid");
    static final MemorySegment IF_NAMETOINDEX = Downcalls.libc("if_nametoindex");
    static final MemorySegment IF_INDEXTONAME = Downcalls.libc("if_indextoname");
    static final MemorySegment SYSCALL = Downcalls.libc("syscall");
    static final MemorySegment SYSCONF = Downcalls.libc("sysconf");

    private LibCCalls() {
    }
}

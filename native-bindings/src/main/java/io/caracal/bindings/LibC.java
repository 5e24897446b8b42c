package io.caracal.bindings;

import java.lang.foreign.MemorySegment;

/**
 * The functions of the C library that Caracal calls, one method each, named as in C. They return what the C function
 * returns and leave errno in the {@link CallState}; nothing is thrown for what the kernel answers. Any thread may call
 * them with a call state of its own. What is off the path and should throw instead is in {@link Fd},
 * {@link MappedRegion}, {@link NetNamespace} and {@link CpuAffinity}.
 *
 * <p>A C string is made by {@code arena.allocateFrom(text)}. Functions are linked in small groups when the first of the
 * group is called.
 */
public final class LibC {
    private LibC() {
    }

    /**
     * {@code socket}: makes a socket in the network namespace of the calling thread.
     *
     * @param state takes errno.
     * @param domain address family, such as {@link Posix#AF_XDP}.
     * @param type such as {@link Posix#SOCK_RAW}, with SOCK_CLOEXEC.
     * @param protocol 0, or the protocol.
     * @return its file descriptor, or -1.
     */
    public static int socket(final CallState state, final int domain, final int type, final int protocol) {
        try {
            return (int)LibCCalls.Sockets.SOCKET.invokeExact(state.segment(), domain, type, protocol);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code bind}: gives a socket its address.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param address a sockaddr.
     * @param addressLength bytes of it.
     * @return 0 or -1.
     */
    public static int bind(final CallState state, final int fd, final MemorySegment address, final int addressLength) {
        try {
            return (int)LibCCalls.Sockets.BIND.invokeExact(state.segment(), fd, address, addressLength);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code setsockopt}: sets an option of a socket.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param level such as {@link Posix#SOL_XDP}.
     * @param name the option.
     * @param value its value.
     * @param length bytes of the value.
     * @return 0 or -1.
     */
    public static int setsockopt(final CallState state, final int fd, final int level, final int name,
        final MemorySegment value, final int length) {
        try {
            return (int)LibCCalls.Sockets.SETSOCKOPT.invokeExact(state.segment(), fd, level, name, value, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code getsockopt}: reads an option of a socket.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param level such as {@link Posix#SOL_XDP}.
     * @param name the option.
     * @param value where its value is put.
     * @param length an int: bytes of value, before and after.
     * @return 0 or -1.
     */
    public static int getsockopt(final CallState state, final int fd, final int level, final int name,
        final MemorySegment value, final MemorySegment length) {
        try {
            return (int)LibCCalls.Sockets.GETSOCKOPT.invokeExact(state.segment(), fd, level, name, value, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code getsockname}: reads the address of a socket.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param address where its sockaddr is put.
     * @param length an int: bytes of address, before and after.
     * @return 0 or -1.
     */
    public static int getsockname(final CallState state, final int fd, final MemorySegment address,
        final MemorySegment length) {
        try {
            return (int)LibCCalls.Sockets.GETSOCKNAME.invokeExact(state.segment(), fd, address, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code sendto}: sends a datagram.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param buffer what to send, or NULL to kick an AF_XDP socket.
     * @param length bytes of it.
     * @param flags such as {@link Posix#MSG_DONTWAIT}.
     * @param address to where, or NULL.
     * @param addressLength bytes of address.
     * @return bytes sent, or -1.
     */
    public static long sendto(final CallState state, final int fd, final MemorySegment buffer, final long length,
        final int flags, final MemorySegment address, final int addressLength) {
        try {
            return (long)LibCCalls.Sockets.SENDTO.invokeExact(
                state.segment(), fd, buffer, length, flags, address, addressLength);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code recvfrom}: receives a datagram.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param buffer where to put it, or NULL to wake the fill ring of an AF_XDP socket.
     * @param length bytes of it.
     * @param flags such as {@link Posix#MSG_DONTWAIT}.
     * @param address where to put the sender, or NULL.
     * @param addressLength an int: bytes of address, before and after; or NULL.
     * @return bytes received, or -1.
     */
    public static long recvfrom(final CallState state, final int fd, final MemorySegment buffer, final long length,
        final int flags, final MemorySegment address, final MemorySegment addressLength) {
        try {
            return (long)LibCCalls.Sockets.RECVFROM.invokeExact(
                state.segment(), fd, buffer, length, flags, address, addressLength);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code send}: sends on a connected socket.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param buffer what to send.
     * @param length bytes of it.
     * @param flags such as {@link Posix#MSG_DONTWAIT}.
     * @return bytes sent, or -1.
     */
    public static long send(final CallState state, final int fd, final MemorySegment buffer, final long length,
        final int flags) {
        try {
            return (long)LibCCalls.Sockets.SEND.invokeExact(state.segment(), fd, buffer, length, flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code recv}: receives from a socket.
     *
     * @param state takes errno.
     * @param fd socket.
     * @param buffer where to put it.
     * @param length bytes of it.
     * @param flags such as {@link Posix#MSG_DONTWAIT}.
     * @return bytes received, or -1.
     */
    public static long recv(final CallState state, final int fd, final MemorySegment buffer, final long length,
        final int flags) {
        try {
            return (long)LibCCalls.Sockets.RECV.invokeExact(state.segment(), fd, buffer, length, flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code poll}: waits for one of several file descriptors. EINTR is possible and no error.
     *
     * @param state takes errno.
     * @param fds array of struct pollfd.
     * @param count entries of it.
     * @param timeoutMs milliseconds to wait at most; -1 for ever, 0 not at all.
     * @return descriptors that are ready, 0 at the time-out, or -1.
     */
    public static int poll(final CallState state, final MemorySegment fds, final long count, final int timeoutMs) {
        try {
            return (int)LibCCalls.Polling.POLL.invokeExact(state.segment(), fds, count, timeoutMs);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code mmap}: maps memory; see {@link MappedRegion} for one with an owner.
     *
     * @param state takes errno.
     * @param address 0 for any.
     * @param length bytes.
     * @param protection such as {@link Posix#PROT_READ}.
     * @param flags such as {@link Posix#MAP_SHARED}.
     * @param fd what to map, or -1.
     * @param offset where in it, a multiple of the page size.
     * @return its address, or -1.
     */
    public static long mmap(final CallState state, final long address, final long length, final int protection,
        final int flags, final int fd, final long offset) {
        try {
            return (((MemorySegment)LibCCalls.Memory.MMAP.invokeExact(
                state.segment(), MemorySegment.ofAddress(address), length, protection, flags, fd, offset))).address();
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code munmap}: unmaps memory.
     *
     * @param state takes errno.
     * @param address as mmap returned it.
     * @param length bytes.
     * @return 0 or -1.
     */
    public static int munmap(final CallState state, final long address, final long length) {
        try {
            return (int)LibCCalls.Memory.MUNMAP.invokeExact(state.segment(), MemorySegment.ofAddress(address), length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code madvise}: says how memory will be used.
     *
     * @param state takes errno.
     * @param address start of a page.
     * @param length bytes.
     * @param advice such as {@link Posix#MADV_HUGEPAGE}.
     * @return 0 or -1.
     */
    public static int madvise(final CallState state, final long address, final long length, final int advice) {
        try {
            return (int)LibCCalls.Memory.MADVISE.invokeExact(
                state.segment(), MemorySegment.ofAddress(address), length, advice);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code memfd_create}: makes a file that exists in memory only.
     *
     * @param state takes errno.
     * @param name C string for /proc.
     * @param flags such as {@link Posix#MFD_CLOEXEC}.
     * @return its file descriptor, or -1.
     */
    public static int memfdCreate(final CallState state, final MemorySegment name, final int flags) {
        try {
            return (int)LibCCalls.Memory.MEMFD_CREATE.invokeExact(state.segment(), name, flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code open}: opens a file.
     *
     * @param state takes errno.
     * @param path C string.
     * @param flags such as {@link Posix#O_RDONLY}.
     * @param mode permissions of a file that it makes.
     * @return its file descriptor, or -1.
     */
    public static int open(final CallState state, final MemorySegment path, final int flags, final int mode) {
        try {
            return (int)LibCCalls.Files.OPEN.invokeExact(state.segment(), path, flags, mode);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code close}: closes a file descriptor; never repeat it after EINTR, on Linux it is closed.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @return 0 or -1.
     */
    public static int close(final CallState state, final int fd) {
        try {
            return (int)LibCCalls.Files.CLOSE.invokeExact(state.segment(), fd);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code read}: reads from a file descriptor.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @param buffer where to put it.
     * @param length bytes of it.
     * @return bytes read, 0 at the end, or -1.
     */
    public static long read(final CallState state, final int fd, final MemorySegment buffer, final long length) {
        try {
            return (long)LibCCalls.Files.READ.invokeExact(state.segment(), fd, buffer, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code write}: writes to a file descriptor.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @param buffer what to write.
     * @param length bytes of it.
     * @return bytes written, or -1.
     */
    public static long write(final CallState state, final int fd, final MemorySegment buffer, final long length) {
        try {
            return (long)LibCCalls.Files.WRITE.invokeExact(state.segment(), fd, buffer, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code ftruncate}: sets the length of a file.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @param length bytes that it has afterwards.
     * @return 0 or -1.
     */
    public static int ftruncate(final CallState state, final int fd, final long length) {
        try {
            return (int)LibCCalls.Files.FTRUNCATE.invokeExact(state.segment(), fd, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code posix_fallocate}: has memory or blocks set aside for a file, and lengthens it if need be; what is new
     * reads as zeros.
     *
     * @param state takes errno, which says nothing here.
     * @param fd file descriptor.
     * @param offset first byte.
     * @param length bytes.
     * @return 0, or the errno itself: ENOSPC where there is no room.
     */
    public static int posixFallocate(final CallState state, final int fd, final long offset, final long length) {
        try {
            return (int)LibCCalls.Files.POSIX_FALLOCATE.invokeExact(state.segment(), fd, offset, length);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code eventfd}: makes a counter that can be polled.
     *
     * @param state takes errno.
     * @param initial first value of its counter.
     * @param flags such as {@link Posix#EFD_NONBLOCK}.
     * @return its file descriptor, or -1.
     */
    public static int eventfd(final CallState state, final int initial, final int flags) {
        try {
            return (int)LibCCalls.Files.EVENTFD.invokeExact(state.segment(), initial, flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code ioctl}: asks a device something.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @param request which.
     * @param argument what it reads and writes.
     * @return 0 or more, or -1.
     */
    public static int ioctl(final CallState state, final int fd, final long request, final MemorySegment argument) {
        try {
            return (int)LibCCalls.Files.IOCTL.invokeExact(state.segment(), fd, request, argument);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code setns}: moves the calling thread into a namespace; CAP_SYS_ADMIN. see {@link NetNamespace#call}.
     *
     * @param state takes errno.
     * @param fd file descriptor of a namespace.
     * @param type such as {@link Posix#CLONE_NEWNET}.
     * @return 0 or -1.
     */
    public static int setns(final CallState state, final int fd, final int type) {
        try {
            return (int)LibCCalls.Namespaces.SETNS.invokeExact(state.segment(), fd, type);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code unshare}: moves the calling thread into a new namespace; CAP_SYS_ADMIN.
     *
     * @param state takes errno.
     * @param flags such as {@link Posix#CLONE_NEWNET}.
     * @return 0 or -1.
     */
    public static int unshare(final CallState state, final int flags) {
        try {
            return (int)LibCCalls.Namespaces.UNSHARE.invokeExact(state.segment(), flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code mount}: mounts a file system; CAP_SYS_ADMIN.
     *
     * @param state takes errno.
     * @param source C string.
     * @param target C string.
     * @param type C string or NULL.
     * @param flags such as {@link Posix#MS_BIND}.
     * @param options C string or NULL.
     * @return 0 or -1.
     */
    public static int mount(final CallState state, final MemorySegment source, final MemorySegment target,
        final MemorySegment type, final long flags, final MemorySegment options) {
        try {
            return (int)LibCCalls.Namespaces.MOUNT.invokeExact(state.segment(), source, target, type, flags, options);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code umount2}: unmounts a file system; CAP_SYS_ADMIN.
     *
     * @param state takes errno.
     * @param target C string.
     * @param flags such as {@link Posix#MNT_DETACH}.
     * @return 0 or -1.
     */
    public static int umount2(final CallState state, final MemorySegment target, final int flags) {
        try {
            return (int)LibCCalls.Namespaces.UMOUNT2.invokeExact(state.segment(), target, flags);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code sched_setaffinity}: sets on which processors a thread may run; {@link CpuAffinity} is the easy way.
     *
     * @param state takes errno.
     * @param tid thread, 0 for the calling one.
     * @param length bytes of mask.
     * @param mask bit n allows processor n.
     * @return 0 or -1.
     */
    public static int schedSetaffinity(final CallState state, final int tid, final long length,
        final MemorySegment mask) {
        try {
            return (int)LibCCalls.Scheduling.SCHED_SETAFFINITY.invokeExact(state.segment(), tid, length, mask);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code sched_getaffinity}: reads on which processors a thread may run.
     *
     * @param state takes errno.
     * @param tid thread, 0 for the calling one.
     * @param length bytes of mask.
     * @param mask bit n: processor n is allowed.
     * @return 0 or -1.
     */
    public static int schedGetaffinity(final CallState state, final int tid, final long length,
        final MemorySegment mask) {
        try {
            return (int)LibCCalls.Scheduling.SCHED_GETAFFINITY.invokeExact(state.segment(), tid, length, mask);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code if_nametoindex}: finds an interface in the network namespace of the calling thread.
     *
     * @param state takes errno.
     * @param name C string.
     * @return its index, or 0 with ENODEV.
     */
    public static int ifNametoindex(final CallState state, final MemorySegment name) {
        try {
            return (int)LibCCalls.Interfaces.IF_NAMETOINDEX.invokeExact(state.segment(), name);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code if_indextoname}: names an interface of the network namespace of the calling thread.
     *
     * @param state takes errno.
     * @param ifindex index of an interface.
     * @param name {@link Posix#IFNAMSIZ} bytes for the C string.
     * @return name, or NULL with ENXIO.
     */
    public static MemorySegment ifIndextoname(final CallState state, final int ifindex, final MemorySegment name) {
        try {
            return (MemorySegment)LibCCalls.Interfaces.IF_INDEXTONAME.invokeExact(state.segment(), ifindex, name);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code syscall}: makes a system call that the C library has no function for.
     *
     * @param state takes errno.
     * @param number such as {@link Posix#SYS_bpf}.
     * @param a first argument.
     * @param b second argument.
     * @param c third argument.
     * @return what it returns, or -1.
     */
    public static long syscall(final CallState state, final long number, final long a, final long b, final long c) {
        try {
            return (long)LibCCalls.Kernel.SYSCALL.invokeExact(state.segment(), number, a, b, c);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code sysconf}: asks what the system is like.
     *
     * @param state takes errno.
     * @param name such as {@link Posix#_SC_PAGESIZE}.
     * @return the value, or -1.
     */
    public static long sysconf(final CallState state, final int name) {
        try {
            return (long)LibCCalls.Kernel.SYSCONF.invokeExact(state.segment(), name);
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }

    /**
     * {@code gettid}: the kernel's id of the calling thread.
     *
     * @return its id.
     */
    public static int gettid() {
        try {
            return (int)LibCCalls.Scheduling.GETTID.invokeExact(new CallState().segment());
        } catch (final Throwable thrown) {
            throw Downcalls.unexpected(thrown);
        }
    }
}

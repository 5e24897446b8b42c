package io.caracal.bindings;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The functions of the C library that Caracal calls, one method each, named as in C. They return what the C function
 * returns and leave errno in the {@link CallState}; nothing is thrown for what the kernel answers. Any thread may call
 * them with a call state of its own. What is off the path and should throw instead is in {@link Fd},
 * {@link MappedRegion}, {@link NetNamespace} and {@link CpuAffinity}.
 *
 * <p>A C string is made by {@code arena.allocateFrom(text)}. Memory that is passed must be native, and stay open during
 * the call.
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
        return (int)Downcalls.call(LibCCalls.SOCKET, state, domain, type, protocol);
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
        final long result = Downcalls.call(LibCCalls.BIND, state, fd, Downcalls.address(address), addressLength);
        Reference.reachabilityFence(address);
        return (int)result;
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
        final long result = Downcalls.call(
            LibCCalls.SETSOCKOPT, state, fd, level, name, Downcalls.address(value), length);
        Reference.reachabilityFence(value);
        return (int)result;
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
        final long result = Downcalls.call(
            LibCCalls.GETSOCKOPT, state, fd, level, name, Downcalls.address(value), Downcalls.address(length));
        Reference.reachabilityFence(value);
        Reference.reachabilityFence(length);
        return (int)result;
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
        final long result = Downcalls.call(
            LibCCalls.GETSOCKNAME, state, fd, Downcalls.address(address), Downcalls.address(length));
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return (int)result;
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
        final long result = Downcalls.call(
            LibCCalls.SENDTO, state, fd, Downcalls.address(buffer), length, flags, Downcalls.address(address),
            addressLength);
        Reference.reachabilityFence(buffer);
        Reference.reachabilityFence(address);
        return result;
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
        final long result = Downcalls.call(
            LibCCalls.RECVFROM, state, fd, Downcalls.address(buffer), length, flags, Downcalls.address(address),
            Downcalls.address(addressLength));
        Reference.reachabilityFence(buffer);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(addressLength);
        return result;
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
        final long result = Downcalls.call(LibCCalls.SEND, state, fd, Downcalls.address(buffer), length, flags);
        Reference.reachabilityFence(buffer);
        return result;
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
        final long result = Downcalls.call(LibCCalls.RECV, state, fd, Downcalls.address(buffer), length, flags);
        Reference.reachabilityFence(buffer);
        return result;
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
        final long result = Downcalls.call(LibCCalls.POLL, state, Downcalls.address(fds), count, timeoutMs);
        Reference.reachabilityFence(fds);
        return (int)result;
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
        return Downcalls.call(LibCCalls.MMAP, state, address, length, protection, flags, fd, offset);
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
        return (int)Downcalls.call(LibCCalls.MUNMAP, state, address, length);
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
        return (int)Downcalls.call(LibCCalls.MADVISE, state, address, length, advice);
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
        final long result = Downcalls.call(LibCCalls.MEMFD_CREATE, state, Downcalls.address(name), flags);
        Reference.reachabilityFence(name);
        return (int)result;
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
        final long result = Downcalls.call(LibCCalls.OPEN, state, Downcalls.address(path), flags, mode);
        Reference.reachabilityFence(path);
        return (int)result;
    }

    /**
     * {@code close}: closes a file descriptor; never repeat it after EINTR, on Linux it is closed.
     *
     * @param state takes errno.
     * @param fd file descriptor.
     * @return 0 or -1.
     */
    public static int close(final CallState state, final int fd) {
        return (int)Downcalls.call(LibCCalls.CLOSE, state, fd);
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
        final long result = Downcalls.call(LibCCalls.READ, state, fd, Downcalls.address(buffer), length);
        Reference.reachabilityFence(buffer);
        return result;
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
        final long result = Downcalls.call(LibCCalls.WRITE, state, fd, Downcalls.address(buffer), length);
        Reference.reachabilityFence(buffer);
        return result;
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
        return (int)Downcalls.call(LibCCalls.FTRUNCATE, state, fd, length);
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
        return (int)Downcalls.call(LibCCalls.POSIX_FALLOCATE, state, fd, offset, length);
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
        return (int)Downcalls.call(LibCCalls.EVENTFD, state, initial, flags);
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
        final long result = Downcalls.call(LibCCalls.IOCTL, state, fd, request, Downcalls.address(argument));
        Reference.reachabilityFence(argument);
        return (int)result;
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
        return (int)Downcalls.call(LibCCalls.SETNS, state, fd, type);
    }

    /**
     * {@code unshare}: moves the calling thread into a new namespace; CAP_SYS_ADMIN.
     *
     * @param state takes errno.
     * @param flags such as {@link Posix#CLONE_NEWNET}.
     * @return 0 or -1.
     */
    public static int unshare(final CallState state, final int flags) {
        return (int)Downcalls.call(LibCCalls.UNSHARE, state, flags);
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
        final long result = Downcalls.call(
            LibCCalls.MOUNT, state, Downcalls.address(source), Downcalls.address(target), Downcalls.address(type),
            flags, Downcalls.address(options));
        Reference.reachabilityFence(source);
        Reference.reachabilityFence(target);
        Reference.reachabilityFence(type);
        Reference.reachabilityFence(options);
        return (int)result;
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
        final long result = Downcalls.call(LibCCalls.UMOUNT2, state, Downcalls.address(target), flags);
        Reference.reachabilityFence(target);
        return (int)result;
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
        final long result = Downcalls.call(LibCCalls.SCHED_SETAFFINITY, state, tid, length, Downcalls.address(mask));
        Reference.reachabilityFence(mask);
        return (int)result;
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
        final long result = Downcalls.call(LibCCalls.SCHED_GETAFFINITY, state, tid, length, Downcalls.address(mask));
        Reference.reachabilityFence(mask);
        return (int)result;
    }

    /**
     * {@code if_nametoindex}: finds an interface in the network namespace of the calling thread.
     *
     * @param state takes errno.
     * @param name C string.
     * @return its index, or 0 with ENODEV.
     */
    public static int ifNametoindex(final CallState state, final MemorySegment name) {
        final long result = Downcalls.call(LibCCalls.IF_NAMETOINDEX, state, Downcalls.address(name));
        Reference.reachabilityFence(name);
        return (int)result;
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
        final long found = Downcalls.call(LibCCalls.IF_INDEXTONAME, state, ifindex, Downcalls.address(name));
        Reference.reachabilityFence(name);
        return MemorySegment.ofAddress(found);
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
        return Downcalls.call(LibCCalls.SYSCALL, state, number, a, b, c);
    }

    /**
     * {@code sysconf}: asks what the system is like.
     *
     * @param state takes errno.
     * @param name such as {@link Posix#_SC_PAGESIZE}.
     * @return the value, or -1.
     */
    public static long sysconf(final CallState state, final int name) {
        return Downcalls.call(LibCCalls.SYSCONF, state, name);
    }

    /**
     * {@code gettid}: the kernel's id of the calling thread.
     *
     * @return its id.
     */
    public static int gettid() {
        return (int)Downcalls.call(LibCCalls.GETTID, new CallState());
    }
}

package io.caracal.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The owner of one file descriptor. Any thread may close it, once or more; who uses the number while another thread
 * closes it may reach a different file, so the owner stops its users first.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;
    private final String thing;

    private Fd(final int number, final String thing) {
        this.number = new AtomicInteger(number);
        this.thing = thing;
    }

    /**
     * Takes over a descriptor that someone else opened.
     *
     * @param number the descriptor, 0 or more.
     * @param thing what it is, for messages.
     * @return its owner.
     */
    public static Fd of(final int number, final String thing) {
        if (number < 0) {
            throw new IllegalArgumentException("no file descriptor of " + thing + ": " + number);
        }
        return new Fd(number, thing);
    }

    /**
     * Makes a socket in the network namespace of the calling thread; closed in programs that this one starts.
     *
     * @param domain address family, such as {@link Posix#AF_XDP}.
     * @param type such as {@link Posix#SOCK_RAW}.
     * @param protocol 0, or the protocol.
     * @return the socket.
     * @throws NativeCallException EPERM without CAP_NET_RAW, EAFNOSUPPORT where the kernel lacks the family.
     */
    public static Fd socket(final int domain, final int type, final int protocol) {
        final CallState state = new CallState();
        final int fd = LibC.socket(state, domain, type | Posix.SOCK_CLOEXEC, protocol);
        return checked(state, fd, "open", "socket of family " + domain);
    }

    /**
     * Makes a counter that one thread writes to wake another from {@code poll}. Non-blocking.
     *
     * @return the eventfd, at 0.
     * @throws NativeCallException EMFILE or ENFILE when there are too many descriptors.
     */
    public static Fd eventfd() {
        final CallState state = new CallState();
        final int fd = LibC.eventfd(state, 0, Posix.EFD_CLOEXEC | Posix.EFD_NONBLOCK);
        return checked(state, fd, "open", "eventfd");
    }

    /**
     * Makes a file that exists in memory only.
     *
     * @param name what /proc shows.
     * @param sizeBytes its length; a multiple of the huge page size where {@code flags} ask for such.
     * @param flags 0 or {@link Posix#MFD_HUGETLB}.
     * @return the file.
     * @throws NativeCallException ENOMEM where no huge pages are reserved, ENOSYS where the kernel has none.
     */
    public static Fd memfd(final String name, final long sizeBytes, final int flags) {
        final CallState state = new CallState();
        final String thing = "memory file " + name + " of " + sizeBytes + " bytes";
        try (Arena arena = Arena.ofConfined()) {
            final int fd = LibC.memfdCreate(state, arena.allocateFrom(name), Posix.MFD_CLOEXEC | flags);
            final Fd file = checked(state, fd, "create", thing);
            if (LibC.ftruncate(state, fd, sizeBytes) < 0) {
                final NativeCallException failure = state.failure("size", thing);
                file.close();
                throw failure;
            }
            return file;
        }
    }

    /**
     * Lengthens a file to a size that it keeps whatever else fills up its file system: writing to a mapping of it never
     * ends in SIGBUS.
     *
     * @param sizeBytes its length afterwards.
     * @throws NativeCallException ENOSPC where there is no room.
     */
    public void allocate(final long sizeBytes) {
        allocate(0, sizeBytes);
    }

    /** As {@link #allocate(long)}, for a part of it. */
    void allocate(final long offset, final long sizeBytes) {
        final int errno = LibC.posixFallocate(new CallState(), number(), offset, sizeBytes);
        if (errno != 0) {
            throw new NativeCallException("set " + sizeBytes + " bytes aside for", thing, errno);
        }
    }

    /**
     * Opens a file.
     *
     * @param path where it is.
     * @param flags such as {@link Posix#O_RDONLY}.
     * @return the file; closed in programs that this one starts.
     * @throws NativeCallException ENOENT, EACCES and what else open(2) has.
     */
    public static Fd open(final String path, final int flags) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final int ownerReadWrite = 0600;
            final int fd = LibC.open(state, arena.allocateFrom(path), flags | Posix.O_CLOEXEC, ownerReadWrite);
            return checked(state, fd, "open", path);
        }
    }

    /**
     * The descriptor for calls of {@link LibC}.
     *
     * @return 0 or more.
     * @throws IllegalStateException after {@link #close()}.
     */
    public int number() {
        final int fd = number.get();
        if (fd == CLOSED) {
            throw new IllegalStateException(thing + " is closed");
        }
        return fd;
    }

    /**
     * Tells whether {@link #close()} was called.
     *
     * @return true after it.
     */
    public boolean isClosed() {
        return number.get() == CLOSED;
    }

    /**
     * Sets an option of a socket whose value is an int.
     *
     * @param level such as {@link Posix#SOL_SOCKET}.
     * @param name the option.
     * @param value its value.
     * @throws NativeCallException ENOPROTOOPT where the kernel does not know the option.
     */
    public void setOption(final int level, final int name, final int value) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_INT, value);
            if (LibC.setsockopt(state, number(), level, name, segment, Integer.BYTES) < 0) {
                throw state.failure("set option " + level + '.' + name + " to " + value + " of", thing);
            }
        }
    }

    /** Closes the descriptor; further calls do nothing. What close(2) returns says nothing about its being closed. */
    @Override
    public void close() {
        final int fd = number.getAndSet(CLOSED);
        if (fd != CLOSED) {
            LibC.close(new CallState(), fd);
        }
    }

    @Override
    public String toString() {
        final int fd = number.get();
        return thing + (fd == CLOSED ? " (closed)" : " (fd " + fd + ')');
    }

    private static Fd checked(final CallState state, final int fd, final String act, final String thing) {
        if (fd < 0) {
            throw state.failure(act, thing);
        }
        return new Fd(fd, thing);
    }
}

package io.caracal.bindings;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.FutureTask;

/**
 * A network namespace, kept as {@code ip netns} keeps them: a name below {@code /run/netns} on which the namespace is
 * bind mounted, so that both see each other's. Any thread may use it. {@link #close()} gives the file descriptor back
 * and leaves the namespace; {@link #delete()} removes the name, and the kernel the namespace when the last process,
 * socket or descriptor in it is gone. A name outlives this process. Needs CAP_SYS_ADMIN.
 *
 * <pre>{@code
 * try (NetNamespace blue = NetNamespace.create("blue")) {
 *     final ServerSocket server = blue.call(() -> new ServerSocket(80));
 *     blue.delete();
 * }
 * }</pre>
 */
public final class NetNamespace implements AutoCloseable {
    private static final Path FOLDER = Path.of("/run/netns");
    private static final Path OF_THREAD = Path.of("/proc/thread-self/ns/net");
    private static final int NAME_MAX_LENGTH = 255;

    private final String name;
    private final Fd fd;

    private NetNamespace(final String name, final Fd fd) {
        this.name = name;
        this.fd = fd;
    }

    /**
     * Makes a namespace, as {@code ip netns add} does. Its loopback interface is down.
     *
     * @param name its name, without slashes.
     * @return the namespace.
     * @throws NativeCallException EEXIST where the name is taken, EPERM without CAP_SYS_ADMIN.
     */
    public static NetNamespace create(final String name) {
        final Path path = pathOf(name);
        prepareFolder();
        try {
            Files.createFile(path);
        } catch (final FileAlreadyExistsException _) {
            throw new NativeCallException("create network namespace", name, Errno.EEXIST,
                "the name is taken; remove it with: ip netns del " + name);
        } catch (final IOException e) {
            throw new UncheckedIOException("create network namespace " + name, e);
        }
        try {
            onThread("netns-create-" + name, () -> {
                unshareAndMount(name, path);
                return null;
            });
            return open(name);
        } catch (final RuntimeException e) {
            remove(path);
            throw e;
        }
    }

    /**
     * Opens a namespace that has a name.
     *
     * @param name its name, without slashes.
     * @return the namespace.
     * @throws NativeCallException ENOENT where there is none.
     */
    public static NetNamespace open(final String name) {
        return open(name, pathOf(name));
    }

    /**
     * Opens a namespace by a path, such as {@code /proc/PID/ns/net} or what a CNI plugin is given.
     *
     * @param path where it is.
     * @return the namespace; {@link #delete()} is not for it.
     * @throws NativeCallException ENOENT where there is none.
     */
    public static NetNamespace open(final Path path) {
        return open(path.toString(), path);
    }

    /**
     * Opens the namespace that the calling thread is in.
     *
     * @return the namespace; {@link #delete()} is not for it.
     */
    public static NetNamespace current() {
        return open(OF_THREAD);
    }

    /**
     * Tells whether a name is taken.
     *
     * @param name a name, without slashes.
     * @return true where it is.
     */
    public static boolean exists(final String name) {
        return Files.exists(pathOf(name));
    }

    /**
     * Its name.
     *
     * @return the name below {@code /run/netns}, or the path it was opened by.
     */
    public String name() {
        return name;
    }

    /**
     * The descriptor, to move interfaces into the namespace.
     *
     * @return a file descriptor, valid until {@link #close()}.
     */
    public int fd() {
        return fd.number();
    }

    /**
     * Runs something in the namespace, on a platform thread of its own that ends with it: {@code setns} changes one
     * thread, and no other code must ever meet that thread again. Sockets made in it, of {@code java.net} and
     * {@code java.nio} too, stay in the namespace and may be used by any thread. The caller waits.
     *
     * @param body what to run.
     * @param <T> type of its result.
     * @return its result.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     * @throws CompletionException with the cause, for checked exceptions of the body; unchecked ones come as they are.
     */
    public <T> T call(final Callable<T> body) {
        final int namespaceFd = fd.number();
        return onThread("netns-" + name, () -> {
            final CallState state = new CallState();
            if (LibC.setns(state, namespaceFd, Posix.CLONE_NEWNET) < 0) {
                throw state.failure("enter network namespace", name);
            }
            return body.call();
        });
    }

    /**
     * As {@link #call} for something without a result.
     *
     * @param body what to run.
     */
    public void run(final Runnable body) {
        call(() -> {
            body.run();
            return null;
        });
    }

    /**
     * Removes the name, as {@code ip netns del} does. Does nothing where it is gone. The descriptor stays open.
     *
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     */
    public void delete() {
        delete(name);
    }

    /**
     * Removes a name, as {@code ip netns del} does. Does nothing where it is gone.
     *
     * @param name a name, without slashes.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     */
    public static void delete(final String name) {
        final Path path = pathOf(name);
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment target = arena.allocateFrom(path.toString());
            final boolean isUnmounted = LibC.umount2(state, target, Posix.MNT_DETACH) == 0;
            final boolean wasNoMount = state.errno() == Errno.EINVAL || state.errno() == Errno.ENOENT;
            if (!isUnmounted && !wasNoMount) {
                throw state.failure("unmount network namespace", name);
            }
        }
        remove(path);
    }

    /** Gives the descriptor back; the namespace lives on while it has a name, a process or a socket. */
    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return "network namespace " + name;
    }

    private static NetNamespace open(final String name, final Path path) {
        return new NetNamespace(name, Fd.open(path.toString(), Posix.O_RDONLY));
    }

    private static Path pathOf(final String name) {
        final boolean isFileName = !name.isEmpty() && name.length() <= NAME_MAX_LENGTH && name.indexOf('/') < 0
            && name.indexOf('\0') < 0 && !".".equals(name) && !"..".equals(name);
        if (!isFileName) {
            throw new IllegalArgumentException("not a name of a network namespace: '" + name + "'");
        }
        return FOLDER.resolve(name);
    }

    /** Runs on a thread that ends afterwards, since it is left in the new namespace. */
    private static void unshareAndMount(final String name, final Path path) {
        final CallState state = new CallState();
        if (LibC.unshare(state, Posix.CLONE_NEWNET) < 0) {
            throw state.failure("create network namespace", name);
        }
        mount(OF_THREAD, path, Posix.MS_BIND);
    }

    /**
     * Makes the folder a shared mount, as iproute2's netns.c does: a name then appears in, and vanishes from, all mount
     * namespaces, and no copy of it in some service's private mounts keeps a deleted namespace alive.
     */
    private static void prepareFolder() {
        try {
            Files.createDirectories(FOLDER);
        } catch (final IOException e) {
            throw new UncheckedIOException("create " + FOLDER, e);
        }
        final int errno = tryMount("", FOLDER, Posix.MS_SHARED | Posix.MS_REC);
        if (errno == Errno.EINVAL) {
            mount(FOLDER, FOLDER, Posix.MS_BIND | Posix.MS_REC);
            mount(Path.of(""), FOLDER, Posix.MS_SHARED | Posix.MS_REC);
        } else if (errno != 0) {
            throw new NativeCallException("share mounts of", FOLDER.toString(), errno);
        }
    }

    private static void mount(final Path source, final Path target, final long flags) {
        final int errno = tryMount(source.toString(), target, flags);
        if (errno != 0) {
            throw new NativeCallException("mount " + source + " on", target.toString(), errno);
        }
    }

    private static int tryMount(final String source, final Path target, final long flags) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final int result = LibC.mount(state, arena.allocateFrom(source), arena.allocateFrom(target.toString()),
                arena.allocateFrom("none"), flags, MemorySegment.NULL);
            return result == 0 ? 0 : state.errno();
        }
    }

    private static void remove(final Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (final IOException e) {
            throw new UncheckedIOException("remove " + path, e);
        }
    }

    /** Waits even when interrupted, since the body may hold what the caller closes next; the interrupt is kept. */
    private static <T> T onThread(final String threadName, final Callable<T> body) {
        final FutureTask<T> task = new FutureTask<>(body);
        final Thread thread = Thread.ofPlatform().name(threadName).daemon().start(task);
        boolean isInterrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (final InterruptedException _) {
                isInterrupted = true;
                thread.interrupt();
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
        return result(task);
    }

    private static <T> T result(final FutureTask<T> task) {
        return switch (task.state()) {
            case SUCCESS -> task.resultNow();
            case FAILED -> throw unchecked(task.exceptionNow());
            case RUNNING, CANCELLED -> throw new IllegalStateException("thread ended without a result");
        };
    }

    private static RuntimeException unchecked(final Throwable thrown) {
        if (thrown instanceof final RuntimeException exception) {
            return exception;
        }
        if (thrown instanceof final Error error) {
            throw error;
        }
        return new CompletionException(thrown);
    }
}

package io.caracal.xdp;

import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where Caracal's maps and links outlive the engine: {@code <bpffs>/caracal/maps} and {@code <bpffs>/caracal/links}.
 * One engine uses a directory at a time, on one thread. It holds no descriptors, so there is nothing to close; after a
 * crash all pins are where they were.
 *
 * <p>Mounting a bpffs needs CAP_SYS_ADMIN, and is done only where the given folder is not one yet.
 */
public final class PinDirectory {
    /** The mount's source, by which {@link #removeAll()} knows that the mount is ours. */
    private static final String MOUNT_SOURCE = "caracal";
    private static final Path MOUNTS = Path.of("/proc/self/mounts");

    private final Path bpffs;
    private final Path root;

    private PinDirectory(final Path bpffs) {
        this.bpffs = bpffs;
        root = bpffs.resolve("caracal");
    }

    /**
     * Makes the directory, and mounts a bpffs if the folder is not in one.
     *
     * @param bpffs where the bpffs is or is to be: {@code /sys/fs/bpf} by default, another folder inside {@code ip
     *     netns exec}, which hides that one.
     * @return the directory.
     * @throws NativeCallException EPERM or EACCES of mount(2).
     * @throws UncheckedIOException when a folder cannot be made.
     */
    public static PinDirectory open(final Path bpffs) {
        final PinDirectory directory = new PinDirectory(bpffs.toAbsolutePath());
        try {
            Files.createDirectories(directory.bpffs);
            if (!isBpffs(directory.bpffs)) {
                mount(directory.bpffs);
            }
            Files.createDirectories(directory.root.resolve("maps"));
            Files.createDirectories(directory.root.resolve("links"));
        } catch (final IOException e) {
            throw new UncheckedIOException("make pin directory " + directory.root, e);
        }
        return directory;
    }

    /**
     * Where the pins are.
     *
     * @return absolute.
     */
    public Path root() {
        return root;
    }

    /**
     * The pin of a map.
     *
     * @param name in the C source.
     * @return a path, whether it is there or not.
     */
    public Path mapPin(final String name) {
        return root.resolve("maps").resolve(name);
    }

    /**
     * The pin of a link.
     *
     * @param hook such as {@code tc-ingress-12}.
     * @return a path, whether it is there or not.
     */
    public Path linkPin(final String hook) {
        return root.resolve("links").resolve(hook);
    }

    void pinMap(final BpfMapHandle map) {
        final Path pin = mapPin(map.name());
        delete(pin);
        BpfLinks.pin(map.fd(), pin);
    }

    /**
     * Removes the pins of links whose interface is gone: such a link does nothing any more, and a later interface may
     * get the same index. To be done at start, and after interfaces went.
     *
     * @return the hooks that were removed.
     */
    public List<String> sweepDefunctLinks() {
        final List<String> swept = new ArrayList<>();
        for (final Path pin : children(root.resolve("links"))) {
            if (isDefunct(pin)) {
                delete(pin);
                swept.add(pin.getFileName().toString());
            }
        }
        return swept;
    }

    private static boolean isDefunct(final Path pin) {
        try (Fd link = BpfLinks.openPinned(pin)) {
            return BpfLinks.info(link.number()).ifindex() == 0;
        }
    }

    /**
     * Removes every pin and the directory, and the bpffs too if Caracal has mounted it: what {@code caracal cleanup}
     * does. The programs of pinned links leave their hooks at once, also under a running engine.
     *
     * @return the names of the pins that were there, such as {@code links/tc-ingress-12}.
     */
    public List<String> removeAll() {
        final List<String> removed = new ArrayList<>();
        for (final Path pin : children(root.resolve("links"))) {
            BpfLink.removePinned(pin);
            removed.add("links/" + pin.getFileName());
        }
        for (final Path pin : children(root.resolve("maps"))) {
            delete(pin);
            removed.add("maps/" + pin.getFileName());
        }
        List.of(root.resolve("links"), root.resolve("maps"), root).forEach(PinDirectory::delete);
        if (isMountedByUs()) {
            unmount();
        }
        return removed;
    }

    private static List<Path> children(final Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.list(folder)) {
            return paths.sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException("list pins in " + folder, e);
        }
    }

    static void delete(final Path pin) {
        try {
            Files.deleteIfExists(pin);
        } catch (final IOException e) {
            throw new UncheckedIOException("remove pin " + pin, e);
        }
    }

    private static boolean isBpffs(final Path folder) throws IOException {
        return Files.getFileStore(folder).type().equals("bpf");
    }

    private static void mount(final Path folder) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final int result = LibC.mount(state, arena.allocateFrom(MOUNT_SOURCE),
                arena.allocateFrom(folder.toString()),
                arena.allocateFrom("bpf"), 0, arena.allocateFrom("mode=0700"));
            if (result < 0) {
                throw new NativeCallException("mount bpffs at", folder.toString(), state.errno(),
                    "it needs CAP_SYS_ADMIN once; or mount it beforehand: mount -t bpf bpf " + folder);
            }
        }
    }

    private void unmount() {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            if (LibC.umount2(state, arena.allocateFrom(bpffs.toString()), 0) < 0) {
                throw state.failure("unmount bpffs at", bpffs.toString());
            }
        }
    }

    private boolean isMountedByUs() {
        try (Stream<String> mounts = Files.lines(MOUNTS)) {
            return mounts.anyMatch(line -> line.startsWith(MOUNT_SOURCE + ' ' + bpffs + " bpf "));
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + MOUNTS, e);
        }
    }
}

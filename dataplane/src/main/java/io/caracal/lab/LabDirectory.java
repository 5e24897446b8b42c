package io.caracal.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;


/**
 * What a lab leaves on disk while it lives: who owns it, and the folders of its nodes. It is made before the first
 * namespace and removed after the last, so that a namespace of ours without a folder belongs to nobody.
 */
final class LabDirectory {
    /** Begins the name of every network namespace of every lab. */
    static final String NAME_PREFIX = "caracal-lab-";
    /** A tmpfs on every machine, gone with a reboot, as the namespaces are; /run is not always one. */
    static final Path ROOT = Path.of("/dev/shm/caracal-lab");
    private static final String OWNER = "owner";

    private final Path path;

    LabDirectory(final Path path) {
        this.path = path;
    }

    /** A new folder that says from its first moment whose it is. */
    static LabDirectory create(final String id) {
        final Path path = ROOT.resolve(id);
        try {
            Files.createDirectories(ROOT);
            final Path draft = Files.createTempDirectory(ROOT, ".");
            Files.writeString(draft.resolve(OWNER), LabOwner.current().text());
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (final IOException e) {
            throw new UncheckedIOException("create lab folder " + path + " (root is needed)", e);
        }
        return new LabDirectory(path);
    }

    /** Folders of all labs, living or dead. */
    static List<LabDirectory> all() {
        final List<LabDirectory> all = new ArrayList<>();
        for (final String name : namesIn(ROOT)) {
            all.add(new LabDirectory(ROOT.resolve(name)));
        }
        return all;
    }

    /** Names in a folder; none where it is not there. */
    static List<String> namesIn(final Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException("list " + folder, e);
        }
    }

    Path path() {
        return path;
    }

    String id() {
        return path.getFileName().toString();
    }

    /** Begins the names of this lab's namespaces. */
    String namespacePrefix() {
        return NAME_PREFIX + id() + '-';
    }

    /** Whether the process that made it still runs; a draft without owner belongs to whoever is making it. */
    boolean isOwnerAlive() {
        try {
            return LabOwner.parse(Files.readString(path.resolve(OWNER))).isAlive();
        } catch (final IOException | IllegalArgumentException e) {
            return isRecent();
        }
    }

    /** A folder without readable owner is left alone for a minute, in which its maker has finished or died. */
    private boolean isRecent() {
        try {
            return System.currentTimeMillis() - Files.getLastModifiedTime(path).toMillis() < 60_000;
        } catch (final IOException e) {
            return false;
        }
    }

    Path folder(final String... names) {
        Path folder = path;
        for (final String name : names) {
            folder = folder.resolve(name);
        }
        try {
            return Files.createDirectories(folder);
        } catch (final IOException e) {
            throw new UncheckedIOException("create " + folder, e);
        }
    }

    /** Unmounts what is mounted inside, then removes all of it. */
    void remove() {
        mountsInside().reversed().forEach(LabMounts::unmount);
        try (Stream<Path> entries = Files.walk(path)) {
            for (final Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (final NoSuchFileException e) {
            assert !Files.exists(path) : path;
        } catch (final IOException e) {
            throw new UncheckedIOException("remove lab folder " + path, e);
        }
    }

    private List<Path> mountsInside() {
        return LabMounts.all().stream().filter(mount -> mount.startsWith(path)).toList();
    }
}

package io.caracal.control.manifest;

import io.caracal.control.ControlException;
import io.caracal.control.ControlProblem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The manifest files at a path: the file itself, or a directory's {@code *.yaml}, {@code *.yml} and {@code *.json}
 * (the names that kubectl takes) in the order of their names, without descending, hidden ones left out.
 */
final class ManifestFiles {
    /** A directory with more is somebody's mistake (a whole home directory), and polling it would cost. */
    static final int FILES_MAX = 4096;

    private final Path root;

    ManifestFiles(final Path root) {
        this.root = root;
    }

    /**
     * One file as it was seen: a different stamp means a different content.
     *
     * @param file     where.
     * @param size     in bytes.
     * @param modified the time of its last change in ns since 1970.
     * @param key      device and inode: a file replaced by another is another.
     */
    record Stamp(Path file, long size, long modified, String key) {
    }

    /**
     * The files that are there now.
     *
     * @throws ControlException when the path cannot be read or holds too many.
     */
    List<Stamp> stamps() {
        final List<Stamp> stamps = new ArrayList<>();
        try {
            for (final Path file : files()) {
                final BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                stamps.add(new Stamp(file, attributes.size(), attributes.lastModifiedTime().to(
                    TimeUnit.NANOSECONDS), String.valueOf(attributes.fileKey())));
            }
        } catch (final IOException e) {
            throw refusal(root, "cannot be read: " + e);
        }
        return stamps;
    }

    /**
     * All objects of all files.
     *
     * @throws ControlException naming every file that cannot be read.
     */
    List<ManifestObject> read(final List<Stamp> stamps) {
        final List<ManifestObject> objects = new ArrayList<>();
        final List<ControlProblem> problems = new ArrayList<>();
        for (final Stamp stamp : stamps) {
            try {
                objects.addAll(ManifestParser.parse(stamp.file().toString(), text(stamp)));
            } catch (final ControlException e) {
                problems.addAll(e.problems());
            }
        }
        if (!problems.isEmpty()) {
            throw new ControlException(problems);
        }
        return objects;
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(root)) {
            return List.of(root);
        }
        try (Stream<Path> entries = Files.list(root)) {
            final List<Path> files = entries.filter(ManifestFiles::isManifest).limit(FILES_MAX + 1L).sorted().toList();
            if (files.size() > FILES_MAX) {
                throw refusal(root, "holds more than " + FILES_MAX + " manifest files");
            }
            return files;
        }
    }

    private static boolean isManifest(final Path file) {
        final String name = file.getFileName().toString();
        return !name.startsWith(".") && name.matches(".*\\.(yaml|yml|json)") && Files.isRegularFile(file);
    }

    private static String text(final Stamp stamp) {
        if (stamp.size() > ManifestParser.FILE_MAX_BYTES) {
            throw refusal(stamp.file(), "is larger than " + ManifestParser.FILE_MAX_BYTES + " bytes: split it");
        }
        try {
            final ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(stamp.file()));
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (final CharacterCodingException e) {
            throw refusal(stamp.file(), "is not UTF-8 text");
        } catch (final IOException e) {
            throw refusal(stamp.file(), "cannot be read: " + e);
        }
    }

    private static ControlException refusal(final Path place, final String reason) {
        return new ControlException(List.of(
            new ControlProblem(ControlProblem.Kind.REFUSED, place.toString(), "", reason)));
    }
}

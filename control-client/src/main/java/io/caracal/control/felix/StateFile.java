package io.caracal.control.felix;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * What Felix said, kept on disk as a Felix stream of its own, configuration to in-sync: {@code caracal check --stream}
 * reads it too. Replaced in one step and synced before, so a crash leaves the old or the new one whole.
 */
final class StateFile {
    private final Path file;

    StateFile(final Path file) {
        this.file = file;
    }

    void write(final FelixState said) throws IOException {
        final Path draft = file.resolveSibling(file.getFileName() + ".new");
        try (FileOutputStream raw = new FileOutputStream(draft.toFile())) {
            final OutputStream out = new BufferedOutputStream(raw, 1 << 16);
            final FelixFrameWriter writer = new FelixFrameWriter(out);
            said.forEachMessage(writer::write);
            out.flush();
            raw.getFD().sync();
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Replays the file into a session; false where there is none. */
    boolean replay(final FelixSession session) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        FelixStreamFile.forEach(file, session::take);
        if (!session.isInSync()) {
            throw new FelixProtocolException(file + " ends before in-sync");
        }
        return true;
    }
}

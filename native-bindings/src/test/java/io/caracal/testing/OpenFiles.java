package io.caracal.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test that leaves a kernel object open: sockets, eventfds, BPF objects, namespaces, memory files. */
public final class OpenFiles implements BeforeEachCallback, AfterEachCallback {
    private static final Path FOLDER = Path.of("/proc/self/fd");

    private List<String> before;

    @Override
    public void beforeEach(final ExtensionContext context) {
        before = targets();
    }

    @Override
    public void afterEach(final ExtensionContext context) {
        assertEquals(before, targets(), "descriptors before and after " + context.getDisplayName());
    }

    /** Jars and folders are the class loader's and come and go; what is not a path or is a namespace is ours. */
    static List<String> targets() {
        try (Stream<Path> entries = Files.list(FOLDER)) {
            return entries.map(OpenFiles::target).filter(OpenFiles::isKernelObject).sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isKernelObject(final String target) {
        final boolean isPath = target.startsWith("/") && !target.startsWith("/memfd:");
        return !target.isEmpty() && (!isPath || target.startsWith("/proc/") || target.startsWith("/run/netns/"));
    }

    private static String target(final Path entry) {
        try {
            return Files.readSymbolicLink(entry).toString();
        } catch (final IOException e) {
            return "";
        }
    }
}

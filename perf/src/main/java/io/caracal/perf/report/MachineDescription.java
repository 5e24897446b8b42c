package io.caracal.perf.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** One line that says where figures come from: without it they mean nothing elsewhere. */
public final class MachineDescription {
    private static final double KIB_PER_GIB = 1024.0 * 1024.0;

    private MachineDescription() {
    }

    /**
     * Describes the machine that this process runs on.
     *
     * @return such as {@code 2 x AMD EPYC, 7.8 GiB, Linux 6.18.44, JDK 25.0.3}.
     */
    public static String ofThisMachine() {
        return String.format(Locale.ROOT, "%d x %s, %.1f GiB, %s %s, JDK %s",
            Runtime.getRuntime().availableProcessors(), field(Path.of("/proc/cpuinfo"), "model name"), memoryGib(),
            System.getProperty("os.name"), System.getProperty("os.version"), System.getProperty("java.version"));
    }

    private static double memoryGib() {
        return Long.parseLong(field(Path.of("/proc/meminfo"), "MemTotal").split(" ")[0]) / KIB_PER_GIB;
    }

    private static String field(final Path file, final String name) {
        try {
            for (final String line : Files.readAllLines(file)) {
                final int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
                    return line.substring(colon + 1).strip();
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + file, e);
        }
        /* Some architectures have no "model name". */
        return System.getProperty("os.arch");
    }
}

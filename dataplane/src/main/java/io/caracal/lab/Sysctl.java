package io.caracal.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Settings below {@code /proc/sys/net}, which are those of the network namespace that the calling thread is in. */
final class Sysctl {
    private static final Path NET = Path.of("/proc/sys/net");

    private Sysctl() {
    }

    /**
     * Sets a value.
     *
     * @param key   such as {@code ipv4/conf/eth0/forwarding}.
     * @param value what to write.
     */
    static void set(final String key, final int value) {
        try {
            Files.writeString(NET.resolve(key), Integer.toString(value));
        } catch (final IOException e) {
            throw new UncheckedIOException("set net/" + key + " to " + value, e);
        }
    }
}

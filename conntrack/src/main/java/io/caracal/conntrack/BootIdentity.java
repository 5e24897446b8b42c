package io.caracal.conntrack;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Which boot of the machine this is, from {@code /proc/sys/kernel/random/boot_id}: a flow of another boot is void,
 * since every socket of that time is gone and the boot-time clock began anew.
 *
 * @param high first eight bytes of the boot id.
 * @param low last eight bytes.
 */
public record BootIdentity(long high, long low) {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /**
     * Reads the running kernel's.
     *
     * @return the identity.
     * @throws UncheckedIOException when the file cannot be read: is /proc mounted?
     */
    public static BootIdentity current() {
        try {
            final UUID id = UUID.fromString(Files.readString(BOOT_ID).strip());
            return new BootIdentity(id.getMostSignificantBits(), id.getLeastSignificantBits());
        } catch (final IOException e) {
            throw new UncheckedIOException("read " + BOOT_ID + " (mount /proc)", e);
        }
    }
}

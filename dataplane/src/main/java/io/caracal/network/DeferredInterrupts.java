package io.caracal.network;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.conntrack.BootIdentity;
import io.caracal.netlink.DeviceSettings;
import io.caracal.xsk.BusyPoll;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The devices whose interrupts wait because a worker polls them: what their settings were before is written down
 * first, so that whoever comes after a kill can set them back. A value that is not ours any more is somebody else's
 * and stays. The control thread's, or that of whoever has the node's lock while no engine runs.
 *
 * <p>Opened in the network namespace of the devices; CAP_SYS_ADMIN for that (see {@link DeviceSettings}), and
 * CAP_NET_ADMIN to write. What is noted holds for one boot: settings do not outlive it.</p>
 */
public final class DeferredInterrupts implements AutoCloseable {
    private static final String FILE_NAME = "deferred-interrupts";
    /** What is set, in this order: the timer must be there before it is waited for. */
    private static final Map<String, String> WANTED = new TreeMap<>(Map.of(
        BusyPoll.GRO_FLUSH_TIMEOUT, Integer.toString(BusyPoll.GRO_FLUSH_TIMEOUT_NS),
        BusyPoll.DEFER_HARD_IRQS, Integer.toString(BusyPoll.DEFER_HARD_IRQS_COUNT)));

    private final Path file;
    private final DeviceSettings settings;
    private final List<Former> noted = new ArrayList<>();

    /** A line of the file: what a setting of a device was, in which boot. */
    private record Former(String boot, String device, String setting, String value) {
        static Former parse(final String line) {
            final String[] words = line.split(" ");
            return new Former(words[0], words[1], words[2], words[3]);
        }

        String line() {
            return String.join(" ", boot, device, setting, value);
        }
    }

    private DeferredInterrupts(final Path file, final DeviceSettings settings) {
        this.file = file;
        this.settings = settings;
    }

    /**
     * Sets back what an engine has left that did not come to do it. Does nothing where there is none.
     *
     * @param stateDirectory of this node's engines; locked by the caller.
     * @return a line for each device.
     * @throws NativeCallException EPERM, EROFS: what could not be set back is still noted.
     */
    public static List<String> restoreLeft(final Path stateDirectory) {
        if (!Files.exists(stateDirectory.resolve(FILE_NAME))) {
            return List.of();
        }
        try (DeferredInterrupts left = open(stateDirectory)) {
            return left.restoreAll();
        }
    }

    /**
     * Opens, with what is noted.
     *
     * @param stateDirectory of this node's engines; locked by the caller.
     * @return to be closed; that sets nothing back.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     */
    static DeferredInterrupts open(final Path stateDirectory) {
        final DeferredInterrupts opened =
            new DeferredInterrupts(stateDirectory.resolve(FILE_NAME), DeviceSettings.open());
        try {
            opened.read();
        } catch (final RuntimeException failure) {
            opened.close();
            throw failure;
        }
        return opened;
    }

    /** What is half a line, or of another boot, says nothing about the settings of now. */
    private void read() {
        try {
            if (Files.exists(file)) {
                final String boot = boot();
                Files.readAllLines(file, StandardCharsets.US_ASCII).stream()
                    .filter(line -> line.matches("[0-9a-f]+(?: \\S+){3}")).map(Former::parse)
                    .filter(former -> former.boot.equals(boot)).forEach(noted::add);
            }
        } catch (final IOException failure) {
            throw new UncheckedIOException("read former settings of devices from " + file, failure);
        }
    }

    private static String boot() {
        final BootIdentity boot = BootIdentity.current();
        return Long.toHexString(boot.high()) + Long.toHexString(boot.low());
    }

    /**
     * Has a device's interrupts wait, and notes what was before.
     *
     * @param device an uplink that a worker polls.
     * @throws NativeCallException ENODEV, EPERM, ENOENT where the kernel has no such setting; then nothing is changed.
     */
    void defer(final String device) {
        final String boot = boot();
        for (final String setting : WANTED.keySet()) {
            final String value = settings.find(device, setting).orElseThrow(() -> new NativeCallException(
                "read setting", setting + " of " + device, Errno.ENOENT));
            noted.add(new Former(boot, device, setting, value));
        }
        write();
        try {
            WANTED.forEach((setting, value) -> settings.set(device, setting, value));
        } catch (final NativeCallException failure) {
            restore(device);
            throw failure;
        }
    }

    /**
     * Sets a device back to what it was; nothing for one that was not deferred, or has gone.
     *
     * @param device its name.
     * @return what was set back, for people; empty if nothing was to be done.
     * @throws NativeCallException EPERM, EROFS: it is still noted then.
     */
    Optional<String> restore(final String device) {
        final List<String> restored = new ArrayList<>();
        for (final Former former : List.copyOf(noted)) {
            if (former.device.equals(device)) {
                if (settings.find(device, former.setting).filter(WANTED.get(former.setting)::equals).isPresent()
                    && !former.value.equals(WANTED.get(former.setting))) {
                    set(former);
                    restored.add(former.setting + " to " + former.value);
                }
                noted.remove(former);
            }
        }
        write();
        return restored.isEmpty() ? Optional.empty()
            : Optional.of(String.join(" and ", restored) + " of " + device);
    }

    private void set(final Former former) {
        try {
            settings.set(former.device, former.setting, former.value);
        } catch (final NativeCallException failure) {
            /* Gone between two calls: what goes with it has nothing to be set back. */
            if (failure.errno() != Errno.ENOENT && failure.errno() != Errno.ENODEV) {
                throw failure;
            }
        }
    }

    /**
     * Sets all of them back.
     *
     * @return what was set back, a line for each device.
     * @throws NativeCallException as {@link #restore}.
     */
    List<String> restoreAll() {
        final List<String> restored = new ArrayList<>();
        noted.stream().map(Former::device).distinct().toList()
            .forEach(device -> restore(device).ifPresent(restored::add));
        write();
        return restored;
    }

    private void write() {
        try {
            if (noted.isEmpty()) {
                Files.deleteIfExists(file);
                return;
            }
            final Path draft = file.resolveSibling(FILE_NAME + ".new");
            Files.write(draft, noted.stream().map(Former::line).toList(), StandardCharsets.US_ASCII);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (final IOException failure) {
            throw new UncheckedIOException("write former settings of devices to " + file, failure);
        }
    }

    @Override
    public void close() {
        settings.close();
    }
}

package io.caracal.netlink;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * Settings of network devices below {@code /sys/class/net}: those of the network namespace that the calling thread of
 * {@link #open} is in, whatever is mounted on {@code /sys}.
 *
 * <p>Unlike {@code /proc/sys/net}, a sysfs shows the network namespace of whoever mounted it (fs/sysfs/mount.c), and in
 * a container it is read-only as a rule. So this mounts one of its own, which has no place in the file system and goes
 * with its descriptor. {@link #open} in the namespace; the rest on any thread, one at a time. CAP_SYS_ADMIN to open,
 * CAP_NET_ADMIN to write; Linux 5.2.</p>
 *
 * <pre>{@code
 * try (DeviceSettings settings = DeviceSettings.open()) {
 *     settings.set("eth0", "gro_flush_timeout", "200000");
 * }
 * }</pre>
 */
public final class DeviceSettings implements AutoCloseable {
    /* Numbers of asm-generic/unistd.h, the same on all architectures; constants of linux/mount.h. */
    private static final int SYS_FSOPEN = 430;
    private static final int SYS_FSCONFIG = 431;
    private static final int SYS_FSMOUNT = 432;
    private static final int FSOPEN_CLOEXEC = 1;
    private static final int FSCONFIG_CMD_CREATE = 6;
    private static final int FSMOUNT_CLOEXEC = 1;

    private static final String ACT = "mount for this network namespace";
    private static final String THING = "a sysfs";

    private final Fd root;

    private DeviceSettings(final Fd root) {
        this.root = root;
    }

    /**
     * Opens the settings of the devices in the calling thread's network namespace.
     *
     * @return to be closed.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN, ENOSYS before Linux 5.2.
     */
    public static DeviceSettings open() {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined();
             Fd context = checked(state, LibC.syscall(state, SYS_FSOPEN, arena.allocateFrom("sysfs").address(),
                 FSOPEN_CLOEXEC, 0))) {
            if (LibC.syscall(state, SYS_FSCONFIG, context.number(), FSCONFIG_CMD_CREATE, 0) < 0) {
                throw failure(state);
            }
            return new DeviceSettings(
                checked(state, LibC.syscall(state, SYS_FSMOUNT, context.number(), FSMOUNT_CLOEXEC, 0)));
        }
    }

    private static Fd checked(final CallState state, final long fd) {
        if (fd < 0) {
            throw failure(state);
        }
        return Fd.of((int)fd, THING);
    }

    private static NativeCallException failure(final CallState state) {
        final int errno = state.errno();
        return new NativeCallException(ACT, THING, errno, errno == Errno.EPERM ? "needs CAP_SYS_ADMIN"
            : Errno.describe(errno));
    }

    /**
     * Reads a setting.
     *
     * @param device name of the interface.
     * @param setting file in its directory, such as {@code gro_flush_timeout}.
     * @return its value without the final newline; empty where there is no such device, or it has no such setting.
     * @throws NativeCallException EACCES, EINVAL for a setting that this device has no value of.
     */
    public Optional<String> find(final String device, final String setting) {
        try (Fd file = open(device, setting, Posix.O_RDONLY, "read")) {
            return Optional.of(SettingFile.read(file, thing(device, setting)));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENOENT || e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Writes a setting.
     *
     * @param device name of the interface.
     * @param setting file in its directory, such as {@code gro_flush_timeout}.
     * @param value what it shall be.
     * @throws NativeCallException ENOENT or ENODEV without such a device or setting, EPERM without CAP_NET_ADMIN,
     *     EINVAL or ERANGE for a value that the kernel refuses.
     */
    public void set(final String device, final String setting, final String value) {
        try (Fd file = open(device, setting, Posix.O_WRONLY, "set")) {
            SettingFile.write(file, thing(device, setting), value);
        }
    }

    private Fd open(final String device, final String setting, final int flags, final String act) {
        if (!device.matches("[^/\\x00]{1,15}") || "..".equals(device) || !setting.matches("[a-z0-9_]+")) {
            throw new IllegalArgumentException("no setting of a device: '" + device + "', '" + setting + "'");
        }
        try {
            return Fd.open("/proc/self/fd/" + root.number() + "/class/net/" + device + "/" + setting,
                flags | Posix.O_CLOEXEC);
        } catch (final NativeCallException e) {
            final NativeCallException named =
                new NativeCallException(act + " setting", thing(device, setting), e.errno(), Errno.describe(e.errno()));
            named.initCause(e);
            throw named;
        }
    }

    private static String thing(final String device, final String setting) {
        return setting + " of " + device;
    }

    @Override
    public void close() {
        root.close();
    }
}

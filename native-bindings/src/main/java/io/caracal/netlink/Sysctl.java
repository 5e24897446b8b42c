package io.caracal.netlink;

import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.util.Optional;

/**
 * Settings of the kernel's network below {@code /proc/sys/net}: those of the network namespace of the calling thread.
 * Keys are written with slashes, {@code ipv4/conf/vxlan.calico/rp_filter}, since names of interfaces may have dots. Any
 * thread. Reading needs no privilege, writing CAP_NET_ADMIN and a /proc/sys that is not mounted read-only.
 */
public final class Sysctl {
    private static final String ROOT = "/proc/sys/net/";

    private Sysctl() {
    }

    /**
     * Reads a setting.
     *
     * @param key such as {@code ipv4/ip_forward}.
     * @return its value without the final newline; empty where the kernel has no such setting, or no such interface.
     * @throws NativeCallException EACCES, EIO.
     */
    public static Optional<String> find(final String key) {
        try (Fd file = open(key, Posix.O_RDONLY, "read")) {
            return Optional.of(SettingFile.read(file, "net/" + key));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Writes a setting.
     *
     * @param key such as {@code ipv4/ip_forward}.
     * @param value what it shall be.
     * @throws NativeCallException ENOENT without such a setting or interface, EROFS, EACCES, EINVAL for a value that
     *     the kernel refuses.
     */
    public static void set(final String key, final String value) {
        try (Fd file = open(key, Posix.O_WRONLY, "set")) {
            SettingFile.write(file, "net/" + key, value);
        }
    }

    /**
     * Writes a setting if it is different: what is right already is left alone, on a read-only /proc/sys too.
     *
     * @param key such as {@code ipv4/ip_forward}.
     * @param value what it shall be.
     * @return true where it was written, false where it had the value.
     * @throws NativeCallException ENOENT without such a setting or interface, EROFS, EACCES, EINVAL.
     */
    public static boolean ensure(final String key, final String value) {
        if (find(key).filter(value::equals).isPresent()) {
            return false;
        }
        set(key, value);
        return true;
    }

    private static Fd open(final String key, final int flags, final String act) {
        if (key.isEmpty() || key.startsWith("/") || key.contains("..") || key.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("not a key of a network setting (such as ipv4/ip_forward): '" + key
                + "'");
        }
        try {
            return Fd.open(ROOT + key, flags | Posix.O_CLOEXEC);
        } catch (final NativeCallException e) {
            final NativeCallException named = new NativeCallException(act + " setting", "net/" + key, e.errno(),
                e.errno() == Errno.EROFS ? "/proc/sys is read-only here: mount it writable, or set it on the host"
                    : Errno.describe(e.errno()));
            named.initCause(e);
            throw named;
        }
    }
}

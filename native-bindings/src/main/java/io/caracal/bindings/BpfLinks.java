package io.caracal.bindings;

import io.caracal.bindings.gen.caracal_bpf_link_create;
import io.caracal.bindings.gen.caracal_bpf_link_info;
import io.caracal.bindings.gen.caracal_bpf_link_update;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * BPF links: a program on a hook for as long as someone has the link open or pinned. Made by {@code bpf(2)} itself,
 * because libbpf 1.1 of Debian 12 does not know tcx. A link is a descriptor like any other: {@link Fd} owns it.
 * Interfaces are those of the calling thread's network namespace. CAP_BPF and CAP_NET_ADMIN.
 */
public final class BpfLinks {
    /** Attach type of XDP; links are Linux 5.9. */
    public static final int BPF_XDP = 37;
    /** Attach type of tc ingress without a qdisc; Linux 6.6, which Debian 12's headers lack. */
    public static final int BPF_TCX_INGRESS = 46;
    /** Attach type of tc egress without a qdisc; Linux 6.6, which Debian 12's headers lack. */
    public static final int BPF_TCX_EGRESS = 47;

    /** Link type of {@link #BPF_XDP}. */
    public static final int BPF_LINK_TYPE_XDP = 6;
    /** Link type of tcx; Linux 6.6, which Debian 12's headers lack. */
    public static final int BPF_LINK_TYPE_TCX = 11;

    /** tcx flag: before all other programs of the hook; Linux 6.6. */
    public static final int BPF_F_BEFORE = 1 << 3;
    /** tcx flag: after all other programs of the hook; Linux 6.6. */
    public static final int BPF_F_AFTER = 1 << 4;

    private static final int BPF_LINK_CREATE = 28;
    private static final int BPF_LINK_UPDATE = 29;
    private static final int BPF_LINK_DETACH = 34;
    private static final int BPF_F_REPLACE = 1 << 2;

    /**
     * What the kernel knows of a link.
     *
     * @param type such as {@link #BPF_LINK_TYPE_XDP}.
     * @param id its id.
     * @param programId id of its program.
     * @param ifindex its interface if it is an XDP or tcx link; 0 when that is gone: such a link is dead.
     * @param attachType of a tcx link, such as {@link #BPF_TCX_INGRESS}; else 0.
     */
    public record LinkInfo(int type, int id, int programId, int ifindex, int attachType) {
    }

    private BpfLinks() {
    }

    /**
     * {@code BPF_LINK_CREATE}: puts a program on a hook of an interface.
     *
     * @param programFd the program.
     * @param ifindex the interface.
     * @param attachType {@link #BPF_XDP}, {@link #BPF_TCX_INGRESS} or {@link #BPF_TCX_EGRESS}.
     * @param flags {@link BpfHooks#XDP_FLAGS_DRV_MODE} or SKB_MODE; {@link #BPF_F_BEFORE} or AFTER for tcx; 0.
     * @return the link; the program goes from the hook when it is closed and not pinned.
     * @throws NativeCallException EINVAL where the kernel does not know the attach type, EBUSY where XDP has a program
     *     by a link or another mode, EOPNOTSUPP without native XDP, ENODEV, EPERM.
     */
    public static Fd create(final int programFd, final int ifindex, final int attachType, final int flags) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attributes = caracal_bpf_link_create.allocate(arena).fill((byte)0);
            caracal_bpf_link_create.prog_fd(attributes, programFd);
            caracal_bpf_link_create.target_ifindex(attributes, ifindex);
            caracal_bpf_link_create.attach_type(attributes, attachType);
            caracal_bpf_link_create.flags(attributes, flags);
            final String thing = hookName(attachType) + " of ifindex " + ifindex;
            return Fd.of(bpf(state, BPF_LINK_CREATE, attributes, "attach program to", thing), "link on " + thing);
        }
    }

    /**
     * {@code BPF_LINK_UPDATE}: replaces the program of a link; no packet sees neither or both.
     *
     * @param linkFd the link.
     * @param programFd the new program, of the same type.
     * @param expectedProgramFd fail unless the link has this program; less than 0 for any.
     * @throws NativeCallException EPERM where it has another, ENOLINK where its interface is gone.
     */
    public static void update(final int linkFd, final int programFd, final int expectedProgramFd) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attributes = caracal_bpf_link_update.allocate(arena).fill((byte)0);
            caracal_bpf_link_update.link_fd(attributes, linkFd);
            caracal_bpf_link_update.new_prog_fd(attributes, programFd);
            if (expectedProgramFd >= 0) {
                caracal_bpf_link_update.flags(attributes, BPF_F_REPLACE);
                caracal_bpf_link_update.old_prog_fd(attributes, expectedProgramFd);
            }
            bpf(state, BPF_LINK_UPDATE, attributes, "replace program of", "link (fd " + linkFd + ')');
        }
    }

    /**
     * {@code BPF_LINK_DETACH}: takes the program from its hook, though the link stays pinned or open elsewhere. Does
     * nothing where the interface is gone.
     *
     * @param linkFd the link.
     * @throws NativeCallException EOPNOTSUPP where the type of link cannot be detached; before Linux 5.9 EINVAL.
     */
    public static void detach(final int linkFd) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment attributes = arena.allocateFrom(ValueLayout.JAVA_INT, linkFd);
            bpf(state, BPF_LINK_DETACH, attributes, "detach", "link (fd " + linkFd + ')');
        }
    }

    /**
     * {@code bpf_obj_get_info_by_fd} of a link.
     *
     * @param linkFd the link.
     * @return what the kernel knows of it.
     * @throws NativeCallException EBADF, EINVAL where it is something else.
     */
    public static LinkInfo info(final int linkFd) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment info = caracal_bpf_link_info.allocate(arena).fill((byte)0);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)info.byteSize());
            final int result = LibBpfCalls.bpf_obj_get_info_by_fd(linkFd, info, length);
            LibBpf.check(result, "ask about", "link (fd " + linkFd + ')');
            return new LinkInfo(caracal_bpf_link_info.type(info), caracal_bpf_link_info.id(info),
                caracal_bpf_link_info.prog_id(info), caracal_bpf_link_info.ifindex(info),
                caracal_bpf_link_info.attach_type(info));
        }
    }

    /**
     * {@code bpf_obj_pin}: gives a program, map or link a name in a bpffs, which keeps it when all close it.
     *
     * @param fd program, map or link.
     * @param path a file that is not there, in a bpffs.
     * @throws NativeCallException EEXIST, ENOENT where the folder is missing, EPERM or EINVAL outside a bpffs.
     */
    public static void pin(final int fd, final Path path) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            LibBpf.check(LibBpfCalls.bpf_obj_pin(fd, arena.allocateFrom(path.toString())), "pin", path.toString());
        }
    }

    /**
     * {@code bpf_obj_get}: opens what was pinned. To unpin, delete the file.
     *
     * @param path a file in a bpffs.
     * @return the program, map or link.
     * @throws NativeCallException ENOENT where there is none, EPERM or EACCES.
     */
    public static Fd openPinned(final Path path) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final int fd = LibBpfCalls.bpf_obj_get(arena.allocateFrom(path.toString()));
            return Fd.of(LibBpf.check(fd, "open pinned", path.toString()), "pinned " + path);
        }
    }

    /**
     * {@code bpf_link_get_next_id}: walks all links of the machine.
     *
     * @param id 0 for the first, else the previous one.
     * @return the next id, or 0 after the last.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     */
    public static int nextLinkId(final int id) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment next = arena.allocate(ValueLayout.JAVA_INT);
            final int result = LibBpfCalls.bpf_link_get_next_id(id, next);
            if (result == -Errno.ENOENT) {
                return 0;
            }
            LibBpf.check(result, "find BPF link after", "id " + id);
            return next.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * {@code bpf_link_get_fd_by_id}.
     *
     * @param id of a link.
     * @return the link.
     * @throws NativeCallException ENOENT where it is gone, EPERM without CAP_SYS_ADMIN.
     */
    public static Fd openLink(final int id) {
        LibBpf.library();
        return Fd.of(LibBpf.check(LibBpfCalls.bpf_link_get_fd_by_id(id), "open BPF link", "id " + id), "link " + id);
    }

    private static int bpf(final CallState state, final int command, final MemorySegment attributes, final String act,
        final String thing) {
        final long result = LibC.syscall(state, Posix.SYS_bpf, command, attributes.address(), attributes.byteSize());
        if (result < 0) {
            throw state.failure(act, thing);
        }
        return (int)result;
    }

    private static String hookName(final int attachType) {
        return switch (attachType) {
            case BPF_XDP -> "XDP hook";
            case BPF_TCX_INGRESS -> "tcx ingress";
            case BPF_TCX_EGRESS -> "tcx egress";
            default -> "hook " + attachType;
        };
    }
}

package io.caracal.bindings;

import io.caracal.bindings.gen.bpf_tc_hook;
import io.caracal.bindings.gen.bpf_tc_opts;
import io.caracal.bindings.gen.bpf_xdp_attach_opts;
import io.caracal.bindings.gen.bpf_xdp_query_opts;
import io.caracal.bindings.gen.libbpf_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Where BPF programs hang on interfaces without a link: XDP by netlink, and tc's clsact filters. They stay when this
 * process dies, until someone detaches them or the interface goes. Links are in {@link BpfLinks}. Interfaces are those
 * of the calling thread's network namespace. CAP_NET_ADMIN.
 */
public final class BpfHooks {
    /** {@code XDP_FLAGS_UPDATE_IF_NOEXIST}: fail where the interface has a program. */
    public static final int XDP_FLAGS_UPDATE_IF_NOEXIST = 1;
    /** {@code XDP_FLAGS_SKB_MODE}: generic XDP, after the kernel has made its packet. */
    public static final int XDP_FLAGS_SKB_MODE = 1 << 1;
    /** {@code XDP_FLAGS_DRV_MODE}: native XDP, in the driver. */
    public static final int XDP_FLAGS_DRV_MODE = 1 << 2;

    /** {@code BPF_TC_INGRESS}. */
    public static final int TC_INGRESS = 1;
    /** {@code BPF_TC_EGRESS}. */
    public static final int TC_EGRESS = 2;

    /**
     * Which XDP program an interface has.
     *
     * @param nativeProgramId id of the program in the driver, 0 for none.
     * @param genericProgramId id of the generic program, 0 for none.
     */
    public record XdpAttachment(int nativeProgramId, int genericProgramId) {
    }

    /**
     * A program as a filter of tc.
     *
     * @param ifindex the interface.
     * @param attachPoint {@link #TC_INGRESS} or {@link #TC_EGRESS}.
     * @param handle of the filter, from 1.
     * @param priority lower is earlier, from 1.
     */
    public record TcFilter(int ifindex, int attachPoint, int handle, int priority) {
        @Override
        public String toString() {
            return "ifindex " + ifindex + (attachPoint == TC_INGRESS ? " tc ingress" : " tc egress") + " filter "
                + handle + " priority " + priority;
        }
    }

    private BpfHooks() {
    }

    /**
     * {@code bpf_xdp_attach}: sets the XDP program of an interface.
     *
     * @param ifindex the interface.
     * @param programFd the program.
     * @param flags such as {@link #XDP_FLAGS_DRV_MODE}.
     * @throws NativeCallException EBUSY where it has one (with UPDATE_IF_NOEXIST, or by a link), EOPNOTSUPP without
     *     native XDP, EINVAL or ERANGE where MTU or queues do not suit, ENODEV.
     */
    public static void xdpAttach(final int ifindex, final int programFd, final int flags) {
        LibBpf.library();
        final int result = LibBpfCalls.bpf_xdp_attach(ifindex, programFd, flags, MemorySegment.NULL);
        LibBpf.check(result, "attach XDP program to", "ifindex " + ifindex);
    }

    /**
     * {@code bpf_xdp_detach}.
     *
     * @param ifindex the interface.
     * @param flags the mode it was attached with.
     * @param expectedProgramFd fail unless it is this program; 0 or less for any.
     * @throws NativeCallException EEXIST where it is another, EBUSY where a link holds it, ENODEV.
     */
    public static void xdpDetach(final int ifindex, final int flags, final int expectedProgramFd) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_xdp_attach_opts.allocate(arena).fill((byte)0);
            bpf_xdp_attach_opts.sz(options, options.byteSize());
            bpf_xdp_attach_opts.old_prog_fd(options, Math.max(0, expectedProgramFd));
            final int result = LibBpfCalls.bpf_xdp_detach(ifindex, flags, options);
            LibBpf.check(result, "detach XDP program from", "ifindex " + ifindex);
        }
    }

    /**
     * {@code bpf_xdp_query}.
     *
     * @param ifindex the interface.
     * @return which programs it has.
     * @throws NativeCallException ENODEV.
     */
    public static XdpAttachment xdpQuery(final int ifindex) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_xdp_query_opts.allocate(arena).fill((byte)0);
            bpf_xdp_query_opts.sz(options, options.byteSize());
            LibBpf.check(LibBpfCalls.bpf_xdp_query(ifindex, 0, options), "ask for XDP program of",
                "ifindex " + ifindex);
            return new XdpAttachment(bpf_xdp_query_opts.drv_prog_id(options),
                bpf_xdp_query_opts.skb_prog_id(options));
        }
    }

    /**
     * {@code bpf_tc_hook_create}: makes the clsact qdisc of an interface.
     *
     * @param ifindex the interface.
     * @return false where it was there already.
     * @throws NativeCallException ENODEV, EPERM.
     */
    public static boolean tcHookCreate(final int ifindex) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final int result = LibBpfCalls.bpf_tc_hook_create(hook(arena, ifindex, TC_INGRESS | TC_EGRESS));
            if (result == -Errno.EEXIST) {
                return false;
            }
            LibBpf.check(result, "create clsact qdisc of", "ifindex " + ifindex);
            return true;
        }
    }

    /**
     * {@code bpf_tc_hook_destroy}: removes the clsact qdisc of an interface and all filters on it, whoever made them.
     *
     * @param ifindex the interface.
     * @return false where there was none.
     * @throws NativeCallException ENODEV, EPERM.
     */
    public static boolean tcHookDestroy(final int ifindex) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final int result = LibBpfCalls.bpf_tc_hook_destroy(hook(arena, ifindex, TC_INGRESS | TC_EGRESS));
            if (result == -Errno.ENOENT || result == -Errno.EINVAL) {
                return false;
            }
            LibBpf.check(result, "remove clsact qdisc of", "ifindex " + ifindex);
            return true;
        }
    }

    /**
     * {@code bpf_tc_attach}, direct action: the program's return code is the verdict.
     *
     * @param filter where; the clsact qdisc must be there.
     * @param programFd the program.
     * @param isReplacing true to put it in the place of a filter with the same handle and priority, atomically.
     * @throws NativeCallException EEXIST where the place is taken, ENOENT without clsact, EINVAL.
     */
    public static void tcAttach(final TcFilter filter, final int programFd, final boolean isReplacing) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = options(arena, filter);
            bpf_tc_opts.prog_fd(options, programFd);
            bpf_tc_opts.flags(options, isReplacing ? libbpf_h.BPF_TC_F_REPLACE() : 0);
            final int result = LibBpfCalls.bpf_tc_attach(hook(arena, filter), options);
            LibBpf.check(result, "attach program to", filter.toString());
        }
    }

    /**
     * {@code bpf_tc_detach}.
     *
     * @param filter where.
     * @return false where there was none.
     * @throws NativeCallException ENODEV, EPERM.
     */
    public static boolean tcDetach(final TcFilter filter) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            return isThere(LibBpfCalls.bpf_tc_detach(hook(arena, filter), options(arena, filter)), "detach", filter);
        }
    }

    /**
     * {@code bpf_tc_query}.
     *
     * @param filter where.
     * @return id of the program there, 0 where there is none.
     * @throws NativeCallException ENODEV, EPERM.
     */
    public static int tcQuery(final TcFilter filter) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = options(arena, filter);
            final boolean isThere = isThere(LibBpfCalls.bpf_tc_query(hook(arena, filter), options), "ask for", filter);
            return isThere ? bpf_tc_opts.prog_id(options) : 0;
        }
    }

    /** The kernel says EINVAL, not ENOENT, where the qdisc or the whole chain is missing. */
    private static boolean isThere(final int result, final String act, final TcFilter filter) {
        if (result == -Errno.ENOENT || result == -Errno.EINVAL) {
            return false;
        }
        LibBpf.check(result, act, filter.toString());
        return true;
    }

    private static MemorySegment hook(final Arena arena, final TcFilter filter) {
        return hook(arena, filter.ifindex, filter.attachPoint);
    }

    private static MemorySegment hook(final Arena arena, final int ifindex, final int attachPoint) {
        final MemorySegment hook = bpf_tc_hook.allocate(arena).fill((byte)0);
        bpf_tc_hook.sz(hook, hook.byteSize());
        bpf_tc_hook.ifindex(hook, ifindex);
        bpf_tc_hook.attach_point(hook, attachPoint);
        return hook;
    }

    private static MemorySegment options(final Arena arena, final TcFilter filter) {
        final MemorySegment options = bpf_tc_opts.allocate(arena).fill((byte)0);
        bpf_tc_opts.sz(options, options.byteSize());
        bpf_tc_opts.handle(options, filter.handle);
        bpf_tc_opts.priority(options, filter.priority);
        return options;
    }
}

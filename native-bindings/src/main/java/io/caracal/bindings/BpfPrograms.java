package io.caracal.bindings;

import io.caracal.bindings.gen.bpf_prog_info;
import io.caracal.bindings.gen.bpf_prog_load_opts;
import io.caracal.bindings.gen.bpf_test_run_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** BPF programs by descriptor: loading instructions, running them on test packets, asking about them. */
public final class BpfPrograms {
    /** {@code BPF_PROG_TYPE_SCHED_CLS}: a program of tc. */
    public static final int TYPE_SCHED_CLS = 3;
    /** {@code BPF_PROG_TYPE_XDP}. */
    public static final int TYPE_XDP = 6;

    /** Bytes of the kernel's program name with its final zero. */
    private static final int NAME_LENGTH = 16;

    /**
     * What the kernel knows of a program.
     *
     * @param id its id.
     * @param type such as {@link #TYPE_XDP}.
     * @param name at most 15 letters.
     * @param tag hash of its instructions, 16 hexadecimal digits.
     */
    public record ProgramInfo(int id, int type, String name, String tag) {
    }

    /**
     * What a program did with a test packet.
     *
     * @param returnValue its verdict.
     * @param outputLength bytes of the packet afterwards.
     * @param durationNs mean time of a run.
     */
    public record TestRun(int returnValue, int outputLength, int durationNs) {
    }

    private BpfPrograms() {
    }

    /**
     * {@code bpf_prog_load}: loads instructions without a BPF object, which is how features are probed.
     *
     * @param type such as {@link #TYPE_XDP}.
     * @param name at most 15 letters.
     * @param expectedAttachType as some types and features need it, else 0.
     * @param flags {@code BPF_F_XDP_HAS_FRAGS} and the like, else 0.
     * @param instructions of 8 bytes each.
     * @return the program.
     * @throws NativeCallException EINVAL or EACCES from the verifier, EPERM without CAP_BPF.
     */
    public static Fd load(final int type, final String name, final int expectedAttachType, final int flags,
        final long... instructions) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_prog_load_opts.allocate(arena).fill((byte)0);
            bpf_prog_load_opts.sz(options, options.byteSize());
            bpf_prog_load_opts.expected_attach_type(options, expectedAttachType);
            bpf_prog_load_opts.prog_flags(options, flags);
            final int fd = LibBpfCalls.bpf_prog_load(type, arena.allocateFrom(name), arena.allocateFrom("GPL"),
                arena.allocateFrom(ValueLayout.JAVA_LONG, instructions), instructions.length, options);
            return Fd.of(LibBpf.check(fd, "load program", name), "program " + name);
        }
    }

    /**
     * {@code bpf_prog_test_run_opts}: runs a program on a packet without any interface.
     *
     * @param programFd the program.
     * @param packet from its Ethernet header on, at least 14 bytes.
     * @param context its {@code struct xdp_md} or {@code __sk_buff}, which it writes back; NULL for none.
     * @param output takes the packet afterwards; NULL if nobody wants it.
     * @param repeat how often.
     * @return what it did.
     * @throws NativeCallException ENOSPC where {@code output} is too small, EINVAL.
     */
    public static TestRun testRun(final int programFd, final MemorySegment packet, final MemorySegment context,
        final MemorySegment output, final int repeat) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_test_run_opts.allocate(arena).fill((byte)0);
            bpf_test_run_opts.sz(options, options.byteSize());
            bpf_test_run_opts.data_in(options, packet);
            bpf_test_run_opts.data_size_in(options, (int)packet.byteSize());
            bpf_test_run_opts.data_out(options, output);
            bpf_test_run_opts.data_size_out(options, (int)output.byteSize());
            bpf_test_run_opts.ctx_in(options, context);
            bpf_test_run_opts.ctx_size_in(options, (int)context.byteSize());
            bpf_test_run_opts.ctx_out(options, context);
            bpf_test_run_opts.ctx_size_out(options, (int)context.byteSize());
            bpf_test_run_opts.repeat(options, repeat);
            final int result = LibBpfCalls.bpf_prog_test_run_opts(programFd, options);
            LibBpf.check(result, "test", "program (fd " + programFd + ')');
            return new TestRun(bpf_test_run_opts.retval(options), bpf_test_run_opts.data_size_out(options),
                bpf_test_run_opts.duration(options));
        }
    }

    /**
     * {@code bpf_obj_get_info_by_fd} of a program.
     *
     * @param programFd the program.
     * @return what the kernel knows of it.
     * @throws NativeCallException EBADF, EINVAL where it is something else.
     */
    public static ProgramInfo info(final int programFd) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment info = bpf_prog_info.allocate(arena).fill((byte)0);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)info.byteSize());
            final int result = LibBpfCalls.bpf_obj_get_info_by_fd(programFd, info, length);
            LibBpf.check(result, "ask about", "program (fd " + programFd + ')');
            final byte[] tag = bpf_prog_info.tag(info).toArray(ValueLayout.JAVA_BYTE);
            return new ProgramInfo(bpf_prog_info.id(info), bpf_prog_info.type(info),
                bpf_prog_info.name(info).reinterpret(NAME_LENGTH).getString(0), HexFormat.of().formatHex(tag));
        }
    }

    /**
     * {@code bpf_prog_get_next_id}: walks all programs of the machine.
     *
     * @param id 0 for the first, else the previous one.
     * @return the next id, or 0 after the last.
     * @throws NativeCallException EPERM without CAP_SYS_ADMIN.
     */
    public static int nextId(final int id) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment next = arena.allocate(ValueLayout.JAVA_INT);
            final int result = LibBpfCalls.bpf_prog_get_next_id(id, next);
            if (result == -Errno.ENOENT) {
                return 0;
            }
            LibBpf.check(result, "find program after", "id " + id);
            return next.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * {@code bpf_prog_get_fd_by_id}.
     *
     * @param id of a program.
     * @return the program.
     * @throws NativeCallException ENOENT where it is gone, EPERM without CAP_SYS_ADMIN.
     */
    public static Fd open(final int id) {
        LibBpf.library();
        return Fd.of(LibBpf.check(LibBpfCalls.bpf_prog_get_fd_by_id(id), "open program", "id " + id), "program " + id);
    }
}

package io.caracal.xdp;

import io.caracal.bindings.BpfPrograms;

/**
 * A program that the verifier has accepted. It belongs to the {@link BpfObject} that loaded it; a hook to which it is
 * attached keeps it alive in the kernel by itself.
 *
 * @param name of the C function.
 * @param type such as {@link BpfPrograms#TYPE_XDP}.
 * @param id the kernel's.
 * @param fd descriptor, owned by the object: not to be closed.
 */
public record BpfProgram(String name, int type, int id, int fd) {
    static BpfProgram of(final String name, final int fd) {
        final BpfPrograms.ProgramInfo info = BpfPrograms.info(fd);
        return new BpfProgram(name, info.type(), info.id(), fd);
    }

    /** The kernel would say EINVAL, which tells nobody that the wrong program was taken. */
    void requireType(final int wanted, final String hook) {
        if (type != wanted) {
            throw new IllegalArgumentException("attach program " + name + " to " + hook + ": it is of type " + type
                + ", wanted " + wanted + " (BPF_PROG_TYPE of linux/bpf.h)");
        }
    }
}

package io.caracal.xdp;

import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NativeCallException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A kernel link: the tie of a program to a hook, which lives as long as a descriptor or a pin of it. What {@link
 * XdpLink} and {@link TcLink} have in common.
 */
final class BpfLink implements AutoCloseable {
    private final Fd fd;
    private final String hook;

    private BpfLink(final Fd fd, final String hook) {
        this.fd = fd;
        this.hook = hook;
    }

    static BpfLink create(final BpfProgram program, final int ifindex, final int attachType, final int flags,
        final String hook) {
        return new BpfLink(BpfLinks.create(program.fd(), ifindex, attachType, flags), hook);
    }

    /**
     * Opens a pinned link and puts the program into it: no packet sees neither program. Returns null, and leaves no
     * pin, when there is none that still works on this hook.
     */
    static BpfLink takeOver(final Path pin, final BpfProgram program, final int ifindex, final int attachType,
        final String hook) {
        if (!Files.exists(pin)) {
            return null;
        }
        final Fd fd = BpfLinks.openPinned(pin);
        try {
            if (fits(BpfLinks.info(fd.number()), ifindex, attachType)) {
                BpfLinks.update(fd.number(), program.fd(), -1);
                return new BpfLink(fd, hook);
            }
        } catch (final NativeCallException e) {
            // ENOLINK: the interface went between the question and the update.
            if (e.errno() != Errno.ENOLINK) {
                fd.close();
                throw e;
            }
        }
        fd.close();
        removePinned(pin);
        return null;
    }

    /**
     * Takes a pinned link off its hook and removes the pin. Removing the pin alone would do it too, but only after an
     * RCU grace period, in which a program could still be met and the hook be called busy.
     */
    static void removePinned(final Path pin) {
        if (!Files.exists(pin)) {
            return;
        }
        try (Fd fd = BpfLinks.openPinned(pin)) {
            BpfLinks.detach(fd.number());
        }
        PinDirectory.delete(pin);
    }

    /** The index alone would not do: it may belong to another interface by now, on which the link is not. */
    private static boolean fits(final BpfLinks.LinkInfo info, final int ifindex, final int attachType) {
        if (info.ifindex() != ifindex) {
            return false;
        }
        return attachType == BpfLinks.BPF_XDP ? info.type() == BpfLinks.BPF_LINK_TYPE_XDP
            : info.type() == BpfLinks.BPF_LINK_TYPE_TCX && info.attachType() == attachType;
    }

    void update(final BpfProgram program) {
        BpfLinks.update(fd.number(), program.fd(), -1);
    }

    void pin(final Path pin) {
        PinDirectory.delete(pin);
        BpfLinks.pin(fd.number(), pin);
    }

    int programId() {
        return BpfLinks.info(fd.number()).programId();
    }

    /** Whether its interface is still there. */
    boolean isAlive() {
        return BpfLinks.info(fd.number()).ifindex() != 0;
    }

    /**
     * Takes the program off the hook now, whoever else has the link open or pinned; removes the pin if there is one.
     */
    void detach(final Path pin) {
        BpfLinks.detach(fd.number());
        if (pin != null) {
            PinDirectory.delete(pin);
        }
        close();
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return "link on " + hook;
    }
}

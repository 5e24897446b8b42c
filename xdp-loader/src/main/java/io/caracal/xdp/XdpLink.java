package io.caracal.xdp;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.BpfPrograms;
import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * An XDP program on an interface. One thread at a time; whoever attached it closes it. Without a pin the program leaves
 * the interface with the link's close or the process's end; with one it stays until {@link #detach()} or {@link
 * PinDirectory#removeAll()}.
 *
 * <p>Attaching a native program may reset the interface of a real NIC (the link goes down for a moment), takes generic
 * segmentation from the other end of a veth, and is refused by drivers whose MTU or queues do not allow it. The
 * interface is looked for in the calling thread's network namespace. CAP_NET_ADMIN and CAP_BPF; Linux 5.9.
 *
 * <pre>{@code
 * try (XdpLink link = XdpLink.attach(object.program("to_engine"), ifindex, XdpLink.NATIVE_THEN_GENERIC, pins)) { … }
 * }</pre>
 */
public final class XdpLink implements AutoCloseable {
    /** The driver first; the stack where the driver cannot. */
    public static final List<XdpAttachMode> NATIVE_THEN_GENERIC = List.of(XdpAttachMode.NATIVE, XdpAttachMode.GENERIC);
    /** The driver or nothing. */
    public static final List<XdpAttachMode> NATIVE_ONLY = List.of(XdpAttachMode.NATIVE);
    /** The stack or nothing. */
    public static final List<XdpAttachMode> GENERIC_ONLY = List.of(XdpAttachMode.GENERIC);

    /** What a driver says that has no XDP, or not with this MTU, offload or number of queues: generic XDP may do it. */
    private static final Set<Integer> NOT_NATIVE =
        Set.of(Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ERANGE, Errno.ENOSPC, Errno.ENOMEM);

    private final BpfLink link;
    private final XdpAttachMode mode;
    private final Path pin;
    private final boolean isTakenOver;

    private XdpLink(final BpfLink link, final XdpAttachMode mode, final Path pin,
        final boolean isTakenOver) {
        this.link = link;
        this.mode = mode;
        this.pin = pin;
        this.isTakenOver = isTakenOver;
    }

    /**
     * Attaches a program until the link is closed.
     *
     * @param program of type XDP.
     * @param ifindex the interface.
     * @param modes to be tried, in this order.
     * @return the link.
     * @throws NativeCallException EBUSY when another program is attached, ENODEV without such an interface, the
     *     last mode's error when none works; earlier ones are suppressed exceptions.
     */
    public static XdpLink attach(final BpfProgram program, final int ifindex, final List<XdpAttachMode> modes) {
        program.requireType(BpfPrograms.TYPE_XDP, "XDP of ifindex " + ifindex);
        return create(program, ifindex, modes, null);
    }

    /**
     * Attaches a program that stays when the engine dies. A link that an earlier engine has pinned for this interface
     * is taken over by replacing its program, so that no packet finds the hook empty; its mode stays unless it is not
     * among those wanted.
     *
     * @param program of type XDP.
     * @param ifindex the interface.
     * @param modes to be tried, in this order.
     * @param pins where it is pinned, as {@code xdp-<ifindex>}.
     * @return the link.
     * @throws NativeCallException as {@link #attach(BpfProgram, int, List)}, and when the pin cannot be made.
     */
    public static XdpLink attach(final BpfProgram program, final int ifindex, final List<XdpAttachMode> modes,
        final PinDirectory pins) {
        program.requireType(BpfPrograms.TYPE_XDP, "XDP of ifindex " + ifindex);
        final Path pin = pins.linkPin("xdp-" + ifindex);
        final BpfLink old = BpfLink.takeOver(pin, program, ifindex, BpfLinks.BPF_XDP, hook(ifindex));
        if (old != null) {
            final XdpAttachMode mode = modeOf(ifindex, old.programId());
            if (modes.contains(mode)) {
                return new XdpLink(old, mode, pin, true);
            }
            old.detach(pin);
        }
        final XdpLink link = create(program, ifindex, modes, pin);
        try {
            link.link.pin(pin);
            return link;
        } catch (final RuntimeException e) {
            link.close();
            throw e;
        }
    }

    /**
     * Takes off what an earlier engine has pinned for an interface, if there is anything.
     *
     * @param ifindex the interface.
     * @param pins where its link is pinned.
     */
    public static void removePinned(final int ifindex, final PinDirectory pins) {
        BpfLink.removePinned(pins.linkPin("xdp-" + ifindex));
    }

    private static XdpLink create(final BpfProgram program, final int ifindex, final List<XdpAttachMode> modes,
        final Path pin) {
        if (modes.isEmpty()) {
            throw new IllegalArgumentException("attach " + program.name() + " to " + hook(ifindex)
                + ": no mode was given");
        }
        NativeCallException failure = null;
        for (final XdpAttachMode mode : modes) {
            try {
                return new XdpLink(BpfLink.create(program, ifindex, BpfLinks.BPF_XDP, mode.flag(), hook(ifindex)), mode,
                    pin, false);
            } catch (final NativeCallException e) {
                if (failure != null) {
                    e.addSuppressed(failure);
                }
                failure = e;
                if (!NOT_NATIVE.contains(e.errno())) {
                    break;
                }
            }
        }
        throw failure;
    }

    private static String hook(final int ifindex) {
        return "XDP of ifindex " + ifindex;
    }

    private static XdpAttachMode modeOf(final int ifindex, final int programId) {
        return BpfHooks.xdpQuery(ifindex).nativeProgramId() == programId ? XdpAttachMode.NATIVE : XdpAttachMode.GENERIC;
    }

    /**
     * Puts another program in the place of the present one; each packet sees one of them.
     *
     * @param program of type XDP.
     * @throws NativeCallException ENOLINK when the interface is gone, EINVAL when the program does not suit it (MTU).
     */
    public void update(final BpfProgram program) {
        program.requireType(BpfPrograms.TYPE_XDP, link.toString());
        link.update(program);
    }

    /**
     * Where the program runs.
     *
     * @return the mode that worked.
     */
    public XdpAttachMode mode() {
        return mode;
    }

    /**
     * Whether this is an earlier engine's link.
     *
     * @return false for one made now.
     */
    public boolean isTakenOver() {
        return isTakenOver;
    }

    /**
     * Whether the interface is still there.
     *
     * @return false when the link does nothing any more.
     */
    public boolean isAlive() {
        return link.isAlive();
    }

    /** Takes the program off the interface, pinned or not, and closes the link. */
    public void detach() {
        link.detach(pin);
    }

    /** Closes the descriptor: without a pin the program leaves the interface, with one it stays. */
    @Override
    public void close() {
        link.close();
    }
}

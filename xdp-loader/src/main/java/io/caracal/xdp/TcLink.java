package io.caracal.xdp;

import io.caracal.bindings.BpfPrograms;
import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;

/**
 * A tc program on an interface's ingress or egress, before every other program there. One thread at a time; whoever
 * attached it closes it. The interface is looked for in the calling thread's network namespace. CAP_NET_ADMIN and
 * CAP_BPF.
 *
 * <p>With a {@link PinDirectory} the program outlives the engine by either hook, and the next engine takes it over by
 * replacing the program, so that no packet finds the hook empty. Without one it goes with the close; after a crash a
 * clsact filter nevertheless stays, and the next attach finds and replaces it.
 *
 * <pre>{@code
 * try (TcLink link = TcLink.attach(pod.program("from_workload"), ifindex, TcDirection.INGRESS, pins)) { … }
 * }</pre>
 */
public abstract sealed class TcLink implements AutoCloseable permits TcxLink, ClsactLink {
    /** tcx where the kernel has it. */
    public static final List<TcHook> TCX_THEN_CLSACT = List.of(TcHook.TCX, TcHook.CLSACT);
    /** What a kernel before 6.6 says to an attach type that it does not know. */
    private static final Set<Integer> NO_TCX = Set.of(Errno.EINVAL, Errno.EOPNOTSUPP);

    /** Only the two hooks extend this. */
    TcLink() {
    }

    /**
     * Attaches a program that stays when the engine dies, by tcx where the kernel has it.
     *
     * @param program of type SCHED_CLS.
     * @param ifindex the interface.
     * @param direction its hook.
     * @param pins where a tcx link is pinned, as {@code tc-ingress-<ifindex>} or {@code tc-egress-<ifindex>}.
     * @return the link.
     * @throws NativeCallException ENODEV without such an interface, EPERM, EEXIST when a stranger's filter has our
     *     place.
     */
    public static TcLink attach(final BpfProgram program, final int ifindex, final TcDirection direction,
        final PinDirectory pins) {
        return attach(program, ifindex, direction, pins, TCX_THEN_CLSACT);
    }

    /**
     * Attaches a program by chosen hooks.
     *
     * @param program of type SCHED_CLS.
     * @param ifindex the interface.
     * @param direction its hook.
     * @param pins where a tcx link is pinned; null for one that ends with its close.
     * @param hooks to be tried, in this order; an operator or a test may want clsact alone.
     * @return the link.
     * @throws NativeCallException ENODEV without such an interface, EPERM, EEXIST when a stranger's filter has our
     *     place.
     */
    public static TcLink attach(final BpfProgram program, final int ifindex, final TcDirection direction,
        final PinDirectory pins, final List<TcHook> hooks) {
        program.requireType(BpfPrograms.TYPE_SCHED_CLS, direction.label() + " of ifindex " + ifindex);
        if (hooks.isEmpty()) {
            throw new IllegalArgumentException("attach " + program.name() + ": no hook was given");
        }
        if (hooks.get(0) == TcHook.CLSACT) {
            return attachByClsact(program, ifindex, direction, pins);
        }
        try {
            final TcLink link = TcxLink.open(program, ifindex, direction, pins);
            ClsactLink.removeLeftover(program.name(), ifindex, direction);
            return link;
        } catch (final NativeCallException e) {
            if (!NO_TCX.contains(e.errno()) || !hooks.contains(TcHook.CLSACT)) {
                throw e;
            }
            return attachByClsact(program, ifindex, direction, pins);
        }
    }

    /**
     * Whether a program can be attached by clsact for now and by {@link #attach} later: tcx lets the kernel wait for a
     * grace period at each hook (some 12 ms, with the lock of all interfaces held), clsact does not.
     *
     * @param ifindex the interface.
     * @param direction its hook.
     * @param pins where tcx links are pinned; null for nowhere.
     * @param hooks that may be used.
     * @return false where tcx has it already, for taking that over is quick, or where the hooks are chosen.
     */
    public static boolean canBeForNow(final int ifindex, final TcDirection direction, final PinDirectory pins,
        final List<TcHook> hooks) {
        return hooks.equals(TCX_THEN_CLSACT) && pins != null
            && !Files.exists(pins.linkPin(TcxLink.hook(ifindex, direction)));
    }

    /** The other hook's leftover goes after ours is in place: a packet meets both for a moment, but never neither. */
    private static TcLink attachByClsact(final BpfProgram program, final int ifindex, final TcDirection direction,
        final PinDirectory pins) {
        final TcLink link = ClsactLink.open(program, ifindex, direction, pins != null);
        if (pins != null) {
            BpfLink.removePinned(pins.linkPin(TcxLink.hook(ifindex, direction)));
        }
        return link;
    }

    /**
     * Takes off what an earlier engine has left on an interface, by whichever hook.
     *
     * @param program name of the program; a clsact filter of another one is not touched.
     * @param ifindex of an interface that is there.
     * @param direction of the hook.
     * @param pins where a tcx link would be pinned; null for nowhere.
     */
    public static void removeLeftover(final String program, final int ifindex, final TcDirection direction,
        final PinDirectory pins) {
        if (pins != null) {
            BpfLink.removePinned(pins.linkPin(TcxLink.hook(ifindex, direction)));
        }
        ClsactLink.removeLeftover(program, ifindex, direction);
    }

    /**
     * Removes what an engine has left by clsact, which ends with no process.
     *
     * @param program name of the program; a filter of another one is not touched.
     * @param ifindex of the interface.
     * @param direction of the hook.
     * @return whether there was one.
     */
    public static boolean removeClsactLeftover(final String program, final int ifindex, final TcDirection direction) {
        return ClsactLink.removeLeftover(program, ifindex, direction);
    }

    /**
     * By which way it is attached.
     *
     * @return the hook that worked.
     */
    public abstract TcHook hook();

    /**
     * Whether an earlier engine had attached it.
     *
     * @return false for one made now.
     */
    public abstract boolean isTakenOver();

    /**
     * Puts another program in the place of the present one; each packet sees one of them.
     *
     * @param program of type SCHED_CLS.
     * @throws NativeCallException ENOLINK or ENODEV when the interface is gone.
     */
    public abstract void update(BpfProgram program);

    /** Takes the program off the hook, pinned or not, and closes the link. Works when the interface is gone, too. */
    public abstract void detach();

    /** Without a pin directory the same as {@link #detach()}; with one the program stays on its hook. */
    @Override
    public abstract void close();
}

package io.caracal.xdp;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.BpfPrograms;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NativeCallException;

/**
 * A tc program attached as a filter of the clsact qdisc. Netlink knows no owner: the filter is ours when handle,
 * priority and the program's name are. The qdisc is left in place when the filter goes, for others may have filters
 * there.
 */
final class ClsactLink extends TcLink {
    /** Any number would do; this one reads "caca1" in the list of tc. */
    private static final int HANDLE = 0xcaca1;
    /** The first in the chain. */
    private static final int PRIORITY = 1;
    /** The kernel keeps this many characters of a program's name. */
    private static final int NAME_LENGTH_MAX = 15;

    private final BpfHooks.TcFilter filter;
    private final boolean staysOnClose;
    private final boolean isTakenOver;
    private boolean isClosed;

    private ClsactLink(final BpfHooks.TcFilter filter, final boolean staysOnClose, final boolean isTakenOver) {
        this.filter = filter;
        this.staysOnClose = staysOnClose;
        this.isTakenOver = isTakenOver;
    }

    static ClsactLink open(final BpfProgram program, final int ifindex, final TcDirection direction,
        final boolean staysOnClose) {
        BpfHooks.tcHookCreate(ifindex);
        final BpfHooks.TcFilter filter = filter(ifindex, direction);
        final String presentName = programName(filter);
        if (!presentName.isEmpty() && !presentName.equals(shortened(program.name()))) {
            throw new NativeCallException("attach program " + program.name() + " to", filter.toString(), Errno.EEXIST,
                "the program " + presentName + " is there; remove its filter by tc filter del");
        }
        BpfHooks.tcAttach(filter, program.fd(), !presentName.isEmpty());
        return new ClsactLink(filter, staysOnClose, !presentName.isEmpty());
    }

    /** What an earlier engine has left without tcx; a filter of another program is not touched. */
    static boolean removeLeftover(final String program, final int ifindex, final TcDirection direction) {
        final BpfHooks.TcFilter filter = filter(ifindex, direction);
        if (programName(filter).equals(shortened(program))) {
            BpfHooks.tcDetach(filter);
            return true;
        }
        return false;
    }

    private static BpfHooks.TcFilter filter(final int ifindex, final TcDirection direction) {
        return new BpfHooks.TcFilter(ifindex, direction.clsactAttachPoint(), HANDLE, PRIORITY);
    }

    /** Of the program in our place, or nothing. */
    private static String programName(final BpfHooks.TcFilter filter) {
        final int programId = BpfHooks.tcQuery(filter);
        if (programId == 0) {
            return "";
        }
        try (Fd program = BpfPrograms.open(programId)) {
            return BpfPrograms.info(program.number()).name();
        }
    }

    private static String shortened(final String name) {
        return name.substring(0, Math.min(name.length(), NAME_LENGTH_MAX));
    }

    @Override
    public TcHook hook() {
        return TcHook.CLSACT;
    }

    @Override
    public boolean isTakenOver() {
        return isTakenOver;
    }

    @Override
    public void update(final BpfProgram program) {
        BpfHooks.tcAttach(filter, program.fd(), true);
    }

    @Override
    public void detach() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            BpfHooks.tcDetach(filter);
        } catch (final NativeCallException e) {
            // ENODEV: the interface is gone, and the filter with it.
            if (e.errno() != Errno.ENODEV) {
                throw e;
            }
        }
    }

    @Override
    public void close() {
        if (!staysOnClose) {
            detach();
        }
        isClosed = true;
    }
}

package io.caracal.handover;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.FlowReader;
import io.caracal.conntrack.FlowSnapshot;
import io.caracal.netlink.ConntrackEntry;
import io.caracal.netlink.ConntrackNetlink;

/**
 * Gives the kernel the connections that an engine has left in its files, so that they go on when a node returns to the
 * kernel's rules. What the kernel says of such a connection already is from before the engine and is replaced: its
 * windows are no longer right. One thread, in the host's network namespace, while no engine runs and before the first
 * packet goes through the kernel again. CAP_NET_ADMIN.
 */
public final class FlowReturn {
    private final ConntrackNetlink conntrack;
    private final FlowSnapshot flow = new FlowSnapshot();
    private int returned;
    private int refused;

    private FlowReturn(final ConntrackNetlink conntrack) {
        this.conntrack = conntrack;
    }

    /**
     * How many connections there were.
     *
     * @param returned that the kernel tracks now.
     * @param refused that it could not take: its table is full, or another connection has the same addresses and ports.
     */
    public record Result(int returned, int refused) {
    }

    /**
     * Returns what is in files of flows.
     *
     * @param files of the engine's flows; those of an earlier boot are left alone.
     * @return how many there were.
     * @throws NativeCallException EPERM, EPROTONOSUPPORT where the kernel tracks nothing.
     */
    public static Result run(final List<Path> files) {
        try (ConntrackNetlink conntrack = ConntrackNetlink.open()) {
            final FlowReturn all = new FlowReturn(conntrack);
            files.forEach(all::readAll);
            return new Result(all.returned, all.refused);
        }
    }

    private void readAll(final Path file) {
        try (FlowReader reader = FlowReader.open(file)) {
            if (!reader.boot().equals(BootIdentity.current())) {
                return;
            }
            for (int slot = 0; slot < reader.slotCount(); slot++) {
                if (reader.read(slot, flow)) {
                    final Optional<ConntrackEntry> entry = EntryTranslation.entryOf(flow);
                    entry.ifPresent(this::insert);
                }
            }
        }
    }

    private void insert(final ConntrackEntry entry) {
        conntrack.delete(entry.original());
        try {
            conntrack.insert(entry);
            returned++;
        } catch (final NativeCallException failure) {
            if (failure.errno() != Errno.EEXIST && failure.errno() != Errno.ENOMEM) {
                throw failure;
            }
            refused++;
        }
    }
}

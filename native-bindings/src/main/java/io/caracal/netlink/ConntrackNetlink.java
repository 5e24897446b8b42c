package io.caracal.netlink;

import static io.caracal.bindings.gen.kernel_h.*;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import java.util.List;
import java.util.Optional;

/**
 * The kernel's connection tracking table of one network namespace, by ctnetlink: that of the thread that opened it. Who
 * was the client of a connection that kube-proxy has masqueraded is asked here, and a node that changes from or to
 * Felix's rules brings its connections along. One thread at a time, never a worker: each call is a round trip into the
 * kernel, and a list holds the whole table. CAP_NET_ADMIN.
 *
 * <pre>{@code
 * try (ConntrackNetlink conntrack = ConntrackNetlink.open()) {
 *     conntrack.find(replyTuple).map(ConntrackEntry::original).ifPresent(original -> …);
 * }
 * }</pre>
 */
public final class ConntrackNetlink implements AutoCloseable {
    private final NetlinkSocket socket;

    private ConntrackNetlink(final NetlinkSocket socket) {
        this.socket = socket;
    }

    /**
     * Opens a socket in the network namespace of the calling thread.
     *
     * @return the client, to be closed by the caller.
     * @throws NativeCallException EPROTONOSUPPORT where the kernel has no netfilter, EMFILE.
     */
    public static ConntrackNetlink open() {
        return new ConntrackNetlink(NetlinkSocket.open(NETLINK_NETFILTER()));
    }

    /**
     * Finds a connection by either of its directions.
     *
     * @param tuple as its packets have it: before translation for the original direction, and as answers come in for
     *     the other one.
     * @return the connection, or nothing.
     * @throws NativeCallException EPERM, EINVAL for a protocol or ICMP type that the kernel does not track.
     */
    public Optional<ConntrackEntry> find(final ConntrackTuple tuple) {
        try {
            return Optional.of(ConntrackMessages.parse(socket.get(
                ConntrackMessages.about(IPCTNL_MSG_CT_GET(), tuple), "find connection", tuple.toString())));
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENOENT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * All connections of both IP versions.
     *
     * @return in the kernel's order; those that come or go meanwhile may be there or not.
     * @throws NativeCallException EPERM.
     */
    public List<ConntrackEntry> entries() {
        final NetlinkRequest request = ConntrackMessages.request(IPCTNL_MSG_CT_GET(), 0, Posix.AF_UNSPEC);
        return socket.dump(request, "list", "connections").stream().filter(ConntrackMessages::isConnection)
            .map(ConntrackMessages::parse).toList();
    }

    /**
     * Puts a connection into the table, with its translation where {@code reply} is not the reverse of
     * {@code original}. A TCP connection is tracked without a window check, which nobody knows.
     *
     * @param entry of a protocol with ports.
     * @throws NativeCallException EEXIST where a connection has one of its directions, EPERM, ENOMEM when the table is
     *     full.
     * @throws IllegalArgumentException for ICMP, whose queries are not worth carrying over.
     */
    public void insert(final ConntrackEntry entry) {
        socket.acknowledge(ConntrackMessages.create(entry), "insert connection", entry.toString());
    }

    /**
     * Removes a connection.
     *
     * @param tuple either of its directions.
     * @return false where there was none.
     * @throws NativeCallException EPERM.
     */
    public boolean delete(final ConntrackTuple tuple) {
        try {
            socket.acknowledge(ConntrackMessages.about(IPCTNL_MSG_CT_DELETE(), tuple), "delete connection",
                tuple.toString());
            return true;
        } catch (final NativeCallException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}

package io.caracal.xsk;

import io.caracal.bindings.NativeCallException;
import io.caracal.umem.Umem;

/**
 * The first socket of a UMEM, on an interface that the engine owns and that never goes: one end of a private veth pair.
 *
 * <p>The kernel lets a socket share a UMEM only through one that is still bound, and a socket is bound no more when its
 * interface is deleted. If the first socket were on an interface that others may delete, no further interface could be
 * added after that. The anchor carries no traffic; its mode (copy) is that of every socket shared through it. Any
 * thread; closed by its owner after the shared sockets and before the UMEM.</p>
 */
public final class UmemAnchor implements AutoCloseable {
    /** The smallest rings: they stay empty. */
    private static final RingDepths DEPTHS = new RingDepths(32, 32, 32, 32);

    private final XskSocket socket;

    /**
     * Binds the anchor, in the network namespace of the calling thread.
     *
     * @param umem registered with it.
     * @param interfaceName of an interface that the engine owns, up.
     * @param ifindex its kernel index.
     * @throws NativeCallException as {@link XskSocket#open}.
     */
    public UmemAnchor(final Umem umem, final String interfaceName, final int ifindex) {
        socket = XskSocket.open(umem,
            XskConfig.of(interfaceName, ifindex, 0).withMode(XskMode.COPY).withDepths(DEPTHS));
    }

    /**
     * Opens a socket on the same UMEM.
     *
     * @param config where.
     * @return the socket, bound; the caller closes it.
     * @throws NativeCallException as {@link XskSocket#share}.
     */
    public XskSocket open(final XskConfig config) {
        return socket.share(config);
    }

    @Override
    public void close() {
        socket.close();
    }
}

package io.caracal.xdp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The map from receive queue to AF_XDP socket, into which an XDP program redirects. Any thread; the {@link BpfObject}
 * owns it. The kernel removes an entry by itself when its socket is closed or its process dies, and offers no way to
 * read one from user space.
 */
public final class XskMap {
    private final BpfMapHandle handle;

    XskMap(final BpfMapHandle handle) {
        if (handle.type() != MapType.XSKMAP) {
            throw new IllegalArgumentException("map " + handle.name() + " is of type " + handle.type()
                + ", not XSKMAP");
        }
        this.handle = handle;
    }

    /**
     * The untyped map.
     *
     * @return name, sizes and descriptor.
     */
    public BpfMapHandle handle() {
        return handle;
    }

    /**
     * Lets a socket receive what arrives on a queue. To be done after it is bound and its fill ring has frames: packets
     * come at once.
     *
     * @param queueId the queue to which the socket is bound.
     * @param socketFd the AF_XDP socket.
     * @throws io.caracal.bindings.NativeCallException EOPNOTSUPP when it is not an AF_XDP socket, E2BIG when the
     *     map has no such queue.
     */
    public void set(final int queueId, final int socketFd) {
        try (Arena arena = Arena.ofConfined()) {
            handle.update(BpfMap.write(arena, MapCodec.U32, queueId), BpfMap.write(arena, MapCodec.U32, socketFd));
        }
    }

    /**
     * Takes the socket of a queue out of the map, if there is one (the kernel does not tell): its packets are handled
     * as if no engine were there.
     *
     * @param queueId the queue.
     * @throws io.caracal.bindings.NativeCallException EINVAL when the map has no such queue.
     */
    public void clear(final int queueId) {
        try (Arena arena = Arena.ofConfined()) {
            handle.delete(BpfMap.write(arena, MapCodec.U32, queueId));
        }
    }
}

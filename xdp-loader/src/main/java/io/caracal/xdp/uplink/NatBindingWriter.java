package io.caracal.xdp.uplink;

import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Writes NAT bindings into the uplinks' map on a worker's path: one system call of about a microsecond a binding,
 * without allocation, lock or exception. One worker's own; another worker has another one. It owns a little native
 * memory, which goes with it; the map is {@link UplinkPrograms}' and must be open as long as this is used.
 *
 * <pre>{@code
 * writer.ipv4(ownAddress, remoteAddress);
 * final int errno = writer.put(ownPort, remotePort, IpProtocol.TCP);   // 0, or E2BIG when the map is full
 * }</pre>
 */
public final class NatBindingWriter {
    static final ValueLayout.OfShort PORT_BE = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT_BE = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG_BE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Commands of bpf(2), {@code enum bpf_cmd} of linux/bpf.h. */
    private static final int BPF_MAP_UPDATE_ELEM = 2;
    private static final int BPF_MAP_DELETE_ELEM = 3;

    /** The members of union bpf_attr for these two commands. */
    private static final int ATTR_MAP_FD_OFFSET = 0;
    private static final int ATTR_KEY_OFFSET = 8;
    private static final int ATTR_VALUE_OFFSET = 16;
    private static final int ATTR_FLAGS_OFFSET = 24;
    private static final int UPDATE_SIZE = 32;
    /** The kernel refuses a delete that has anything behind the key. */
    private static final int DELETE_SIZE = ATTR_VALUE_OFFSET;

    private final CallState state = new CallState();
    private final MemorySegment key;
    private final MemorySegment attributes;
    /** Kept reachable: the kernel reads it by its address. */
    private final MemorySegment owner;

    NatBindingWriter(final int mapFd, final int worker) {
        final Arena arena = Arena.ofAuto();
        key = arena.allocate(NatBinding.SIZE, Long.BYTES);
        attributes = arena.allocate(UPDATE_SIZE, Long.BYTES);
        owner = arena.allocateFrom(ValueLayout.JAVA_INT, worker);
        attributes.set(ValueLayout.JAVA_INT, ATTR_MAP_FD_OFFSET, mapFd);
        attributes.set(ValueLayout.JAVA_LONG, ATTR_KEY_OFFSET, key.address());
        attributes.set(ValueLayout.JAVA_LONG, ATTR_VALUE_OFFSET, owner.address());
        attributes.set(ValueLayout.JAVA_LONG, ATTR_FLAGS_OFFSET, BpfMaps.ANY);
    }

    /**
     * Names the two sides of the next {@link #put} or {@link #remove}.
     *
     * @param own this node's address that the pod's was translated to, host order.
     * @param remote whom the pod talks to, host order.
     */
    public void ipv4(final int own, final int remote) {
        key.fill((byte)0);
        key.set(ValueLayout.JAVA_INT, NatBinding.OWN_OFFSET, AddressCodec.IPV4_WORDS);
        key.set(INT_BE, NatBinding.OWN_OFFSET + AddressCodec.BYTES_OFFSET, own);
        key.set(ValueLayout.JAVA_INT, NatBinding.REMOTE_OFFSET, AddressCodec.IPV4_WORDS);
        key.set(INT_BE, NatBinding.REMOTE_OFFSET + AddressCodec.BYTES_OFFSET, remote);
    }

    /**
     * Names the two sides of the next {@link #put} or {@link #remove}.
     *
     * @param ownHigh first 8 bytes of this node's address that the pod's was translated to, host order.
     * @param ownLow its last 8 bytes.
     * @param remoteHigh first 8 bytes of whom the pod talks to.
     * @param remoteLow its last 8 bytes.
     */
    public void ipv6(final long ownHigh, final long ownLow, final long remoteHigh, final long remoteLow) {
        key.set(ValueLayout.JAVA_INT, NatBinding.OWN_OFFSET, AddressCodec.IPV6_WORDS);
        key.set(LONG_BE, NatBinding.OWN_OFFSET + AddressCodec.BYTES_OFFSET, ownHigh);
        key.set(LONG_BE, NatBinding.OWN_OFFSET + AddressCodec.BYTES_OFFSET + Long.BYTES, ownLow);
        key.set(ValueLayout.JAVA_INT, NatBinding.REMOTE_OFFSET, AddressCodec.IPV6_WORDS);
        key.set(LONG_BE, NatBinding.REMOTE_OFFSET + AddressCodec.BYTES_OFFSET, remoteHigh);
        key.set(LONG_BE, NatBinding.REMOTE_OFFSET + AddressCodec.BYTES_OFFSET + Long.BYTES, remoteLow);
    }

    /**
     * Lets returns of the binding reach the engine; over an existing one too. To be done before the first packet of the
     * flow leaves.
     *
     * @param ownPort port that the pod's was translated to, or identifier of an ICMP query; 0 without ports.
     * @param remotePort port of the other side; 0 for ICMP and without ports.
     * @param protocol IP protocol.
     * @return 0, or {@link Errno#E2BIG} when the map is full, ENOMEM or EBUSY.
     */
    public int put(final int ownPort, final int remotePort, final int protocol) {
        return call(BPF_MAP_UPDATE_ELEM, ownPort, remotePort, protocol);
    }

    /**
     * Ends a binding: its returns are the host's from now on.
     *
     * @param ownPort as it was put.
     * @param remotePort as it was put.
     * @param protocol as it was put.
     * @return 0, or {@link Errno#ENOENT} where there was none.
     */
    public int remove(final int ownPort, final int remotePort, final int protocol) {
        return call(BPF_MAP_DELETE_ELEM, ownPort, remotePort, protocol);
    }

    private int call(final int command, final int ownPort, final int remotePort, final int protocol) {
        key.set(PORT_BE, NatBinding.OWN_PORT_OFFSET, (short)ownPort);
        key.set(PORT_BE, NatBinding.REMOTE_PORT_OFFSET, (short)remotePort);
        key.set(ValueLayout.JAVA_INT, NatBinding.PROTOCOL_OFFSET, protocol);
        final long result = LibC.syscall(state, Posix.SYS_bpf, command, attributes.address(),
            command == BPF_MAP_UPDATE_ELEM ? UPDATE_SIZE : DELETE_SIZE);
        return result < 0 ? state.errno() : 0;
    }
}

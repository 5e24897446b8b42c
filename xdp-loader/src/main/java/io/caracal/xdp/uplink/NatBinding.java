package io.caracal.xdp.uplink;

import io.caracal.xdp.MapCodec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.Objects;

/**
 * A translation of NAT-outgoing as its returns show it: {@code struct nat_binding} of {@code uplink.h}. For control and
 * tests; workers write with {@link NatBindingWriter}.
 *
 * @param own this node's address that the pod's was translated to.
 * @param remote whom the pod talks to, of the same IP version.
 * @param ownPort port that the pod's was translated to, or identifier of an ICMP query; 0 without ports.
 * @param remotePort port of the other side; 0 for ICMP and without ports.
 * @param protocol IP protocol.
 */
public record NatBinding(InetAddress own, InetAddress remote, int ownPort, int remotePort, int protocol) {
    /** The layout of {@code struct nat_binding}. */
    public static final MapCodec<NatBinding> CODEC = new Codec();

    static final int SIZE = 48;
    static final int OWN_OFFSET = 0;
    static final int REMOTE_OFFSET = 20;
    static final int OWN_PORT_OFFSET = 40;
    static final int REMOTE_PORT_OFFSET = 42;
    static final int PROTOCOL_OFFSET = 44;

    /**
     * Checks that nothing is missing or mixed.
     *
     * @throws IllegalArgumentException for addresses of two IP versions.
     */
    public NatBinding {
        Objects.requireNonNull(own);
        if (own.getAddress().length != remote.getAddress().length) {
            throw new IllegalArgumentException("a NAT binding of " + own + " and " + remote + ": two IP versions");
        }
    }

    private static final class Codec implements MapCodec<NatBinding> {
        @Override
        public int size() {
            return SIZE;
        }

        @Override
        public void write(final MemorySegment target, final NatBinding value) {
            AddressCodec.INSTANCE.write(target.asSlice(OWN_OFFSET, AddressCodec.SIZE), value.own);
            AddressCodec.INSTANCE.write(target.asSlice(REMOTE_OFFSET, AddressCodec.SIZE), value.remote);
            target.set(NatBindingWriter.PORT_BE, OWN_PORT_OFFSET, (short)value.ownPort);
            target.set(NatBindingWriter.PORT_BE, REMOTE_PORT_OFFSET, (short)value.remotePort);
            target.set(ValueLayout.JAVA_INT_UNALIGNED, PROTOCOL_OFFSET, value.protocol);
        }

        @Override
        public NatBinding read(final MemorySegment source) {
            return new NatBinding(AddressCodec.INSTANCE.read(source.asSlice(OWN_OFFSET, AddressCodec.SIZE)),
                AddressCodec.INSTANCE.read(source.asSlice(REMOTE_OFFSET, AddressCodec.SIZE)),
                Short.toUnsignedInt(source.get(NatBindingWriter.PORT_BE, OWN_PORT_OFFSET)),
                Short.toUnsignedInt(source.get(NatBindingWriter.PORT_BE, REMOTE_PORT_OFFSET)),
                source.get(ValueLayout.JAVA_INT_UNALIGNED, PROTOCOL_OFFSET));
        }
    }
}

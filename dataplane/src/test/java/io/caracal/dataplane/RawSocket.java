package io.caracal.dataplane;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;

/** IPv4 packets as they are, sent from and heard in one network namespace: raw(7). One thread. */
final class RawSocket implements AutoCloseable {
    private static final int IPPROTO_RAW = 255;
    private static final int SO_BINDTODEVICE = 25;
    private static final int SOCKADDR_IN_SIZE = 16;
    private static final int PACKET_SIZE_MAX = 2048;

    private final CallState state = new CallState();
    private final Fd fd;

    private RawSocket(final int protocol) {
        fd = Fd.socket(Posix.AF_INET, Posix.SOCK_RAW, protocol);
    }

    /** Sends packets with headers of their own; made in the calling thread's namespace. */
    static RawSocket sender() {
        return new RawSocket(IPPROTO_RAW);
    }

    /** The same, by one interface, whatever the routes say. */
    static RawSocket senderBy(final String device) {
        final RawSocket socket = sender();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment name = arena.allocateFrom(device);
            if (LibC.setsockopt(socket.state, socket.fd.number(), Posix.SOL_SOCKET, SO_BINDTODEVICE, name,
                device.length()) < 0) {
                throw socket.state.failure("bind a raw socket to", device);
            }
        }
        return socket;
    }

    /** Hears what is delivered to this host for one protocol. */
    static RawSocket receiver(final int protocol) {
        return new RawSocket(protocol);
    }

    void send(final byte[] packet, final InetAddress destination) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment address = arena.allocate(SOCKADDR_IN_SIZE, Integer.BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short)Posix.AF_INET);
            MemorySegment.copy(destination.getAddress(), 0, address, ValueLayout.JAVA_BYTE, 4, Integer.BYTES);
            final MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, packet);
            if (LibC.sendto(state, fd.number(), bytes, packet.length, 0, address, SOCKADDR_IN_SIZE) < 0) {
                throw state.failure("send a packet to", destination.getHostAddress());
            }
        }
    }

    /** What has come since the last call. */
    List<byte[]> received() {
        final List<byte[]> packets = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment packet = arena.allocate(PACKET_SIZE_MAX);
            while (true) {
                final long length = LibC.recv(state, fd.number(), packet, PACKET_SIZE_MAX, Posix.MSG_DONTWAIT);
                if (length < 0) {
                    if (state.errno() != Errno.EAGAIN) {
                        throw state.failure("receive from", "a raw socket");
                    }
                    return packets;
                }
                packets.add(packet.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}

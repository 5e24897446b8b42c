package io.caracal.xdp.testing;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Predicate;

/** Sends and receives whole frames on an interface of the namespace in which it is made; any thread may use it then. */
public final class PacketSocket implements AutoCloseable {
    private static final short ETH_P_ALL_BE = 0x0300;
    private static final int SOCKADDR_LL_SIZE = 20;
    private static final int FRAME_SIZE_MAX = 1 << 16;
    private static final int PATIENCE_MS = 5000;

    private final Fd fd;
    private final CallState state = new CallState();

    public PacketSocket(final int ifindex) {
        fd = Fd.socket(Posix.AF_PACKET, Posix.SOCK_RAW, 0);
        fd.setOption(Posix.SOL_SOCKET, Posix.SO_RCVBUFFORCE, 16 << 20);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment address = arena.allocate(SOCKADDR_LL_SIZE, Integer.BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short)Posix.AF_PACKET);
            address.set(ValueLayout.JAVA_SHORT, 2, ETH_P_ALL_BE);
            address.set(ValueLayout.JAVA_INT, 4, ifindex);
            if (LibC.bind(state, fd.number(), address, SOCKADDR_LL_SIZE) < 0) {
                throw state.failure("bind packet socket to", "ifindex " + ifindex);
            }
        }
    }

    public void send(final byte[] frame) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, frame);
            if (LibC.send(state, fd.number(), bytes, frame.length, 0) < 0) {
                throw state.failure("send frame of " + frame.length + " bytes to", "packet socket");
            }
        }
    }

    /** The next frame that is looked for; others (the kernel's own chatter) are passed over. */
    public byte[] receive(final Predicate<byte[]> wanted) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment pollFd = arena.allocate(8, Integer.BYTES);
            final MemorySegment frame = arena.allocate(FRAME_SIZE_MAX);
            while (true) {
                pollFd.set(ValueLayout.JAVA_INT, 0, fd.number());
                pollFd.set(ValueLayout.JAVA_SHORT, 4, (short)Posix.POLLIN);
                if (LibC.poll(state, pollFd, 1, PATIENCE_MS) == 0) {
                    throw new AssertionError("no such frame within " + PATIENCE_MS + " ms");
                }
                final long length = LibC.recv(state, fd.number(), frame, FRAME_SIZE_MAX, Posix.MSG_DONTWAIT);
                if (length < 0) {
                    throw state.failure("receive from", "packet socket");
                }
                final byte[] bytes = frame.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
                if (wanted.test(bytes)) {
                    return bytes;
                }
            }
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}

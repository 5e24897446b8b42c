package io.caracal.netlink;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Errno;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.Posix;
import io.caracal.bindings.gen.kernel_h;
import io.caracal.bindings.gen.nlmsgerr;
import io.caracal.bindings.gen.sockaddr_nl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * One netlink socket: sends a request, waits for its acknowledgement or its dump, and turns errors of the kernel, with
 * its own words where it has some, into exceptions. Lives in the network namespace of the thread that opened it. One
 * thread at a time.
 */
final class NetlinkSocket implements AutoCloseable {
    /** The kernel fills at most 32 KiB of a dump into one datagram. */
    private static final int RECEIVE_LENGTH = 128 << 10;
    /** How often a dump that changed while it ran is asked for again before that is an error. */
    private static final int DUMP_ATTEMPTS = 10;
    private static final int ERROR_ATTRIBUTES_OFFSET = (int)nlmsgerr.sizeof();
    private static final int ON = 1;

    private final CallState state = new CallState();
    private final MemorySegment buffer = Arena.ofAuto().allocate(RECEIVE_LENGTH, Long.BYTES);
    private final Fd fd;
    private int sequence;

    private NetlinkSocket(final Fd fd) {
        this.fd = fd;
    }

    /** Opens a socket of a netlink protocol such as NETLINK_ROUTE. */
    static NetlinkSocket open(final int protocol) {
        final Fd fd = Fd.socket(Posix.AF_NETLINK, Posix.SOCK_RAW, protocol);
        final NetlinkSocket socket = new NetlinkSocket(fd);
        try {
            fd.setOption(Posix.SOL_NETLINK, kernel_h.NETLINK_EXT_ACK(), ON);
            fd.setOption(Posix.SOL_NETLINK, kernel_h.NETLINK_CAP_ACK(), ON);
            socket.bind(protocol);
            return socket;
        } catch (final RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Joins a multicast group such as RTNLGRP_LINK. */
    void join(final int group) {
        fd.setOption(Posix.SOL_NETLINK, kernel_h.NETLINK_ADD_MEMBERSHIP(), group);
    }

    /** Asks for more room for notifications than net.core.rmem_max allows; CAP_NET_ADMIN. */
    void receiveBuffer(final int bytes) {
        fd.setOption(Posix.SOL_SOCKET, Posix.SO_RCVBUFFORCE, bytes);
    }

    int fdNumber() {
        return fd.number();
    }

    /** Sends a request and waits for its acknowledgement. */
    void acknowledge(final NetlinkRequest request, final String act, final String thing) {
        collect(request, kernel_h.NLM_F_ACK(), act, thing);
    }

    /** Sends a request and returns the one message that answers it. */
    NetlinkMessage get(final NetlinkRequest request, final String act, final String thing) {
        final List<NetlinkMessage> answers = collect(request, kernel_h.NLM_F_ACK(), act, thing);
        if (answers.isEmpty()) {
            throw new NativeCallException(act, thing, Errno.ENODATA, "the kernel answered nothing");
        }
        return answers.getFirst();
    }

    /** Sends a request for a list; asks again when the list changed while the kernel was writing it. */
    List<NetlinkMessage> dump(final NetlinkRequest request, final String act, final String thing) {
        for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
            final List<NetlinkMessage> answers = collect(request, kernel_h.NLM_F_DUMP(), act, thing);
            if (answers.stream().noneMatch(NetlinkSocket::isInterrupted)) {
                return answers.stream().filter(answer -> answer.type() != kernel_h.NLMSG_DONE()).toList();
            }
        }
        throw new NativeCallException(act, thing, Errno.EINTR, "it kept changing while it was read");
    }

    /**
     * Reads one datagram that is there.
     *
     * @return its messages; null when the kernel had to drop notifications (ENOBUFS); empty when there was none.
     */
    List<NetlinkMessage> receive(final int flags) {
        final long length = LibC.recv(state, fd.number(), buffer, RECEIVE_LENGTH, flags | Posix.MSG_TRUNC);
        if (length < 0) {
            return switch (state.errno()) {
                case Errno.EINTR, Errno.EAGAIN -> List.of();
                case Errno.ENOBUFS -> null;
                default -> throw state.failure("receive from", "netlink");
            };
        }
        if (length > RECEIVE_LENGTH) {
            throw new NativeCallException("receive from", "netlink", Errno.EMSGSIZE, length + " bytes in a datagram");
        }
        return NetlinkMessage.parse(buffer.asSlice(0, length));
    }

    @Override
    public void close() {
        fd.close();
    }

    private void bind(final int protocol) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment address = sockaddr_nl.allocate(arena).fill((byte)0);
            sockaddr_nl.nl_family(address, (short)Posix.AF_NETLINK);
            if (LibC.bind(state, fd.number(), address, (int)address.byteSize()) < 0) {
                throw state.failure("bind", "netlink socket of protocol " + protocol);
            }
        }
    }

    private List<NetlinkMessage> collect(final NetlinkRequest request, final int flags, final String act,
        final String thing) {
        final MemorySegment message = request.finish(++sequence, flags);
        if (LibC.send(state, fd.number(), message, message.byteSize(), 0) < 0) {
            throw state.failure(act, thing);
        }
        final List<NetlinkMessage> answers = new ArrayList<>();
        boolean isLast = false;
        while (!isLast) {
            final List<NetlinkMessage> received = receive(0);
            if (received == null) {
                throw new NativeCallException(act, thing, Errno.ENOBUFS, "the answer did not fit the socket's buffer");
            }
            for (final NetlinkMessage answer : received) {
                isLast |= answer.sequence() == sequence && take(answer, answers, act, thing);
            }
        }
        return answers;
    }

    /** Adds an answer to the list; true when it was the last one. */
    private static boolean take(final NetlinkMessage answer, final List<NetlinkMessage> answers, final String act,
        final String thing) {
        if (answer.type() == kernel_h.NLMSG_ERROR()) {
            failUnlessZero(answer, ERROR_ATTRIBUTES_OFFSET, act, thing);
            return true;
        }
        answers.add(answer);
        if (answer.type() == kernel_h.NLMSG_DONE()) {
            failUnlessZero(answer, Integer.BYTES, act, thing);
            return true;
        }
        return false;
    }

    /** Error and end of dump both start with an errno, negative; the kernel's words may follow as an attribute. */
    private static void failUnlessZero(final NetlinkMessage answer, final int attributesOffset, final String act,
        final String thing) {
        final boolean hasErrno = answer.payload().byteSize() >= Integer.BYTES;
        final int errno = hasErrno ? -answer.payload().get(ValueLayout.JAVA_INT, 0) : 0;
        if (errno <= 0) {
            return;
        }
        String words = Errno.describe(errno);
        if ((answer.flags() & kernel_h.NLM_F_ACK_TLVS()) != 0) {
            final NetlinkAttributes attributes = NetlinkAttributes.parse(answer.payload().asSlice(attributesOffset));
            words = attributes.text(kernel_h.NLMSGERR_ATTR_MSG(), words);
        }
        throw new NativeCallException(act, thing, errno, words);
    }

    private static boolean isInterrupted(final NetlinkMessage answer) {
        return (answer.flags() & kernel_h.NLM_F_DUMP_INTR()) != 0;
    }
}

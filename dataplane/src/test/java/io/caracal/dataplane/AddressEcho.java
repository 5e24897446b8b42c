package io.caracal.dataplane;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;

/**
 * A server in a network namespace that answers each request, over TCP and UDP, with the client's address as it sees it
 * and the request's bytes.
 */
final class AddressEcho implements AutoCloseable {
    private static final int TIMEOUT_MS = 3000;
    private static final int DATAGRAM_LENGTH_MAX = 9000;

    private final ServerSocket tcp;
    private final DatagramSocket udp;

    private AddressEcho(final int port) throws IOException {
        tcp = new ServerSocket(port);
        udp = new DatagramSocket(port);
        Thread.ofPlatform().daemon(true).start(this::serveTcp);
        Thread.ofPlatform().daemon(true).start(this::serveUdp);
    }

    /** How to run something in a namespace. */
    interface Place {
        <T> T call(Callable<T> body);
    }

    static AddressEcho at(final Place place, final int port) {
        return place.call(() -> new AddressEcho(port));
    }

    private void serveTcp() {
        while (!tcp.isClosed()) {
            try (Socket client = tcp.accept()) {
                final DataInputStream in = new DataInputStream(client.getInputStream());
                final DataOutputStream out = new DataOutputStream(client.getOutputStream());
                final byte[] request = new byte[in.readInt()];
                in.readFully(request);
                out.writeUTF(client.getInetAddress().getHostAddress());
                out.write(request);
                out.flush();
            } catch (final IOException ended) {
                /* The client has gone, or the test has ended: the next accept tells. */
                Thread.onSpinWait();
            }
        }
    }

    private void serveUdp() {
        final DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM_LENGTH_MAX], DATAGRAM_LENGTH_MAX);
        while (!udp.isClosed()) {
            try {
                packet.setLength(DATAGRAM_LENGTH_MAX);
                udp.receive(packet);
                final byte[] text = Arrays.copyOf(
                    packet.getAddress().getHostAddress().getBytes(StandardCharsets.US_ASCII), 64);
                final byte[] answer = Arrays.copyOf(text, 64 + packet.getLength());
                System.arraycopy(packet.getData(), 0, answer, 64, packet.getLength());
                udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            } catch (final IOException ended) {
                Thread.onSpinWait();
            }
        }
    }

    /** Asks over TCP with so many bytes; says what the server sees of the client. */
    static String askTcp(final Place client, final String address, final int port, final int length) {
        return askTcp(client, address, port, length, TIMEOUT_MS);
    }

    static String askTcp(final Place client, final String address, final int port, final int length,
                         final int timeoutMs) {
        return client.call(() -> {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), timeoutMs);
                socket.setSoTimeout(timeoutMs);
                final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                final byte[] request = pattern(length);
                Thread.ofPlatform().daemon(true).start(() -> send(out, request));
                final DataInputStream in = new DataInputStream(socket.getInputStream());
                final String seen = in.readUTF();
                final byte[] answer = in.readNBytes(length);
                return Arrays.equals(request, answer) ? seen : "other bytes came back";
            } catch (final IOException failure) {
                return failure.toString();
            }
        });
    }

    private static void send(final DataOutputStream out, final byte[] request) {
        try {
            out.writeInt(request.length);
            out.write(request);
            out.flush();
        } catch (final IOException ended) {
            /* The reader tells. */
            Thread.onSpinWait();
        }
    }

    /** Asks over UDP with so many bytes, three times at most; says what the server sees of the client. */
    static String askUdp(final Place client, final String address, final int port, final int length) {
        return askUdp(client, address, port, length, TIMEOUT_MS);
    }

    static String askUdp(final Place client, final String address, final int port, final int length,
                         final int timeoutMs) {
        return client.call(() -> {
            try (DatagramSocket socket = new DatagramSocket()) {
                socket.setSoTimeout(timeoutMs);
                final byte[] request = pattern(length);
                final DatagramPacket answer =
                    new DatagramPacket(new byte[DATAGRAM_LENGTH_MAX], DATAGRAM_LENGTH_MAX);
                socket.send(new DatagramPacket(request, length, InetAddress.ofLiteral(address), port));
                socket.receive(answer);
                final boolean isSame = answer.getLength() == 64 + length
                    && Arrays.equals(request, Arrays.copyOfRange(answer.getData(), 64, 64 + length));
                return isSame ? new String(answer.getData(), 0, 64, StandardCharsets.US_ASCII).trim().replace("\0", "")
                    : "other bytes came back";
            } catch (final IOException failure) {
                return failure.toString();
            }
        });
    }

    private static byte[] pattern(final int length) {
        final byte[] bytes = new byte[length];
        for (int n = 0; n < length; n++) {
            bytes[n] = (byte)(n * 31 + n / 251);
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        tcp.close();
        udp.close();
    }
}

package io.caracal.dataplane;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.caracal.lab.LabPod;

/**
 * TCP connections, of one pod to another as a rule, that never rest: each sends a number, waits for it to come back, sends the
 * next. A connection breaks with the first error, wrong number, or half a minute of silence.
 */
final class EchoConnections implements AutoCloseable {
    private static final int CONNECT_TIMEOUT_MS = 3000;
    private static final int SILENCE_MS_MAX = 30_000;
    private static final int BACKLOG = 1024;
    private static final int PAUSE_MS = 5;

    private final AddressEcho.Place client;
    private final InetSocketAddress target;
    private final ServerSocket listener;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<String> broken = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean ending = new AtomicBoolean();
    private final AtomicLong exchangeCount = new AtomicLong();
    private final AtomicLong longestGapNs = new AtomicLong();

    private EchoConnections(final AddressEcho.Place client, final InetSocketAddress target,
                            final ServerSocket listener) {
        this.client = client;
        this.target = target;
        this.listener = listener;
    }

    /** Opens so many connections; all of them exchange numbers when this returns. */
    static EchoConnections open(final LabPod client, final LabPod server, final int port, final int count) {
        return open(client::call, new InetSocketAddress(server.ipv4(), port),
            server.call(() -> new ServerSocket(port, BACKLOG)), count);
    }

    /** The same to an address that leads to the listener by some way, a service's for example. */
    static EchoConnections open(final AddressEcho.Place client, final InetSocketAddress target,
                                final ServerSocket listener, final int count) {
        final EchoConnections connections = new EchoConnections(client, target, listener);
        Thread.ofPlatform().daemon().start(connections::serve);
        for (int n = 0; n < count; n++) {
            final Socket socket = connections.connect();
            Thread.ofVirtual().start(() -> connections.exchange(socket));
        }
        return connections;
    }

    private Socket connect() {
        return client.call(() -> {
            final Socket socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(SILENCE_MS_MAX);
            socket.connect(target, CONNECT_TIMEOUT_MS);
            sockets.add(socket);
            return socket;
        });
    }

    /** Whether one more connection can be made. */
    boolean canConnect() throws IOException {
        try {
            connect().close();
            return true;
        } catch (final RuntimeException refused) {
            return false;
        }
    }

    private void serve() {
        while (!ending.get()) {
            try {
                final Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                sockets.add(socket);
                Thread.ofVirtual().start(() -> echo(socket));
            } catch (final IOException closed) {
                note(closed);
            }
        }
    }

    private void echo(final Socket socket) {
        try (socket) {
            final DataInputStream in = new DataInputStream(socket.getInputStream());
            final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            for (int number = in.read(); number >= 0; number = in.read()) {
                out.write(number);
            }
        } catch (final IOException failure) {
            note(failure);
        }
    }

    private void exchange(final Socket socket) {
        try (socket) {
            final DataInputStream in = new DataInputStream(socket.getInputStream());
            final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            for (int n = 0; !ending.get(); n++) {
                final long startNs = System.nanoTime();
                out.write(n & 0xFF);
                final int answer = in.read();
                if (answer != (n & 0xFF)) {
                    throw new IOException("sent " + (n & 0xFF) + ", came back " + answer);
                }
                longestGapNs.accumulateAndGet(System.nanoTime() - startNs, Math::max);
                exchangeCount.incrementAndGet();
                Thread.sleep(PAUSE_MS);
            }
        } catch (final IOException failure) {
            note(failure);
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void note(final IOException failure) {
        if (!ending.get()) {
            broken.add(failure.toString());
        }
    }

    /** What broke, one sentence each. */
    List<String> broken() {
        return List.copyOf(broken);
    }

    long exchangeCount() {
        return exchangeCount.get();
    }

    /** Waits for so many more exchanges, or until a connection is broken. */
    void awaitExchanges(final long count) throws Exception {
        final long before = exchangeCount();
        NodeView.await(count + " more exchanges; broken: " + broken(), () ->
            exchangeCount() - before >= count || !broken().isEmpty());
    }

    /** The longest time that one number was on its way, since the last call. */
    long longestGapMs() {
        return longestGapNs.getAndSet(0) / 1_000_000;
    }

    @Override
    public void close() throws IOException {
        ending.set(true);
        listener.close();
        for (final Socket socket : sockets) {
            socket.close();
        }
    }
}

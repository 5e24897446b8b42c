package io.caracal.demo;

import io.caracal.lab.LabPod;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One TCP stream between two pods with sockets of our own, for machines without iperf3. */
final class BulkTransfer {
    private static final int CHUNK_LENGTH = 128 << 10;
    private static final int PORT = 5201;

    private BulkTransfer() {
    }

    static Outcome measure(final Scene scene, final LabPod to) throws Exception {
        try (ServerSocket server = to.call(() -> new ServerSocket(PORT))) {
            server.setSoTimeout(5_000);
            final CompletableFuture<Long> received = new CompletableFuture<>();
            Thread.ofPlatform().name("caracal-demo-bulk").daemon(true).start(() -> receive(server, received));
            final long startNs = System.nanoTime();
            scene.client().call(() -> send(to.ipv4(), scene.trafficSeconds()));
            final long byteCount = received.get(10, TimeUnit.SECONDS);
            final double bitsPerSecond = byteCount * 8.0 / ((System.nanoTime() - startNs) / 1e9);
            return byteCount == 0 ? Outcome.failed("nothing was received")
                : Outcome.passed(Text.scaled(bitsPerSecond, "bit/s"), Map.of("bitsPerSecond", bitsPerSecond));
        }
    }

    private static void receive(final ServerSocket server, final CompletableFuture<Long> received) {
        try (Socket socket = server.accept(); InputStream input = socket.getInputStream()) {
            final byte[] chunk = new byte[CHUNK_LENGTH];
            long sum = 0;
            for (int count = input.read(chunk); count >= 0; count = input.read(chunk)) {
                sum += count;
            }
            received.complete(sum);
        } catch (final IOException e) {
            received.completeExceptionally(e);
        }
    }

    /** @return how many bytes were written. */
    private static long send(final String address, final int seconds) throws IOException {
        final byte[] chunk = new byte[CHUNK_LENGTH];
        long sum = 0;
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, PORT), 3_000);
            final long startNs = System.nanoTime();
            while (System.nanoTime() - startNs < TimeUnit.SECONDS.toNanos(seconds)) {
                socket.getOutputStream().write(chunk);
                sum += chunk.length;
            }
        }
        return sum;
    }
}

package io.caracal.demo;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.HdrHistogram.Histogram;

/**
 * The step that measures latency: a 64-byte UDP request, its answer, the next request, each on a platform thread in
 * its pod's network.
 */
final class RequestResponse {
    private static final int PORT = 7;
    private static final int PAYLOAD_LENGTH = 64;
    private static final int ANSWER_TIMEOUT_MS = 500;
    /** The first exchanges compile the client and wake the machine: not what the path costs. */
    private static final int WARM_UP_EXCHANGES = 2_000;
    private static final long HIGHEST_NS = TimeUnit.SECONDS.toNanos(10);

    private RequestResponse() {
    }

    static Outcome measure(final Scene scene) throws Exception {
        scene.meter().begin("UDP");
        try (DatagramSocket server = scene.web().call(() -> new DatagramSocket(PORT))) {
            Thread.ofPlatform().name("caracal-demo-echo").daemon(true).start(() -> echo(server));
            final Histogram histogram = new Histogram(HIGHEST_NS, 3);
            final InetSocketAddress address = new InetSocketAddress(scene.web().ipv4(), PORT);
            final long lost = scene.client().call(() -> exchange(address, scene.trafficSeconds(), histogram));
            return judge(histogram, lost);
        } finally {
            scene.meter().end();
        }
    }

    private static void echo(final DatagramSocket server) {
        final DatagramPacket packet = new DatagramPacket(new byte[PAYLOAD_LENGTH], PAYLOAD_LENGTH);
        try {
            while (!server.isClosed()) {
                packet.setLength(PAYLOAD_LENGTH);
                server.receive(packet);
                server.send(packet);
            }
        } catch (final IOException e) {
            assert server.isClosed() : e;
        }
    }

    /** @return requests without an answer. */
    private static long exchange(final InetSocketAddress address, final int seconds, final Histogram histogram)
        throws IOException {
        long lost = 0;
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(ANSWER_TIMEOUT_MS);
            socket.connect(address);
            final DatagramPacket request = new DatagramPacket(new byte[PAYLOAD_LENGTH], PAYLOAD_LENGTH);
            final DatagramPacket answer = new DatagramPacket(new byte[PAYLOAD_LENGTH], PAYLOAD_LENGTH);
            final long beginNs = System.nanoTime();
            for (long count = 0; System.nanoTime() - beginNs < TimeUnit.SECONDS.toNanos(seconds); count++) {
                number(request, count);
                final long startNs = System.nanoTime();
                socket.send(request);
                if (!receive(socket, answer, count)) {
                    lost++;
                } else if (count >= WARM_UP_EXCHANGES) {
                    histogram.recordValue(Math.min(HIGHEST_NS, System.nanoTime() - startNs));
                }
            }
        }
        return lost;
    }

    private static void number(final DatagramPacket packet, final long count) {
        for (int i = 0; i < Long.BYTES; i++) {
            packet.getData()[i] = (byte)(count >>> 8 * i);
        }
    }

    /** Late answers to earlier requests are skipped by their number. */
    private static boolean receive(final DatagramSocket socket, final DatagramPacket answer, final long count)
        throws IOException {
        try {
            do {
                answer.setLength(PAYLOAD_LENGTH);
                socket.receive(answer);
            } while (numberOf(answer) != count);
            return true;
        } catch (final SocketTimeoutException e) {
            return false;
        }
    }

    private static long numberOf(final DatagramPacket packet) {
        long number = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            number |= (packet.getData()[i] & 0xffL) << 8 * i;
        }
        return number;
    }

    /** Percentiles, if at least one exchange was measured and hardly any was lost. */
    static Outcome judge(final Histogram histogram, final long lost) {
        final long count = histogram.getTotalCount();
        if (count == 0 || lost > count / 1000) {
            return Outcome.failed(Text.count(lost) + " requests had no answer, " + Text.count(count) + " had one");
        }
        final Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("exchanges", (double)count);
        figures.put("lost", (double)lost);
        figures.put("p50Us", histogram.getValueAtPercentile(50) / 1e3);
        figures.put("p99Us", histogram.getValueAtPercentile(99) / 1e3);
        figures.put("p999Us", histogram.getValueAtPercentile(99.9) / 1e3);
        figures.put("maxUs", histogram.getMaxValue() / 1e3);
        return Outcome.passed("p50 " + Text.decimal(figures.get("p50Us")) + " µs, p99 "
            + Text.decimal(figures.get("p99Us")) + " µs, " + Text.count(count) + " exchanges", figures);
    }
}

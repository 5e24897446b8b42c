package io.caracal.dataplane;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.caracal.lab.LabPod;

/**
 * Traffic between two pods that notices one lost packet: pings every 2 ms, whose count ping itself keeps, and one TCP
 * connection that asks and is answered all the time. Started and stopped once.
 */
final class SteadyTraffic implements AutoCloseable {
    private static final Pattern SUMMARY = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");
    private static final int ANSWER_MS_MAX = 5_000;

    private final AtomicLong answers = new AtomicLong();
    private final Process ping;
    private final ServerSocket server;
    private final Thread asker;
    private volatile IOException broken;
    private volatile boolean stopping;
    private String summary = "";

    private SteadyTraffic(final LabPod from, final LabPod to) throws IOException {
        server = to.call(() -> new ServerSocket(0));
        Thread.ofPlatform().name("traffic-server").daemon(true).start(this::answer);
        /* A socket has its descriptor, and with it its network, once it is bound or connected. */
        final Socket socket = from.call(() -> new Socket(to.ipv4(), server.getLocalPort()));
        socket.setSoTimeout(ANSWER_MS_MAX);
        socket.setTcpNoDelay(true);
        asker = Thread.ofPlatform().name("traffic-client").daemon(true).start(() -> ask(socket));
        ping = new ProcessBuilder(from.command("ping", "-n", "-q", "-i", "0.002", to.ipv4()))
            .redirectErrorStream(true).start();
    }

    static SteadyTraffic start(final LabPod from, final LabPod to) throws IOException {
        return new SteadyTraffic(from, to);
    }

    private void answer() {
        try (Socket peer = server.accept(); DataInputStream in = new DataInputStream(peer.getInputStream());
            DataOutputStream out = new DataOutputStream(peer.getOutputStream())) {
            peer.setTcpNoDelay(true);
            while (!stopping) {
                out.writeLong(in.readLong());
            }
        } catch (final IOException end) {
            if (!stopping) {
                broken = end;
            }
        }
    }

    private void ask(final Socket socket) {
        try (socket) {
            final DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            final DataInputStream in = new DataInputStream(socket.getInputStream());
            for (long number = 0; !stopping; number++) {
                out.writeLong(number);
                if (in.readLong() != number) {
                    throw new IOException("another answer than " + number);
                }
                answers.incrementAndGet();
                Thread.sleep(1);
            }
        } catch (final IOException end) {
            if (!stopping) {
                broken = end;
            }
        } catch (final InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether so many more answers come. */
    boolean awaitMore(final long count) throws Exception {
        final long wanted = answers.get() + count;
        NodeView.await(count + " more answers", () -> answers.get() >= wanted || broken != null);
        return broken == null;
    }

    /** Ends the traffic in order, and counts. */
    void stop() throws Exception {
        new ProcessBuilder("kill", "-INT", String.valueOf(ping.pid())).start().waitFor();
        summary = new String(ping.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        stopping = true;
        asker.join();
    }

    /** Pings without answer; the last one may have been on its way. */
    long lost() {
        final Matcher matcher = SUMMARY.matcher(summary);
        if (!matcher.find()) {
            throw new AssertionError("ping says: " + summary);
        }
        final long lost = Long.parseLong(matcher.group(1)) - Long.parseLong(matcher.group(2));
        return lost <= 1 ? 0 : lost;
    }

    @Override
    public void close() throws IOException {
        stopping = true;
        ping.destroyForcibly();
        server.close();
    }

    @Override
    public String toString() {
        return "answers " + answers + ", broken " + broken + ", ping: " + summary;
    }
}

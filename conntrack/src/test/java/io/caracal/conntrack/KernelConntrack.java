package io.caracal.conntrack;

import io.caracal.bindings.CallState;
import io.caracal.bindings.Fd;
import io.caracal.bindings.LibC;
import io.caracal.bindings.NetNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * The kernel's nf_conntrack as an oracle: a network namespace that forwards what is written to a TUN device back to
 * it, except what conntrack calls INVALID. Needs root; all calls inside {@link #run}.
 */
final class KernelConntrack implements AutoCloseable {
    private static final Map<String, String> PROTOCOLS = Map.of("1", "icmp", "6", "tcp", "17", "udp", "47", "gre",
        "50", "esp", "58", "icmpv6", "132", "sctp");
    private static final long TUNSETIFF = 0x400454caL;
    private static final short TUN_WITHOUT_HEADER = 0x1001;
    private static final int O_RDWR_NONBLOCK = 2 | 2048;
    private static final int PACKET_SIZE = 2048;

    private final String name = "ct-oracle-" + ProcessHandle.current().pid();
    private final NetNamespace namespace = NetNamespace.create(name);
    private final Arena arena = Arena.ofShared();
    private final MemorySegment packet = arena.allocate(PACKET_SIZE);
    private final CallState state = CallState.ofAuto();
    private Fd tun;

    <T> T run(final Callable<T> body) {
        return namespace.call(() -> {
            openTun();
            return body.call();
        });
    }

    private void openTun() throws IOException, InterruptedException {
        tun = Fd.open("/dev/net/tun", O_RDWR_NONBLOCK);
        final MemorySegment request = arena.allocate(40);
        request.setString(0, "ct0");
        request.set(ValueLayout.JAVA_SHORT, 16, TUN_WITHOUT_HEADER);
        if (LibC.ioctl(state, tun.number(), TUNSETIFF, request) != 0) {
            throw state.failure("make TUN device in", name);
        }
        shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0"
            + " net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0"
            + " net.ipv4.conf.ct0.send_redirects=0 net.ipv4.conf.ct0.rp_filter=0 net.ipv6.conf.all.forwarding=1"
            + " net.netfilter.nf_conntrack_checksum=0"
            + " && ip link set ct0 up && ip route add 10.0.0.0/8 dev ct0 && ip route add fd00::/64 dev ct0"
            + " && nft 'table inet t { chain f { type filter hook forward priority 0; ct state invalid drop;"
            + " ct state related ip dscp set cs1; ct state related ip6 dscp set cs1; }; }'");
    }

    private void shell(final String command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder("ip", "netns", "exec", name, "sh", "-c", command)
            .redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + ": " + output);
        }
    }

    /** Sends an IPv4 packet through conntrack; whether it was forwarded. */
    boolean forwards(final byte[] bytes) {
        return !outcome(bytes).equals("dropped");
    }

    /**
     * Sends a packet through conntrack.
     *
     * @param bytes from the IP header on.
     * @return "passes", "related" or "dropped".
     */
    String outcome(final byte[] bytes) {
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, bytes.length);
        if (LibC.write(state, tun.number(), packet, bytes.length) != bytes.length) {
            throw state.failure("write packet to TUN device of", name);
        }
        String outcome = "dropped";
        while (LibC.read(state, tun.number(), packet, PACKET_SIZE) > 0) {
            if (isTheSame(bytes)) {
                final boolean marked = bytes[0] >> 4 == 4 ? packet.get(ValueLayout.JAVA_BYTE, 1) != 0
                    : packet.get(ValueLayout.JAVA_BYTE, 0) != 0x60 || packet.get(ValueLayout.JAVA_BYTE, 1) != 0;
                outcome = marked ? "related" : "passes";
            }
        }
        return outcome;
    }

    /** The kernel's own packets (neighbour discovery, ICMP errors) have other addresses. */
    private boolean isTheSame(final byte[] bytes) {
        final int from = bytes[0] >> 4 == 4 ? 12 : 8;
        final int to = bytes[0] >> 4 == 4 ? 20 : 40;
        return packet.get(ValueLayout.JAVA_BYTE, 0) >> 4 == bytes[0] >> 4
            && packet.asSlice(from, to - from).mismatch(MemorySegment.ofArray(bytes).asSlice(from, to - from)) < 0;
    }

    /** All flows, sorted: "tcp SYN_SENT unreplied, udp REPLIED"; "none". */
    String flows() {
        final List<String> flows = new ArrayList<>();
        for (final String line : readFlows().lines().toList()) {
            final String[] words = line.trim().split("\\s+");
            final boolean unreplied = line.contains("[UNREPLIED]");
            final String flowState = !words[5].contains("=") ? words[5] : unreplied ? "UNREPLIED" : "REPLIED";
            flows.add(PROTOCOLS.getOrDefault(words[3], words[3]) + " " + flowState + (unreplied ? " unreplied" : "")
                + (line.contains("[ASSURED]") ? " assured" : ""));
        }
        Collections.sort(flows);
        return flows.isEmpty() ? "none" : String.join(", ", flows);
    }

    private static String readFlows() {
        try {
            return Files.readString(Path.of("/proc/thread-self/net/nf_conntrack"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the kernel knows: "SYN_SENT unreplied", "ESTABLISHED assured", "none". */
    String flow() {
        for (final String line : readFlows().lines().toList()) {
            if (line.contains("src=10.0.0.1 dst=10.0.0.2")) {
                final String[] words = line.trim().split("\\s+");
                return words[5] + (line.contains("[UNREPLIED]") ? " unreplied" : "")
                    + (line.contains("[ASSURED]") ? " assured" : "");
            }
        }
        return "none";
    }

    void flush() throws IOException, InterruptedException {
        shell("conntrack -F");
    }

    static void completeIpv4Checksum(final byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += i == 10 ? 0 : (bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        sum = ~(sum + (sum >>> 16)) & 0xffff;
        bytes[10] = (byte)(sum >>> 8);
        bytes[11] = (byte)sum;
    }

    @Override
    public void close() {
        if (tun != null) {
            tun.close();
        }
        namespace.close();
        NetNamespace.delete(name);
        arena.close();
    }
}

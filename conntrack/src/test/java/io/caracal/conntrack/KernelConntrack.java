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
import java.util.concurrent.Callable;

/**
 * The kernel's nf_conntrack as an oracle: a network namespace that forwards what is written to a TUN device back to
 * it, except what conntrack calls INVALID. Needs root; all calls inside {@link #run}.
 */
final class KernelConntrack implements AutoCloseable {
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
            + " net.ipv4.conf.ct0.send_redirects=0 net.ipv4.conf.ct0.rp_filter=0 net.ipv6.conf.all.disable_ipv6=1"
            + " net.netfilter.nf_conntrack_checksum=0"
            + " && ip link set ct0 up && ip route add 10.0.0.0/8 dev ct0"
            + " && nft 'table ip t { chain f { type filter hook forward priority 0; ct state invalid drop; }; }'");
    }

    private void shell(final String command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder("ip", "netns", "exec", name, "sh", "-c", command)
            .redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command + ": " + output);
        }
    }

    /**
     * Sends an IPv4 packet through conntrack.
     *
     * @param bytes from the IP header on; its header checksum is filled in here.
     * @return whether it was forwarded.
     */
    boolean forwards(final byte[] bytes) {
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, bytes.length);
        if (LibC.write(state, tun.number(), packet, bytes.length) != bytes.length) {
            throw state.failure("write packet to TUN device of", name);
        }
        boolean forwarded = false;
        while (LibC.read(state, tun.number(), packet, PACKET_SIZE) > 0) {
            forwarded |= (packet.get(ValueLayout.JAVA_BYTE, 0) & 0xf0) == 0x40;
        }
        return forwarded;
    }

    /** What the kernel knows: "SYN_SENT unreplied", "ESTABLISHED assured", "none". */
    String flow() {
        final String flows;
        try {
            flows = Files.readString(Path.of("/proc/thread-self/net/nf_conntrack"));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        for (final String line : flows.lines().toList()) {
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

package io.caracal.port;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caracal.bindings.BpfHooks;
import io.caracal.bindings.BpfLinks;
import io.caracal.bindings.BpfMaps;
import io.caracal.bindings.BpfPrograms;
import io.caracal.bindings.Fd;
import io.caracal.bindings.NetNamespace;
import io.caracal.xsk.XskSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace of its own with veth pairs in it, and XDP programs that redirect to AF_XDP sockets. */
public final class VethLab implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final int BPF_FUNC_REDIRECT_MAP = 51;
    private static final int XDP_DROP = 1;

    private final NetNamespace namespace;
    private final Deque<Fd> owned = new ArrayDeque<>();

    /** Makes the namespace, without IPv6 so that the kernel itself sends nothing. */
    public VethLab() {
        namespace = NetNamespace.create("rings-" + ProcessHandle.current().pid() + "-" + NUMBER.getAndIncrement());
        ip("netns", "exec", namespace.name(), "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    }

    /**
     * Adds a veth pair, both ends up.
     *
     * @param left one end.
     * @param right the other.
     * @param mtu of both.
     */
    public void addPair(final String left, final String right, final int mtu) {
        inside("link", "add", left, "mtu", "" + mtu, "type", "veth", "peer", "name", right, "mtu", "" + mtu);
        for (final String end : new String[]{left, right}) {
            inside("link", "set", end, "arp", "off", "up");
        }
    }

    /**
     * Runs {@code ip} in the namespace.
     *
     * @param arguments of it.
     * @return what it printed.
     */
    public String inside(final String... arguments) {
        final List<String> all = new ArrayList<>(List.of("-n", namespace.name()));
        all.addAll(List.of(arguments));
        return ip(all.toArray(String[]::new));
    }

    /**
     * The index of an interface.
     *
     * @param name of it.
     * @return its index in the namespace.
     */
    public int ifindex(final String name) {
        return Integer.parseInt(inside("-o", "link", "show", name).split(":")[0].strip());
    }

    /**
     * Calls something in the namespace.
     *
     * @param body what.
     * @param <T> what it returns.
     * @return its result.
     */
    public <T> T call(final Callable<T> body) {
        return namespace.call(body);
    }

    /**
     * Redirects what arrives on an interface to a socket on its queue 0; drops it when the socket has gone.
     *
     * @param name of the interface.
     * @param socket bound to it.
     */
    public void redirect(final String name, final XskSocket socket) {
        final Fd map = BpfMaps.create(BpfMaps.TYPE_XSKMAP, "rings_xsks", Integer.BYTES, Integer.BYTES, 4, 0);
        final Fd program = BpfPrograms.load(BpfPrograms.TYPE_XDP, "rings_redirect", 0, 0,
            instruction(0x61, 2, 1, 16, 0),
            instruction(0x18, 1, 1, 0, map.number()), 0,
            instruction(0xb7, 3, 0, 0, XDP_DROP),
            instruction(0x85, 0, 0, 0, BPF_FUNC_REDIRECT_MAP),
            instruction(0x95, 0, 0, 0, 0));
        try (Arena arena = Arena.ofConfined()) {
            BpfMaps.updateElem(map.number(), arena.allocateFrom(ValueLayout.JAVA_INT, 0),
                arena.allocateFrom(ValueLayout.JAVA_INT, socket.fd()), BpfMaps.ANY);
        }
        final int ifindex = ifindex(name);
        owned.push(map);
        owned.push(program);
        owned.push(call(() ->
            BpfLinks.create(program.number(), ifindex, BpfLinks.BPF_XDP, BpfHooks.XDP_FLAGS_DRV_MODE)));
    }

    private static long instruction(final int code, final int destination, final int source, final int offset,
                                    final int immediate) {
        return (long)immediate << 32 | (offset & 0xffffL) << 16 | (long)(source << 4 | destination) << 8 | code;
    }

    private static String ip(final String... arguments) {
        final List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        try {
            final Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), command + ": " + output);
            return output;
        } catch (final IOException failure) {
            throw new UncheckedIOException(failure);
        } catch (final InterruptedException failure) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(failure);
        }
    }

    /** Closes all programs, maps and links. */
    public void releasePrograms() {
        owned.forEach(Fd::close);
        owned.clear();
    }

    @Override
    public void close() {
        releasePrograms();
        namespace.delete();
        namespace.close();
    }
}

package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.netlink.Link;
import io.caracal.netlink.RouteNetlink;
import io.caracal.testing.OpenFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class NetNamespaceTest {
    private static final Path OF_THREAD = Path.of("/proc/thread-self/ns/net");

    private final String name = "bindings-n-" + ProcessHandle.current().pid();
    private NetNamespace namespace;

    /** The JDK keeps a socket of its own for ever once it has closed the first one. */
    @BeforeAll
    static void openSocketOfTheJdk() throws IOException {
        try (ServerSocketChannel first = ServerSocketChannel.open()) {
            first.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }
    }

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create(name);
    }

    @AfterEach
    void tearDown() {
        namespace.close();
        NetNamespace.delete(name);
    }

    @Test
    void shouldRunInTheNamespaceAndLeaveTheCallerWhereItIs() throws IOException {
        final String mine = Files.readSymbolicLink(OF_THREAD).toString();

        final String theirs = namespace.call(() -> Files.readSymbolicLink(OF_THREAD).toString());

        assertNotEquals(mine, theirs);
        assertEquals(mine, Files.readSymbolicLink(OF_THREAD).toString());
        assertEquals(List.of("lo"), namespace.call(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                return netlink.links().stream().map(Link::name).toList();
            }
        }));
    }

    @Test
    void shouldBeSeenByIpNetnsAndSeeItsNamespaces() throws IOException, InterruptedException {
        final Process list = new ProcessBuilder("ip", "netns", "exec", name, "ip", "-o", "link").start();
        final String output = new String(list.getInputStream().readAllBytes());
        assertEquals(0, list.waitFor());
        assertTrue(output.startsWith("1: lo:"), output);

        assertEquals(0, new ProcessBuilder("ip", "netns", "del", name).start().waitFor());
        assertFalse(NetNamespace.exists(name));
        assertEquals(0, new ProcessBuilder("ip", "netns", "add", name).start().waitFor());
        try (NetNamespace made = NetNamespace.open(name)) {
            assertEquals(0, made.<Integer>call(() -> 0));
            made.delete();
        }
        assertFalse(NetNamespace.exists(name));
    }

    @Test
    void shouldMakeNioSocketsThatOthersUse() throws IOException {
        final InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        try (ServerSocketChannel server = namespace.call(ServerSocketChannel::open);
            SocketChannel client = namespace.call(SocketChannel::open)) {
            namespace.run(() -> {
                try (RouteNetlink netlink = RouteNetlink.open()) {
                    netlink.setUp(netlink.link("lo").index());
                }
            });
            server.bind(new InetSocketAddress(loopback, 80));
            client.connect(server.getLocalAddress());
            try (SocketChannel accepted = server.accept()) {
                accepted.write(ByteBuffer.wrap(new byte[] {42}));
                final ByteBuffer received = ByteBuffer.allocate(1);
                client.read(received);
                assertEquals(42, received.get(0));
            }
        }
    }

    @Test
    void shouldHandOnWhatTheBodyThrows() {
        final IllegalStateException thrown = new IllegalStateException("x");
        assertEquals(thrown, assertThrows(IllegalStateException.class, () -> namespace.run(() -> {
            throw thrown;
        })));
        final CompletionException checked = assertThrows(CompletionException.class, () -> namespace.call(() -> {
            throw new IOException("y");
        }));
        assertInstanceOf(IOException.class, checked.getCause());
    }

    @Test
    void shouldFinishTheBodyWhenTheCallerIsInterrupted() {
        Thread.currentThread().interrupt();

        final boolean wasInterrupted = namespace.call(() -> {
            try {
                Thread.sleep(60_000);
                return false;
            } catch (final InterruptedException _) {
                return true;
            }
        });

        assertTrue(wasInterrupted);
        assertTrue(Thread.interrupted());
    }

    @Test
    void shouldNotRunAnythingInTheNamespaceAfterwards() {
        final Thread worker = namespace.call(Thread::currentThread);

        assertEquals(Thread.State.TERMINATED, worker.getState());
        assertFalse(worker.isVirtual());
    }

    @Test
    void shouldRefuseBadInput() {
        assertEquals("create network namespace " + name + ": EEXIST (the name is taken; remove it with: ip netns del "
            + name + ')', assertThrows(NativeCallException.class, () -> NetNamespace.create(name)).getMessage());
        assertEquals("open /run/netns/bindings-none: ENOENT (no such file or directory)",
            assertThrows(NativeCallException.class, () -> NetNamespace.open("bindings-none")).getMessage());
        for (final String bad : new String[] {"", "..", ".", "a/b", "a\0b", "x".repeat(256)}) {
            assertThrows(IllegalArgumentException.class, () -> NetNamespace.create(bad), bad);
            assertThrows(IllegalArgumentException.class, () -> NetNamespace.delete(bad), bad);
        }
        try (NetNamespace noNamespace = NetNamespace.open(Path.of("/proc/self/status"))) {
            assertEquals(Errno.EINVAL,
                assertThrows(NativeCallException.class, () -> noNamespace.run(() -> { })).errno());
        }
        namespace.close();
        assertThrows(IllegalStateException.class, () -> namespace.run(() -> { }));
        NetNamespace.delete("bindings-none");
    }

    @Test
    void shouldOpenTheNamespaceOfTheCaller() {
        try (NetNamespace current = NetNamespace.current()) {
            assertTrue(current.fd() >= 0);
            assertEquals(readMine(), current.call(NetNamespaceTest::readMine));
        }
    }

    private static String readMine() {
        try {
            return Files.readSymbolicLink(OF_THREAD).toString();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

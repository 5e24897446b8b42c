package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import io.caracal.bindings.NetNamespace;
import io.caracal.testing.OpenFiles;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class SysctlTest {
    private NetNamespace namespace;

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create("bindings-s-" + Long.toString(ProcessHandle.current().pid(), 36));
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(new VethSpec("cali.a", "b"));
            }
        });
    }

    @AfterEach
    void tearDown() {
        namespace.delete();
        namespace.close();
    }

    @Test
    void shouldSetInTheNamespaceOfTheCallingThreadOnly() {
        final Optional<String> ours = Sysctl.find("ipv4/ip_default_ttl");

        namespace.run(() -> {
            assertTrue(Sysctl.ensure("ipv4/ip_default_ttl", "33"));
            assertFalse(Sysctl.ensure("ipv4/ip_default_ttl", "33"));
            assertEquals(Optional.of("33"), Sysctl.find("ipv4/ip_default_ttl"));
        });

        assertEquals(ours, Sysctl.find("ipv4/ip_default_ttl"));
    }

    @Test
    void shouldReachInterfacesWithADotInTheirName() {
        namespace.run(() -> {
            Sysctl.set("ipv4/conf/cali.a/proxy_arp", "1");
            assertEquals(Optional.of("1"), Sysctl.find("ipv4/conf/cali.a/proxy_arp"));
            assertEquals(Optional.of("0"), Sysctl.find("ipv4/conf/b/proxy_arp"));
        });
    }

    @Test
    void shouldNameWhatCannotBeSet() {
        namespace.run(() -> {
            assertEquals(Optional.empty(), Sysctl.find("ipv4/conf/none/proxy_arp"));
            final NativeCallException missing = assertThrows(NativeCallException.class,
                () -> Sysctl.set("ipv4/conf/none/proxy_arp", "1"));
            assertEquals("set setting net/ipv4/conf/none/proxy_arp: ENOENT (no such file or directory)",
                missing.getMessage());
            final NativeCallException refused = assertThrows(NativeCallException.class,
                () -> Sysctl.set("ipv4/conf/b/proxy_arp", "yes"));
            assertEquals(Errno.EINVAL, refused.errno());
            assertEquals("set setting net/ipv4/conf/b/proxy_arp to yes: EINVAL (invalid argument)",
                refused.getMessage());
        });
        for (final String key : new String[] {"", "/ipv4/ip_forward", "../kernel/hostname", "a\0b"}) {
            assertThrows(IllegalArgumentException.class, () -> Sysctl.find(key), key);
        }
    }
}

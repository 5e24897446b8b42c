package io.caracal.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
class DeviceSettingsTest {
    private static final String TIMEOUT = "gro_flush_timeout";

    private NetNamespace namespace;

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create("bindings-d-" + Long.toString(ProcessHandle.current().pid(), 36));
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(new VethSpec("up.link", "b"));
            }
        });
    }

    @AfterEach
    void tearDown() {
        namespace.delete();
        namespace.close();
    }

    @Test
    void shouldBelongToTheNamespaceInWhichTheyWereOpened() {
        try (DeviceSettings settings = namespace.call(DeviceSettings::open);
             DeviceSettings ours = DeviceSettings.open()) {
            settings.set("up.link", TIMEOUT, "200000");
            assertEquals(Optional.of("200000"), settings.find("up.link", TIMEOUT));
            assertEquals(Optional.of("0"), settings.find("b", TIMEOUT));
            assertEquals(Optional.empty(), ours.find("up.link", TIMEOUT));
        }
    }

    @Test
    void shouldNameWhatCannotBeSet() {
        try (DeviceSettings settings = namespace.call(DeviceSettings::open)) {
            assertEquals(Optional.empty(), settings.find("none", TIMEOUT));
            assertEquals(Optional.empty(), settings.find("b", "no_such_setting"));
            final NativeCallException missing =
                assertThrows(NativeCallException.class, () -> settings.set("none", TIMEOUT, "1"));
            assertEquals("set setting gro_flush_timeout of none: ENOENT (no such file or directory)",
                missing.getMessage());
            final NativeCallException refused =
                assertThrows(NativeCallException.class, () -> settings.set("b", TIMEOUT, "soon"));
            assertEquals(Errno.EINVAL, refused.errno());
            assertEquals("set setting gro_flush_timeout of b to soon: EINVAL (invalid argument)",
                refused.getMessage());
            for (final String device : new String[] {"", "..", "a/b", "a\0b"}) {
                assertThrows(IllegalArgumentException.class, () -> settings.find(device, TIMEOUT), device);
            }
            assertThrows(IllegalArgumentException.class, () -> settings.find("b", "../lo/mtu"));
        }
    }
}

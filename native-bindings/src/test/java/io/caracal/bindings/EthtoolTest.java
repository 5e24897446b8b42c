package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Ethtool.Channels;
import io.caracal.bindings.Ethtool.Offload;
import io.caracal.netlink.RouteNetlink;
import io.caracal.netlink.VethSpec;
import io.caracal.testing.OpenFiles;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class EthtoolTest {
    private NetNamespace namespace;

    @BeforeEach
    void setUp() {
        namespace = NetNamespace.create("bindings-e-" + ProcessHandle.current().pid());
        namespace.run(() -> {
            try (RouteNetlink netlink = RouteNetlink.open()) {
                netlink.createVeth(new VethSpec("e0", "e1").withQueues(2));
            }
        });
    }

    @AfterEach
    void tearDown() {
        namespace.delete();
        namespace.close();
    }

    @Test
    void shouldSwitchTxChecksumOffAndTsoWithIt() {
        namespace.run(() -> {
            assertTrue(Ethtool.isOn("e0", Offload.TX_CHECKSUM));
            assertTrue(Ethtool.isOn("e0", Offload.TSO));

            Ethtool.txChecksumOff("e0");

            assertFalse(Ethtool.isOn("e0", Offload.TX_CHECKSUM));
            assertFalse(Ethtool.isOn("e0", Offload.TSO));
            assertFalse(Ethtool.features("e0").get("tx-checksum-ip-generic"));
            assertTrue(Ethtool.isOn("e1", Offload.TX_CHECKSUM));
        });
    }

    @Test
    void shouldSwitchGroAndFeaturesByName() {
        namespace.run(() -> {
            Ethtool.set("e1", Offload.GRO, true);
            assertTrue(Ethtool.isOn("e1", Offload.GRO));
            assertTrue(Ethtool.features("e1").get("rx-gro"));

            Ethtool.setFeature("e1", "rx-gro", false);

            assertFalse(Ethtool.isOn("e1", Offload.GRO));
            final Map<String, Boolean> features = Ethtool.features("e1");
            assertTrue(features.get("tx-tcp-segmentation"));
            assertTrue(features.size() > 40, features.toString());
        });
    }

    @Test
    void shouldSetChannelsWithinWhatTheVethWasMadeWith() {
        namespace.run(() -> {
            final Channels first = Ethtool.channels("e0");
            assertEquals(2, first.maxRx());
            assertEquals(2, first.maxTx());

            Ethtool.setChannels("e0", 2, 2, 0);
            assertEquals(new Channels(2, 2, first.maxCombined(), 2, 2, 0), Ethtool.channels("e0"));
            Ethtool.setChannels("e0", 1, 1, 0);
            assertEquals(new Channels(2, 2, first.maxCombined(), 1, 1, 0), Ethtool.channels("e0"));

            final NativeCallException failure =
                assertThrows(NativeCallException.class, () -> Ethtool.setChannels("e0", 3, 3, 0));
            assertEquals("set 3 rx, 3 tx, 0 combined queues of e0: EINVAL (invalid argument)", failure.getMessage());
            assertEquals("veth", Ethtool.driver("e0"));
        });
    }

    @Test
    void shouldRefuseBadInput() {
        namespace.run(() -> {
            assertEquals("switch TX_CHECKSUM off of none: ENODEV (no such device)",
                assertThrows(NativeCallException.class, () -> Ethtool.txChecksumOff("none")).getMessage());
            assertEquals("switch no-such on of e0: EOPNOTSUPP (the kernel has no such feature)",
                assertThrows(NativeCallException.class, () -> Ethtool.setFeature("e0", "no-such", true)).getMessage());
            assertEquals("switch rx-checksum off of lo: EOPNOTSUPP (its driver does not allow it)",
                assertThrows(NativeCallException.class, () -> Ethtool.setFeature("lo", "rx-checksum", false))
                    .getMessage());
            assertThrows(IllegalArgumentException.class, () -> Ethtool.features("sixteen-letters!"));
            assertThrows(IllegalArgumentException.class, () -> Ethtool.features(""));
        });
    }
}
